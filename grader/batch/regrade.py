"""Regrade: what the assignment, as it is now, makes of a class that was graded; then written.

Kept snapshots are judged again. Where the probes have changed, a snapshot no longer says what is
asked for, and its notebook is run again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader import pipeline
from grader.assignment import Assignment
from grader.batch import kept
from grader.batch.names import snapshot_name
from grader.batch.rejudge import Failure, rejudge_all
from grader.errors import GraderError
from grader.facts import Facts
from grader.gradebook import Gradebook, Marking, Run, settings_digest
from grader.pipeline import at_once
from grader.report import Report
from grader.sandbox.worker import Pool
from grader.settings import Settings, inputs_digest
from grader.store import write


@dataclass(frozen=True)
class Regraded:
    """One submission's report before and now; `version` is the number of the old mark's version.

    `run` and `frames` are there where the notebook was run again; `failure` says why there is no
    new mark, and then `now` is the old one.
    """

    facts: Facts
    before: Report
    now: Report
    version: int
    run: Run | None = None
    frames: bytes = field(default=b"", repr=False)
    failure: str = ""


@dataclass(frozen=True)
class Scope:
    """Which submissions a regrade is about, by id.

    `judge` have a snapshot that still fits, `rerun` have to be run again, `same` were marked by
    the assignment as it is, `left` have no mark that could change.
    """

    judge: frozenset[str]
    rerun: frozenset[str]
    same: frozenset[str]
    left: frozenset[str]


def scope(
    book: Gradebook, assignment: Assignment, settings: str, inputs: str, device: str
) -> Scope:
    """Return what is to be done. `settings` and `inputs` are digests of how it is marked now."""
    runs = book.runs(assignment.name)
    found: dict[str, set[str]] = {"judge": set(), "rerun": set(), "same": set(), "left": set()}
    for name, mark in book.marked(assignment.name).items():
        run = runs.get(mark.fingerprint)
        if mark.status != "graded":
            found["left"].add(name)
        elif mark.settings == settings:
            found["same"].add(name)
        elif run is not None and run.seed == inputs:
            found["judge"].add(name)
        else:
            found["rerun"].add(name)
    return Scope(**{what: frozenset(names) for what, names in found.items()})


class Regrading:
    """A regrade of a folder: `scope` says what it is about, `results` does it, `accept` writes."""

    def __init__(
        self,
        book: Gradebook,
        line: str,
        assignment: Assignment,
        settings: Settings,
        folder: Path,
    ) -> None:
        self._book = book
        self._line = line
        self._assignment = assignment
        self._settings = settings
        self._folder = folder
        self.version = book.version_now(assignment)
        self._inputs = inputs_digest(assignment, settings)
        self._digest = settings_digest(self.version.digest, self._inputs, settings.device)
        self._marked = book.marked(assignment.name)
        self.scope = scope(book, assignment, self._digest, self._inputs, settings.device)

    def judged(self, workers: int) -> Iterator[Regraded]:
        """Yield what is judged again from its snapshot; identical submissions are judged once."""
        copies = Counter(self._marked[name].fingerprint for name in self.scope.judge)
        models: dict[str, Report | Failure] = {}
        later: list[tuple[Facts, Report]] = []

        def first_of_each() -> Iterator[tuple[Facts, Report]]:
            begun = set()
            for facts, report in self._book.current(self._assignment.name):
                if facts.id not in self.scope.judge:
                    continue
                if facts.fingerprint in begun:
                    later.append((facts, report))
                else:
                    begun.add(facts.fingerprint)
                    yield facts, report

        found = rejudge_all(
            first_of_each(), self._folder, self._assignment, self._settings, workers
        )
        for facts, before, now in found:
            if copies[facts.fingerprint] > 1:
                models[facts.fingerprint] = now
            yield self._result(facts, before, now)
        for facts, before in later:
            yield self._result(facts, before, models[facts.fingerprint])

    def rerun(self, pool: Pool, workers: int) -> Iterator[Regraded]:
        """Yield what has to be run again, as it is done; each notebook is run once."""
        copies: dict[str, list[tuple[Facts, Report]]] = {}
        for facts, report in self._book.current(self._assignment.name):
            if facts.id in self.scope.rerun:
                copies.setdefault(facts.fingerprint, []).append((facts, report))

        def one(alike: list[tuple[Facts, Report]], settings: Settings) -> list[Regraded]:
            return [*self._run_again(alike, settings, pool)]

        for done in at_once(copies.values(), one, self._settings, workers):
            yield from done

    def accept(self, results: Iterable[Regraded]) -> None:
        """Write new marks as they come, in one transaction: all of them or, at an error, none."""
        command = self._book.begin(self._line)
        version = self._book.version(command, self._assignment)
        self._book.add_marks(command, version, self._digest, self._markings(results))

    def _markings(self, results: Iterable[Regraded]) -> Iterator[Marking]:
        for each in results:
            if each.frames:
                write(self._folder / snapshot_name(each.facts.id), each.frames)
            if not each.failure:
                yield Marking(each.facts, each.now, each.run, "regrade")

    def _run_again(
        self, alike: list[tuple[Facts, Report]], settings: Settings, pool: Pool
    ) -> Iterator[Regraded]:
        facts, _ = alike[0]
        try:
            submission = kept.submission(facts, self._folder, self._assignment)
            graded = pipeline.grade_read(submission, self._assignment, settings, pool)
        except GraderError as error:
            yield from (self._result(facts, before, Failure(error)) for facts, before in alike)
            return
        execution = graded.execution
        if execution is None:
            raise AssertionError("a notebook that was run has an execution")
        run = Run(self._inputs, execution.device, execution.status, execution.seconds)
        frames = kept.to_frames(execution)
        for place, (facts, before) in enumerate(alike):
            done = self._result(facts, before, graded.report)
            yield replace(done, run=run if place == 0 else None, frames=frames)

    def _result(self, facts: Facts, before: Report, now: Report | Failure) -> Regraded:
        version = self._marked[facts.id].version
        if isinstance(now, Failure):
            return Regraded(facts, before, before, version, failure=str(now))
        own = now.model_copy(update={"submission": before.submission, "receipts": before.receipts})
        return Regraded(facts, before, own, version)
