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
        for model in self._models():
            yield from self._twins(model)
        for produced in grade(self._work.plan.todo):
            yield self._keep(produced)
            yield from self._twins(produced.marking)

    def _models(self) -> Iterator[Marking]:
        """Yield what an earlier command graded and others are identical to."""
        models, twins = self._work.plan.models, self._work.plan.twins
        wanted = {models[each] for each in twins if each in models}
        if not wanted:
            return
        for facts, report in self._work.book.current(self._work.assignment.name):
            if facts.id in wanted:
                yield Marking(facts, report)

    def _twins(self, model: Marking) -> Iterator[Report]:
        """Give all that are identical to what was graded the same mark under their own ids."""
        work = self._work
        uploads = work.plan.twins.get(model.facts.fingerprint, ())
        if not uploads:
            return
        graded = revived(model, work.folder, work.assignment, work.settings)
        other = work.uploads.get(model.facts.id)
        receipts = other.receipts if other else ()
        for upload in uploads:
            extension = self.extensions.get(upload.id)
            yield self._keep(twin(upload, model, receipts, graded, work.assignment, extension))

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
