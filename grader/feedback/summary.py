"""Summary: a class on one screen of text, as it is printed when grading ends."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from grader.feedback import items
from grader.feedback.terminal import clean, points
from grader.intake.collection import Collection
from grader.report import Report

_SHOWN = 3
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Tally:
    """What one command did: how many it graded, how many had their mark, by which version."""

    new: int
    before: int
    other_version: int


def print_summary(
    reports: Sequence[Report],
    collection: Collection,
    tally: Tally,
    where: str,
    out: Console,
    *,
    tabled: bool = False,
) -> None:
    """Print at most about 20 lines of 80 columns. `where` is the folder that holds the rest.

    `tabled` says that a table was printed before, which ends with the counts.
    """
    graded = [each for each in reports if each.status == "graded"]
    for line in (
        *([] if tabled else [_counts(reports, tally)]),
        *_marks(graded),
        *_mistakes(graded),
        *_failures(reports),
        *_given(collection),
        *_waiting(graded),
    ):
        out.print(line, no_wrap=line.no_wrap, overflow=line.overflow)
    if tally.other_version:
        out.print(
            Text(
                f"{tally.other_version} have marks by another version of the assignment: "
                "see `grader regrade`.",
                style="yellow",
            )
        )
    # A path that is broken over lines cannot be clicked or copied.
    out.print(Text(f"Reports, pages and marks: start at {where}/index.html"), soft_wrap=True)


def _counts(reports: Sequence[Report], tally: Tally) -> Text:
    found = {word: sum(r.status == word for r in reports) for word in ("ungradable", "error")}
    text = f"{len(reports)} submissions: {len(reports) - sum(found.values())} graded"
    text += f", {found['ungradable']} ungradable" if found["ungradable"] else ""
    text += f", {found['error']} failed on our side" if found["error"] else ""
    text += f" ({tally.new} now, {tally.before} before)" if tally.before else ""
    return Text(f"{text}.", style="bold")


def _marks(graded: Sequence[Report]) -> list[Text]:
    if not graded:
        return []
    scores = [each.score for each in graded]
    most = max(each.max_score for each in graded)
    bonus = ", bonus included" if max(scores) > most else ""
    counts = items.distribution(graded)
    top = max((*counts, 1))
    bars = "".join(
        _BARS[round((len(_BARS) - 1) * count / top)] if count else " " for count in counts
    )
    return [
        Text(
            f"Marks: mean {points(statistics.fmean(scores))}, median "
            f"{points(statistics.median(scores))}, {points(min(scores))} to {points(max(scores))} "
            f"of {points(most)}{bonus}   0 %|{bars}|"
        )
    ]


def _mistakes(graded: Sequence[Report]) -> list[Text]:
    lines = []
    rates = sorted(items.check_rates(graded), key=lambda each: each.rate)
    worst = [each for each in rates if each.rate < 1][:_SHOWN]
    if worst:
        lines.append(Text("Fewest pass:"))
        lines += [
            Text(f"  {100 * each.rate:3.0f} %  {each.question}: {clean(each.name)}", no_wrap=True,
                 overflow="ellipsis")
            for each in worst
        ]  # fmt: skip
    named = sorted(items.misconceptions(graded), key=lambda each: -len(each.submissions))[:_SHOWN]
    if named:
        words = ", ".join(
            f"{each.name} in {each.question.split('_')[0]} ({len(each.submissions)} ×)"
            for each in named
        )
        lines.append(Text(f"Mistakes that were named: {words}", no_wrap=True, overflow="ellipsis"))
    return lines


def _failures(reports: Sequence[Report]) -> list[Text]:
    bad = [each for each in reports if each.status != "graded"]
    # What staff have to act on comes first.
    bad.sort(key=lambda each: (each.status != "error", each.submission.id))
    lines = [
        Text(f"  {_short(clean(each.submission.id))}: {clean(each.message or '')}", style="yellow",
             no_wrap=True, overflow="ellipsis")
        for each in bad[:_SHOWN]
    ]  # fmt: skip
    if len(bad) > _SHOWN:
        lines.append(Text(f"  … and {len(bad) - _SHOWN} more: see index.html", style="yellow"))
    return [Text("Not graded:", style="yellow"), *lines] if bad else []


def _given(collection: Collection) -> list[Text]:
    found = [
        (len(collection.superseded), "earlier attempt was", "earlier attempts were", "not graded"),
        (len(collection.unmatched), "submission is", "submissions are", "not on the roster"),
        (len(collection.absent), "student", "students", "of the roster handed in nothing"),
        (len(collection.strays), "file is", "files are", "no submission"),
    ]
    said = "; ".join(
        f"{count} {one if count == 1 else many} {words}"
        for count, one, many, words in found
        if count
    )
    lines = [Text(f"{said}: intake.csv lists them.")] if said else []
    notes = collection.receipts
    return [
        *lines,
        *(
            Text(f"Note: {clean(each)}", no_wrap=True, overflow="ellipsis")
            for each in notes[:_SHOWN]
        ),
        *([Text(f"… and {len(notes) - _SHOWN} more notes")] if len(notes) > _SHOWN else []),
    ]


def _short(name: str) -> str:
    """Return an id in 30 columns: what is wrong has to fit beside it."""
    return name if len(name) <= 30 else f"{name[:12]}…{name[-17:]}"


def _waiting(graded: Sequence[Report]) -> list[Text]:
    late = sum(any(a.kind == "late" for a in each.adjustments) for each in graded)
    pending = sum(each.manual_points_pending > 0 for each in graded)
    lines = [Text(f"Lateness took points from {late}; their pages say why.")] if late else []
    if pending:
        lines.append(Text(f"Waiting for points by hand: {pending} (`grader manual export`)."))
    return lines
