"""Grading: a class into a folder and its gradebook; what is there already is not done again."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import policy
from grader.assignment import Assignment
from grader.batch import kept
from grader.batch.produce import Produced, produce, twin
from grader.gradebook import Command, Gradebook, Marking, settings_digest
from grader.intake import Upload, fingerprint
from grader.pipeline import Graded, Settings, at_once, draw, inputs_digest
from grader.report import Report
from grader.sandbox.worker import Pool
from grader.store import write


@dataclass(frozen=True)
class Work:
    """An upload that has to be run, and the digest of all that is run."""

    upload: Upload
    fingerprint: str


# What turns uploads into marks and files: here in warm processes, or on other machines.
Grader = Callable[[Iterable[Work]], Iterator[Produced]]


@dataclass(frozen=True)
class Plan:
    """What is to be done: run `todo`; `twins` (by fingerprint) get the marks of what is run.

    `done` are ids that have their mark, `other` those whose mark another version of the
    assignment gave: they are left to `grader regrade`. `models` are ids, by fingerprint, of
    what an earlier command ran.
    """

    todo: tuple[Work, ...]
    twins: Mapping[str, tuple[Upload, ...]]
    models: Mapping[str, str]
    done: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.todo) + sum(map(len, self.twins.values()))


def plan(
    uploads: Sequence[Upload], assignment: str, settings: str, book: Gradebook, folder: Path
) -> Plan:
    """Return what is still to be done; `settings` is the digest of all that marks depend on."""
    marked = book.marked(assignment)
    todo: dict[str, Work] = {}
    twins: dict[str, list[Upload]] = defaultdict(list)
    models: dict[str, str] = {}
    done, other = [], []
    waiting = []
    for upload in uploads:
        print_of, before = fingerprint(upload), marked.get(upload.id)
        same = before is not None and before.fingerprint == print_of and before.status != "error"
        if before is None or not same or not _is_kept(upload.id, before.status, folder):
            waiting.append(Work(upload, print_of))
        elif before.settings != settings:
            other.append(upload.id)
        else:
            done.append(upload.id)
            if before.status == "graded":
                models[print_of] = upload.id
    for work in waiting:
        if work.fingerprint in todo or work.fingerprint in models:
            twins[work.fingerprint].append(work.upload)
        else:
            todo[work.fingerprint] = work
    return Plan(
        tuple(todo.values()),
        {name: tuple(each) for name, each in twins.items()},
        models,
        tuple(done),
        tuple(other),
    )


def _is_kept(identifier: str, status: str, folder: Path) -> bool:
    return status != "graded" or (folder / kept.snapshot_name(identifier)).is_file()


class ClassGrading:
    """One command's grading of a class: `plan` says what it will do, `run` does it.

    `extensions` are those of the gradebook, by submission.
    """

    def __init__(
        self,
        uploads: Sequence[Upload],
        assignment: Assignment,
        settings: Settings,
        folder: Path,
        book: Gradebook,
        command: Command,
    ) -> None:
        self.assignment = assignment
        self._settings = settings
        self._folder = folder
        self._book = book
        self._command = command
        self._uploads = {upload.id: upload for upload in uploads}
        self._version = book.version(command, assignment)
        self._digest = settings_digest(
            self._version.digest, inputs_digest(assignment, settings), settings.device
        )
        self.extensions = book.extensions(assignment.name)
        self.plan = plan(uploads, assignment.name, self._digest, book, folder)

    def local(
        self, pool: Pool, workers: int, starting: Callable[[str], None] = lambda _: None
    ) -> Grader:
        """Return a grader that runs notebooks here, `workers` at a time."""

        def one(work: Work, settings: Settings) -> Produced:
            starting(work.upload.id)
            return produce(
                work.upload,
                work.fingerprint,
                self.assignment,
                settings,
                pool,
                self.extensions.get(work.upload.id),
            )

        return lambda many: at_once(many, one, self._settings, workers)

    def run(self, grade: Grader) -> Iterator[Report]:
        """Do what is planned; yield each report, as it counts, once it is kept for good."""
        before = self._models()
        for work, model in before:
            yield self._keep(self._twin(work, model))
        for produced in grade(self.plan.todo):
            yield self._keep(produced)
            marking = produced.marking
            twins = self.plan.twins.get(marking.facts.fingerprint, ())
            if twins:
                graded = revived(marking, self._folder, self.assignment, self._settings)
                for upload in twins:
                    yield self._keep(self._twin_of(upload, marking, graded))

    def _models(self) -> Iterator[tuple[Upload, Marking]]:
        """Yield uploads that are identical to what an earlier command graded."""
        models, twins = self.plan.models, self.plan.twins
        wanted = {models[each]: each for each in twins if each in models}
        if not wanted:
            return
        for facts, report in self._book.current(self.assignment.name):
            if facts.id in wanted:
                for upload in twins[wanted[facts.id]]:
                    yield upload, Marking(facts, report)

    def _twin(self, upload: Upload, model: Marking) -> Produced:
        graded = revived(model, self._folder, self.assignment, self._settings)
        return self._twin_of(upload, model, graded)

    def _twin_of(self, upload: Upload, model: Marking, graded: Graded) -> Produced:
        other = self._uploads.get(model.facts.id)
        return twin(
            upload,
            model,
            other.receipts if other else (),
            graded,
            self.assignment,
            self.extensions.get(upload.id),
        )

    def _keep(self, produced: Produced) -> Report:
        """Write the files, then the mark: a mark that is there has its files."""
        for name, content in produced.files.items():
            path = self._folder / name
            if not (name.startswith("uploads/") and path.is_file()):
                write(path, content)
        marking = produced.marking
        self._book.record(self._command, self._version, self._digest, marking)
        return policy.settle(
            marking.report,
            (),
            marking.facts,
            self.assignment.settings,
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
