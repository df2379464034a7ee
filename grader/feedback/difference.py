"""Difference: what a regrade changes, check by check, and why; as records and as text."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.feedback.terminal import clean, points
from grader.report import CheckRecord, QuestionRecord, Report
from grader.score import tidy

Files = Mapping[str, str]
_SHOWN = 24
_FILES = 2
NOTHING = "-"


@dataclass(frozen=True)
class Move:
    """What a regrade does to a check: what it was and what it would be, with its points."""

    question: str
    check: str
    before: str
    after: str
    points_before: float
    points_after: float
    why: str


@dataclass(frozen=True)
class Change:
    """One check of one submission, and what a regrade does to it."""

    submission: str
    move: Move


@dataclass
class Differences:
    """The differences of a class, added one submission at a time."""

    changes: list[Change] = field(default_factory=list)
    checks: Counter[Move] = field(default_factory=Counter)
    up: int = 0
    down: int = 0
    same: int = 0
    words: int = 0
    before: float = 0.0
    after: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, before: Report, now: Report, changed: Files, ran: bool = False) -> None:
        """Add a submission. `changed` are the files that differ, from `changed_files`.

        `ran` says that its notebook was run again.
        """
        found = list(changes(before, now, changed, ran))
        self.changes += found
        for each in found:
            self.checks[each.move] += 1
        self.before += before.score
        self.after += now.score
        self.up += now.score > before.score
        self.down += now.score < before.score
        self.same += now.score == before.score
        self.words += not found and now.score == before.score and _differ(before, now)

    @property
    def total(self) -> int:
        return self.up + self.down + self.same

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "submissions": self.total,
            "up": self.up,
            "down": self.down,
            "same": self.same,
            "mean_before": tidy(self.before / self.total) if self.total else None,
            "mean_after": tidy(self.after / self.total) if self.total else None,
            "changes": [{"submission": c.submission, **vars(c.move)} for c in self.changes],
            "failures": [{"submission": name, "message": text} for name, text in self.failures],
        }


def changes(before: Report, now: Report, changed: Files, ran: bool = False) -> Iterator[Change]:
    """Yield each check whose status or points differ. `ran` says that the notebook ran again."""
    old = {question.name: question for question in before.questions}
    new = {question.name: question for question in now.questions}
    for name in dict.fromkeys((*old, *new)):
        first, second = _checks(old.get(name)), _checks(new.get(name))
        for label in dict.fromkeys((*first, *second)):
            one, other = first.get(label), second.get(label)
            was, is_ = (one.status if one else NOTHING), (other.status if other else NOTHING)
            had, has = (one.points if one else 0.0), (other.points if other else 0.0)
            if was != is_ or had != has:
                move = Move(name, label, was, is_, had, has, _why(name, changed, ran))
                yield Change(now.submission.id, move)


def print_differences(found: Differences, out: Console) -> None:
    """Print the totals by check under their reasons, who moves most, and what it comes to."""
    listed = found.checks.most_common(_SHOWN)
    for why in dict.fromkeys(move.why for move, _ in listed):
        out.print(Text(clean(why), style="bold"))
        totals = Table(box=None, pad_edge=False, show_header=False, expand=True)
        totals.add_column("", justify="right", no_wrap=True, min_width=6)
        totals.add_column("check", ratio=1, overflow="fold")
        totals.add_column("was → is", no_wrap=True)
        for move, count in listed:
            if move.why == why:
                label = _check(move.question, move.check)
                totals.add_row(f"{count} ×", label, _was_is(move))
        out.print(totals)
        out.print()
    if len(found.checks) > _SHOWN:
        out.print(f"… and {len(found.checks) - _SHOWN} rarer changes; --format json has all.")
    if found.changes:
        _print_changes(found, out)
    for name, text in found.failures:
        out.print(Text(f"{clean(name)}: keeps its mark. {clean(text)}", style="yellow"))
    before, after = (points(each / max(1, found.total)) for each in (found.before, found.after))
    mean = f"mean without written answers {before} → {after}" if found.total else ""
    summary = f"{found.up} up, {found.down} down, {found.same} as before; {mean}"
    out.print(Text(summary.rstrip("; "), style="bold"))
    if found.words:
        out.print(Text(f"{found.words} keep their points and get other words."))


def _was_is(move: Move) -> str:
    before, after = (
        NOTHING if status == NOTHING else f"{status} {points(worth)}"
        for status, worth in ((move.before, move.points_before), (move.after, move.points_after))
    )
    return f"{before} → {after}"


def _print_changes(found: Differences, out: Console) -> None:
    table = _table()
    table.add_column("who", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("check", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("points", justify="right", no_wrap=True)
    # Where most points move comes first.
    moved = sorted(found.changes, key=lambda c: -abs(c.move.points_after - c.move.points_before))
    for each in moved[:_SHOWN]:
        move = each.move
        better = move.points_after > move.points_before
        worse = move.points_after < move.points_before
        table.add_row(
            clean(each.submission),
            _check(move.question, move.check),
            Text(
                f"{points(move.points_before)} → {points(move.points_after)}",
                style="green" if better else "red" if worse else "dim",
            ),
        )
    out.print(table)
    if len(found.changes) > _SHOWN:
        rest = len(found.changes) - _SHOWN
        out.print(f"… and {rest} more checks; --format json lists all of them.")
    out.print()


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", expand=True)


def _check(question: str, check: str) -> str:
    return clean(f"{question.split('_')[0]}: {check}")


def _checks(question: QuestionRecord | None) -> dict[str, CheckRecord]:
    """Return a question's checks by name; a repeated name is counted."""
    found: dict[str, CheckRecord] = {}
    for check in question.checks if question else ():
        name, number = check.name, 2
        while name in found:
            name, number = f"{check.name} ({number})", number + 1
        found[name] = check
    return found


def _why(question: str, changed: Files, ran: bool) -> str:
    """Return the files that may be the reason: the question's own tests, else what all share.

    Probes come first where the notebook ran again.
    """
    probes = [path for path in changed if ran and path.endswith("/probes.py")]
    own = [path for path in changed if path.endswith(f"/tests/{question}.py")]
    shared = [path for path in changed if "/tests/" not in path and path not in probes]
    paths = [*probes, *(own or shared)] or [*changed]
    listed = [f"{path} {changed[path]}" for path in paths]
    more = f" and {len(listed) - _FILES} more" if len(listed) > _FILES else ""
    named = ", ".join(listed[:_FILES]) + more
    if ran:
        return f"{named or 'other inputs'}; the notebook ran again"
    return named


def _differ(before: Report, now: Report) -> bool:
    """Return whether students read something else, now that no check has changed."""

    def words(report: Report) -> list[object]:
        return [
            (question.title, question.diagnosis, [check.message for check in question.checks])
            for question in report.questions
        ]

    return words(before) != words(now)
