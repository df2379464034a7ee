"""Grading: a class into a folder and its gradebook; what is there already is not done again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from grader import policy
from grader.assignment import Assignment
from grader.batch import kept
from grader.batch.plan import Assigned, Work
from grader.batch.produce import Produced, produce, twin
from grader.facts import Extension
from grader.gradebook import Marking
from grader.intake import Upload
from grader.pipeline import Graded, at_once, draw
from grader.report import Report
from grader.sandbox.worker import Pool
from grader.settings import Settings
from grader.store import write

# What turns uploads into marks and files: here in warm processes, or on other machines.
Grader = Callable[[Iterable[Work]], Iterator[Produced]]


class ClassGrading:
    """Does what one command has to do for a class.

    `extensions` are those of the gradebook, by submission.
    """

    def __init__(self, work: Assigned) -> None:
        self._work = work
        self.extensions: Mapping[str, Extension] = work.book.extensions(work.assignment.name)

    @property
    def assignment(self) -> Assignment:
        """The assignment that is graded."""
        return self._work.assignment

    def local(
        self, pool: Pool, workers: int, starting: Callable[[str], None] = lambda _: None
    ) -> Grader:
        """Return a grader that runs notebooks here, `workers` at a time.

        Each thread writes the files of what it graded: the coordinating one only records marks.
        """

        def one(todo: Work, settings: Settings) -> Produced:
            starting(todo.upload.id)
            produced = produce(
                todo.upload,
                todo.fingerprint,
                self._work.assignment,
                settings,
                pool,
                self.extensions.get(todo.upload.id),
            )
            self._write(produced)
            return replace(produced, files={})

        return lambda many: at_once(many, one, self._work.settings, workers)

    def run(self, grade: Grader) -> Iterator[Report]:
        """Do what is planned; yield each report, as it counts, once it is kept for good."""
        for upload, model in self._models():
            graded = revived(model, self._work.folder, self._work.assignment, self._work.settings)
            yield self._keep(self._twin(upload, model, graded))
        for produced in grade(self._work.plan.todo):
            yield self._keep(produced)
            marking = produced.marking
            twins = self._work.plan.twins.get(marking.facts.fingerprint, ())
            if twins:
                graded = revived(
                    marking, self._work.folder, self._work.assignment, self._work.settings
                )
                for upload in twins:
                    yield self._keep(self._twin(upload, marking, graded))

    def _models(self) -> Iterator[tuple[Upload, Marking]]:
        """Yield uploads that are identical to what an earlier command graded."""
        models, twins = self._work.plan.models, self._work.plan.twins
        wanted = {models[each]: each for each in twins if each in models}
        if not wanted:
            return
        for facts, report in self._work.book.current(self._work.assignment.name):
            if facts.id in wanted:
                for upload in twins[wanted[facts.id]]:
                    yield upload, Marking(facts, report)

    def _twin(self, upload: Upload, model: Marking, graded: Graded) -> Produced:
        other = self._work.uploads.get(model.facts.id)
        return twin(
            upload,
            model,
            other.receipts if other else (),
            graded,
            self._work.assignment,
            self.extensions.get(upload.id),
        )

    def _write(self, produced: Produced) -> None:
        for name, content in produced.files.items():
            path = self._work.folder / name
            if not (name.startswith("uploads/") and path.is_file()):
                write(path, content)

    def _keep(self, produced: Produced) -> Report:
        """Write the files, then the mark: a mark that is there has its files."""
        self._write(produced)
        marking = produced.marking
        self._work.book.record(self._work.command, self._work.version, self._work.digest, marking)
        return policy.settle(
            marking.report,
            (),
            marking.facts,
            self._work.assignment.settings,
            self.extensions.get(marking.facts.id),
        )


def revived(marking: Marking, folder: Path, assignment: Assignment, settings: Settings) -> Graded:
    """Return what a mark was made from, as it is kept; the report alone if nothing was run.

    Raises SandboxError where what should be kept is not there.
    """
    if marking.report.execution is None:
        return Graded(marking.report)
    submission = kept.submission(marking.facts, folder, assignment)
    execution = kept.execution(marking.facts, marking.report, folder, assignment)
    return Graded(marking.report, submission, execution, draw(submission, assignment, settings))
