"""History: how a submission came to its score, step by step. Pure functions of its entries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from grader.facts import Extension, ManualMark
from grader.feedback.difference import NOTHING, changes
from grader.feedback.terminal import points
from grader.gradebook.records import Command, Entry, Marking, Version
from grader.policy import settle
from grader.report import Report


@dataclass(frozen=True)
class Step:
    """One event: when, by which command, the score before and after it, what it changed."""

    at: datetime
    command: Command
    version: str
    before: float | None
    after: float | None
    max_score: float | None
    changes: tuple[str, ...]


@dataclass(frozen=True)
class _State:
    """What is known of a submission so far."""

    version: Version | None = None
    marking: Marking | None = None
    manual: tuple[ManualMark, ...] = ()
    extension: Extension | None = None

    def report(self, *, marking: bool) -> Report | None:
        if self.marking is None or self.version is None:
            return None
        facts, settings = self.marking.facts, self.version.settings
        return settle(
            self.marking.report, self.manual, facts, settings, self.extension, marking=marking
        )


def steps(entries: Iterable[Entry], marking_since: datetime | None = None) -> Iterator[Step]:
    """Yield the steps, the oldest first; a version that changes no score is none.

    `marking_since` is when a person began to mark the class, None where nobody has.
    """
    state, marking = _State(), False
    for entry in entries:
        after = _after(state, entry)
        old = state.report(marking=marking)
        marking = marking_since is not None and marking_since <= entry.at
        new = after.report(marking=marking)
        changes = tuple(_changes(entry, state, old, new))
        state = after
        if changes:
            yield Step(
                at=entry.at,
                command=entry.command,
                version=after.version.name if after.version else "",
                before=_score(old),
                after=_score(new),
                max_score=new.max_score if new else None,
                changes=changes,
            )


def _after(state: _State, entry: Entry) -> _State:
    if entry.version is not None:
        return replace(state, version=entry.version)
    if entry.marking is not None:
        return replace(state, marking=entry.marking)
    if entry.manual is not None:
        return replace(state, manual=(*state.manual, entry.manual))
    return replace(state, extension=entry.extension)


def _score(report: Report | None) -> float | None:
    return report.score if report is not None and report.status == "graded" else None


def _changes(entry: Entry, state: _State, old: Report | None, new: Report | None) -> Iterator[str]:
    if entry.marking is not None and new is not None:
        yield from _marked(entry.marking, state.marking, new)
    elif entry.manual is not None:
        mark = entry.manual
        by = f" by {mark.marker}" if mark.marker else ""
        said = f": {mark.comment}" if mark.comment else ""
        yield f"{mark.question}: {points(mark.points)} given{by}{said}"
    elif entry.extension is not None:
        more = entry.extension
        until = f" to {more.due:%Y-%m-%d %H:%M} UTC" if more.due else ""
        yield f"more time{until or f': {more.seconds / 3600:g} hours'}"
    elif _score(old) != _score(new):
        yield "the assignment's rules changed"


def _marked(marking: Marking, before: Marking | None, new: Report) -> Iterator[str]:
    if marking.reason:
        yield marking.reason
    if before is None:
        yield "first mark"
    elif before.facts.fingerprint != marking.facts.fingerprint:
        yield "handed in anew"
    if new.status != "graded":
        yield f"{new.status}: {new.message or ''}"
    if before is not None and before.report.status == new.status == "graded":
        yield from list(_checks(before.report, new)) or ["no check changed"]


def _checks(old: Report, new: Report) -> Iterator[str]:
    """Yield the checks whose outcome or points changed."""
    for move in (change.move for change in changes(old, new, {})):
        where = f"{move.question}: “{move.check}”"
        if NOTHING in (move.before, move.after):
            yield f"{where} is {'new' if move.before == NOTHING else 'gone'}"
        elif move.before != move.after:
            yield f"{where} was {move.before}, is {move.after}"
        else:
            yield f"{where} gives {points(move.points_after)}, gave {points(move.points_before)}"
