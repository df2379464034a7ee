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
class Change:
    """One check of one submission: what it was and what it would be, with its points."""

    submission: str
    question: str
    check: str
    before: str
    after: str
    points_before: float
    points_after: float
    why: str


@dataclass
class Differences:
    """The differences of a class, added one submission at a time."""

    changes: list[Change] = field(default_factory=list)
    checks: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    up: int = 0
    down: int = 0
    same: int = 0
    words: int = 0
    before: float = 0.0
    after: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, before: Report, now: Report, changed: Files, why: str = "") -> None:
        """Add a submission. `changed` are the files that differ, from `changed_files`."""
        found = list(changes(before, now, changed, why))
        self.changes += found
        for each in found:
            self.checks[each.question, each.check, each.before, each.after, each.why] += 1
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
            "changes": [vars(each) for each in self.changes],
            "failures": [{"submission": name, "message": text} for name, text in self.failures],
        }


def changed_files(before: Files, now: Files) -> dict[str, str]:
    """Return what became of each file that differs: "changed", "new" or "gone"."""
    return {
        path: "new" if path not in before else "gone" if path not in now else "changed"
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)
    }


def changes(before: Report, now: Report, changed: Files, why: str = "") -> Iterator[Change]:
    """Yield each check whose status or points differ. `why` stands where no file says it."""
    old = {question.name: question for question in before.questions}
    new = {question.name: question for question in now.questions}
    for name in dict.fromkeys((*old, *new)):
        first, second = _checks(old.get(name)), _checks(new.get(name))
        for label in dict.fromkeys((*first, *second)):
            one, other = first.get(label), second.get(label)
            was, is_ = (one.status if one else NOTHING), (other.status if other else NOTHING)
            had, has = (one.points if one else 0.0), (other.points if other else 0.0)
            if was != is_ or had != has:
                reason = _why(name, changed) or why
                yield Change(now.submission.id, name, label, was, is_, had, has, reason)


def print_differences(found: Differences, out: Console) -> None:
    """Print the totals by check, the submissions and their checks, and what it comes to."""
    if found.checks:
        totals = _table()
        totals.add_column("", justify="right", no_wrap=True)
        totals.add_column("check", ratio=3, no_wrap=True, overflow="ellipsis")
        totals.add_column("was → is", no_wrap=True)
        totals.add_column("why", ratio=2, no_wrap=True, overflow="ellipsis")
        for (question, check, was, is_, why), count in found.checks.most_common(_SHOWN):
            moved = f"{was} → {is_}" if was != is_ else f"{was}, other points"
            totals.add_row(f"{count} ×", _check(question, check), moved, clean(why))
        out.print(totals)
        out.print()
        _print_changes(found, out)
    for name, text in found.failures:
        out.print(Text(f"{clean(name)}: keeps its mark. {clean(text)}", style="yellow"))
    mean = (
        f"mean {points(found.before / found.total)} → {points(found.after / found.total)}"
        if found.total
        else ""
    )
    summary = f"{found.up} up, {found.down} down, {found.same} as before; {mean}"
    out.print(Text(summary.rstrip("; "), style="bold"))
    if found.words:
        out.print(Text(f"{found.words} keep their points and get other words."))


def _print_changes(found: Differences, out: Console) -> None:
    table = _table()
    table.add_column("who", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("check", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("points", justify="right", no_wrap=True)
    # Where most points move comes first.
    moved = sorted(found.changes, key=lambda c: -abs(c.points_after - c.points_before))
    for each in moved[:_SHOWN]:
        better = each.points_after > each.points_before
        worse = each.points_after < each.points_before
        table.add_row(
            clean(each.submission),
            _check(each.question, each.check),
            Text(
                f"{points(each.points_before)} → {points(each.points_after)}",
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


def _why(question: str, changed: Files) -> str:
    """Return the files that may be the reason: the question's own tests, else what all share."""
    own = [path for path in changed if path.endswith(f"/{question}.py")]
    shared = [path for path in changed if "/tests/" not in path]
    listed = [f"{_short(path)} {changed[path]}" for path in own or shared or changed]
    more = f" and {len(listed) - _FILES} more" if len(listed) > _FILES else ""
    return ", ".join(listed[:_FILES]) + more


def _short(path: str) -> str:
    return path.removeprefix("reference/").removeprefix("assignments/")


def _differ(before: Report, now: Report) -> bool:
    """Return whether students read something else, now that no check has changed."""

    def words(report: Report) -> list[object]:
        return [
            (question.title, question.diagnosis, [check.message for check in question.checks])
            for question in report.questions
        ]

    return words(before) != words(now)
