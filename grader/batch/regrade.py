"""Regrade: what the assignment, as it is now, makes of a class that was graded; then written.

Kept snapshots are judged again. Where a snapshot does not hold what is asked for now (other
probes, names that were never captured, another seed), its notebook is run again, once for all that
are identical, and kept beside the class until the marks are accepted.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader import pipeline
from grader.assignment import Assignment
from grader.batch import again, kept
from grader.batch.affected import affected, answer_cells, captures
from grader.batch.names import snapshot_name
from grader.batch.rejudge import Failure, How, Judgement, Task, rejudge_all
from grader.errors import AssignmentError, GraderError
from grader.facts import Facts
from grader.gradebook import Gradebook, Marking, Run, Version, settings_digest
from grader.pipeline import at_once
from grader.report import Report
from grader.sandbox.worker import Pool
from grader.settings import Settings, inputs_digest

_STARTER = "assignments/starter.ipynb"


@dataclass(frozen=True)
class Regraded:
    """One submission's report before and now; `version` is the number of the old mark's version.

    `ran` says that the notebook was run again, and `run` how, for one of those that are identical.
    `failure` says why there is no new mark, and then `now` is the old one.
    """

    facts: Facts
    before: Report
    now: Report
    version: int
    ran: bool = False
    run: Run | None = None
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


class Regrading:
    """A regrade of a folder: `run_again` what has to be, then `results`, then `accept` them."""

    def __init__(
        self,
        book: Gradebook,
        line: str,
        assignment: Assignment,
        settings: Settings,
        folder: Path,
    ) -> None:
        again.install(book, assignment.name, folder)
        self._book = book
        self._line = line
        self._assignment = assignment
        self._settings = settings
        self._folder = folder
        self._inputs = inputs_digest(assignment, settings)
        self._marked = book.marked(assignment.name)
        self._shelf = again.shelf(folder, assignment, self._inputs, settings.device)
        self._failed: dict[str, Failure] = {}
        self.version = book.version_now(assignment)
        self.versions = book.versions(assignment.name)
        self._digest = settings_digest(self.version.digest, self._inputs, settings.device)
        self.scope = self._scope()

    @property
    def waiting(self) -> frozenset[str]:
        """The fingerprints of what has to be run again and has not been yet."""
        asked = {self._marked[name].fingerprint for name in self.scope.rerun}
        return frozenset(each for each in asked if self._shelf.find(each) is None)

    @property
    def rules_changed(self) -> bool:
        """Whether assignment.toml settles lateness or rounding otherwise than what counts now."""
        counts, now = self._book.settings(self._assignment.name), self._assignment.settings
        return (counts.late, counts.score) != (now.late, now.score)

    def run_again(self, pool: Pool, workers: int) -> Iterator[str]:
        """Run what has to be run again, each notebook once; yield the id of each that was run.

        Raises AssignmentError where the assignment is broken.
        """
        self._shelf.clear()
        todo: dict[str, tuple[Facts, Report]] = {}
        waiting = self.waiting
        for facts, report in self._book.current(self._assignment.name):
            if facts.id in self.scope.rerun and facts.fingerprint in waiting:
                todo.setdefault(facts.fingerprint, (facts, report))

        def one(each: tuple[Facts, Report], settings: Settings) -> str:
            facts, _ = each
            try:
                submission = kept.submission(facts, self._folder, self._assignment)
                graded = pipeline.grade_read(submission, self._assignment, settings, pool)
            except AssignmentError:
                raise
            except GraderError as error:
                self._failed[facts.fingerprint] = Failure(error)
            else:
                if graded.execution is None or graded.report.execution is None:
                    raise AssertionError("a notebook that was run has an execution")
                self._shelf.put(facts.fingerprint, graded.execution, graded.report.execution)
            return facts.id

        yield from at_once(todo.values(), one, self._settings, workers)

    def results(self, workers: int) -> Iterator[Regraded]:
        """Yield what is judged again, identical submissions once.

        Raises AssignmentError where the assignment is broken.
        """
        how = How(self._folder, self._assignment, self._settings.device, self._settings.secret)
        alike = Counter(map(self._key, self.scope.judge | self.scope.rerun))
        models: dict[tuple[str, int, bool], str] = {}
        copies: dict[str, list[tuple[Facts, Report]]] = defaultdict(list)
        failed: list[Regraded] = []

        def tasks() -> Iterator[Task]:
            for facts, before in self._book.current(self._assignment.name):
                rerun = facts.id in self.scope.rerun
                if not rerun and facts.id not in self.scope.judge:
                    continue
                if rerun and facts.fingerprint in self._failed:
                    failure = self._failed[facts.fingerprint]
                    failed.append(self._result(facts, before, failure))
                    continue
                model = models.setdefault(self._key(facts.id), facts.id)
                if model == facts.id:
                    yield self._task(facts, before, rerun=rerun)
                else:
                    copies[model].append((facts, before))

        begun: set[str] = set()
        found: dict[str, Judgement] = {}
        for each in rejudge_all(tasks(), len(alike), how, workers):
            task = each.task
            ran = None if task.ran is None else task.ran.run()
            run = None if task.facts.fingerprint in begun else ran
            begun.add(task.facts.fingerprint)
            yield self._result(each.facts, task.before, each.now, ran is not None, run)
            if alike[self._key(task.facts.id)] > 1:
                found[task.facts.id] = each
        yield from failed
        for model, same in copies.items():
            yield from self._copied(model, same, found, how)

    def accept(self, results: Iterable[Regraded]) -> int:
        """Write new marks, all of them or, at an error, none; return how many.

        Nothing is written, the command neither, before the last result is there.
        """
        packed = [(each.facts, _packed(each.now), each.run) for each in results if not each.failure]
        if packed or self.rules_changed:
            command = self._book.begin(self._line)
            version = self._book.version(command, self._assignment)
            markings = (
                Marking(facts, _unpacked(report), run, "regrade") for facts, report, run in packed
            )
            self._book.add_marks(command, version, self._digest, markings)
        again.install(self._book, self._assignment.name, self._folder)
        return len(packed)

    def _scope(self) -> Scope:
        devices = {self._settings.device}
        devices |= {run.device for run in self._book.runs(self._assignment.name).values()}
        found: dict[str, set[str]] = {"judge": set(), "rerun": set(), "same": set(), "left": set()}
        fits: dict[tuple[int, str], bool] = {}
        for name, mark in self._marked.items():
            if mark.status != "graded":
                found["left"].add(name)
            elif mark.settings == self._digest:
                found["same"].add(name)
            else:
                key = mark.version, mark.settings
                if key not in fits:
                    fits[key] = self._fits(self.versions[mark.version], mark.settings, devices)
                found["judge" if fits[key] else "rerun"].add(name)
        return Scope(**{what: frozenset(names) for what, names in found.items()})

    def _fits(self, version: Version, settings: str, devices: set[str]) -> bool:
        """Return whether a snapshot holds what is asked for now.

        It does if the same inputs were drawn for it, by the same probes, and if for each question
        the same names were captured then.
        """
        then, now = captures(version.settings), captures(self._assignment.settings)
        inputs = inputs_digest(self._assignment, self._settings, then)
        made = {settings_digest(version.digest, inputs, device) for device in devices}
        return settings in made and all(then.get(name) == own for name, own in now.items())

    def _key(self, name: str) -> tuple[str, int, bool]:
        """Return what submissions have in common that are judged once for all of them."""
        mark = self._marked[name]
        return mark.fingerprint, mark.version, name in self.scope.rerun

    def _task(self, facts: Facts, before: Report, *, rerun: bool) -> Task:
        old = self.versions[self._marked[facts.id].version]
        other_answers = answer_cells(old.settings) != answer_cells(
            self._assignment.settings
        ) or old.files.get(_STARTER) != self.version.files.get(_STARTER)
        if rerun:
            names = frozenset(captures(self._assignment.settings))
            ran = self._shelf.find(facts.fingerprint)
            frames = self._shelf.frames(facts.fingerprint)
            return Task(facts, before, frames, names, other_answers, ran)
        snapshot = self._folder / snapshot_name(facts.id)
        return Task(facts, before, snapshot, affected(old, self.version), other_answers)

    def _copied(
        self,
        model: str,
        alike: list[tuple[Facts, Report]],
        found: dict[str, Judgement],
        how: How,
    ) -> Iterator[Regraded]:
        """Yield the results of submissions that are identical to one that was judged."""
        each = found[model]
        for facts, before in alike:
            now = each.now
            if isinstance(now, Failure) and each.task.ran is None:
                # Its own snapshot may be whole.
                task = self._task(facts, before, rerun=False)
                (own,) = rejudge_all([task], 1, how, 1)
                yield self._result(own.facts, before, own.now)
            else:
                facts = replace(facts, answers=each.facts.answers)
                yield self._result(facts, before, now, each.task.ran is not None)

    def _result(
        self,
        facts: Facts,
        before: Report,
        now: Report | Failure,
        ran: bool = False,
        run: Run | None = None,
    ) -> Regraded:
        version = self._marked[facts.id].version
        if isinstance(now, Failure):
            return Regraded(facts, before, before, version, failure=str(now))
        own = now.model_copy(update={"submission": before.submission, "receipts": before.receipts})
        return Regraded(facts, before, own, version, ran, run)


def _packed(report: Report) -> bytes:
    # Of a large class every new report is held until the last one is there.
    return zlib.compress(report.model_dump_json(by_alias=True).encode(), 1)


def _unpacked(data: bytes) -> Report:
    return Report.model_validate_json(zlib.decompress(data))
