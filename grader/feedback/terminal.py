"""Terminal: a report as one screen of text, and a class as a table."""

import re
from collections.abc import Sequence
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.report import CheckRecord, QuestionRecord, Report, bonus

WIDTH = 80
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SHOWN_PROBLEMS = 2
_SHOWN_CELLS = 3
_SHOWN_RECEIPTS = 5
_MARKS = {
    "full": ("✓", "green"),
    "partial": ("◐", "yellow"),
    "none": ("✗", "red"),
    "missing": ("○", "dim"),
    "manual": ("…", "cyan"),
}


def console(file: IO[str]) -> Console:
    """Return a console for `file`: in colour on a terminal, 80 columns wide elsewhere."""
    plain = Console(file=file, highlight=False, emoji=False, markup=False)
    if plain.is_terminal:
        return plain
    return Console(file=file, width=WIDTH, highlight=False, emoji=False, markup=False)


def print_report(report: Report, out: Console) -> None:
    """Print one report: the score first, then what to do about each question."""
    title = f"{report.assignment.name} · {report.submission.id}"
    if report.status != "graded":
        word = "could not be graded" if report.status == "ungradable" else "was not graded"
        out.print(Text(f"{clean(title)} {word}", style="bold red"), soft_wrap=False)
        out.print(Padding(Text(clean(report.message or "")), (0, 0, 0, 2)))
        return
    out.print(_headline(report))
    out.print(Text(clean(title), style="dim"))
    if report.message:
        out.print(Text(clean(report.message), style="yellow"))
    out.print()
    for question in report.questions:
        _print_question(question, out)
    _print_adjustments(report, out)
    out.print()
    _print_execution(report, out)
    _print_receipts(report, out)


def print_table(reports: Sequence[Report], out: Console) -> None:
    """Print a class as a table: a row a submission, a column a question."""
    if not reports:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("submission", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("score", justify="right", no_wrap=True, min_width=11)
    for question in reports[0].questions:
        table.add_column(question.name.split("_")[0], justify="right", no_wrap=True)
    table.add_column("note", no_wrap=True, min_width=12)
    for report in reports:
        table.add_row(*_row(report))
    out.print(table)
    out.print()
    for report in reports:
        if report.message:
            out.print(Text(f"{clean(report.submission.id)}: {clean(report.message)}"))
    counts = [sum(r.status == status for r in reports) for status in ("ungradable", "error")]
    text = f"{len(reports)} submissions: {len(reports) - sum(counts)} graded"
    text += f", {counts[0]} ungradable" if counts[0] else ""
    text += f", {counts[1]} failed on our side" if counts[1] else ""
    out.print(Text(text + ".", style="bold"))


def clean(text: str) -> str:
    """Return student's text without control characters, so that it cannot drive a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def points(value: float) -> str:
    """Return points without needless digits: 3, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def signed(value: float) -> str:
    """Return points that were added or taken: +2, −1.5, 0."""
    shown = points(abs(value))
    return shown if shown == "0" else f"{'−' if value < 0 else '+'}{shown}"


def _headline(report: Report) -> Text:
    extra = bonus(report)
    regular = report.score - extra
    text = Text(f"{points(regular)} of {points(report.max_score)} points", style="bold")
    if extra:
        text.append(f" + {points(extra)} bonus = {points(report.score)}", style="bold")
    if report.manual_points_pending:
        pending = points(report.manual_points_pending)
        text.append(f"   (up to {pending} more for written answers)", style="cyan")
    return text


def _print_question(question: QuestionRecord, out: Console) -> None:
    symbol, style = _MARKS[question.status]
    line = Table.grid(padding=(0, 1), expand=False)
    line.add_column(width=1)
    line.add_column(width=60, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", width=12, no_wrap=True)
    name = Text.assemble((clean(question.name), "bold"), "  ", clean(question.title))
    line.add_row(
        Text(symbol, style=style),
        name,
        Text(f"{points(question.score)} / {points(question.max_score)}", style=style),
    )
    out.print(line)
    for sentence in _problems(question):
        out.print(Padding(Text(sentence), (0, 0, 0, 4)))


def _problems(question: QuestionRecord) -> list[str]:
    if question.status == "missing":
        names = dict.fromkeys(check.message for check in question.checks if check.message)
        shown = " ".join(list(names)[:1])
        return [clean(shown) or "Not looked at: the notebook was stopped before."]
    failing = [check for check in question.checks if check.status != "passed"]
    own = [check.message for check in question.checks if check.status == "passed"]
    notes = [clean(message) for message in dict.fromkeys(own) if message]
    if question.diagnosis:
        lost = f"{len(failing)} of {len(question.checks)} checks fail: see --format json or html."
        return [f"→ {clean(question.diagnosis.message)}", lost, *notes]
    # The same cause often stops several checks; it is said once.
    by_message: dict[str, CheckRecord] = {}
    for check in failing:
        by_message.setdefault(check.message or check.name, check)
    lines = [_sentence(check) for check in list(by_message.values())[:_SHOWN_PROBLEMS]]
    more = len(by_message) - len(lines)
    return [*lines, *([f"… and {more} more; see --format json or html."] if more else []), *notes]


def _sentence(check: CheckRecord) -> str:
    return clean(f"- {check.message}" if check.message else f"- {check.name}")[:400]


def _print_adjustments(report: Report, out: Console) -> None:
    """Print what people and rules made of the points: a figure and a sentence each."""
    if not report.adjustments:
        return
    table = Table.grid(padding=(0, 1))
    table.add_column(width=6, justify="right", no_wrap=True)
    table.add_column()
    for each in report.adjustments:
        style = "red" if each.points < 0 else "green"
        about = (clean(f"{each.question}  ") if each.question else "", "bold")
        table.add_row(Text(signed(each.points), style), Text.assemble(about, clean(each.message)))
    out.print()
    out.print(table)


def _print_execution(report: Report, out: Console) -> None:
    execution = report.execution
    if execution is None:
        return
    failing = [cell for cell in execution.cells if cell.status == "error"]
    skipped = sum(cell.status == "skipped" for cell in execution.cells)
    text = f"Ran {len(execution.cells) - skipped} code cells in {execution.seconds:.1f} s on "
    text += f"{execution.device}"
    text += f"; {len(failing)} stopped early" if failing else ""
    text += f"; {skipped} were not reached" if skipped else ""
    out.print(Text(text + ".", style="dim"))
    for cell in failing[:_SHOWN_CELLS]:
        line = Text(f"  cell {cell.index}: {clean(cell.error or '')}", style="dim")
        out.print(line, no_wrap=True, overflow="ellipsis")
    if len(failing) > _SHOWN_CELLS:
        out.print(Text(f"  … and {len(failing) - _SHOWN_CELLS} more", style="dim"))


def _print_receipts(report: Report, out: Console) -> None:
    for receipt in report.receipts[:_SHOWN_RECEIPTS]:
        out.print(Padding(Text(f"note: {clean(receipt)}", style="dim"), (0, 0, 0, 0)))
    if len(report.receipts) > _SHOWN_RECEIPTS:
        out.print(Text(f"note: … and {len(report.receipts) - _SHOWN_RECEIPTS} more", style="dim"))


def _points(report: Report) -> Text:
    extra = bonus(report)
    text = Text(f"{points(report.score - extra)}/{points(report.max_score)}", style="bold")
    return text.append(f" +{points(extra)}" if extra else "", style="dim")


def _row(report: Report) -> list[Text]:
    name = Text(clean(report.submission.id))
    if report.status != "graded":
        style = "yellow" if report.status == "ungradable" else "red"
        empty = [Text("–", style="dim") for _ in report.questions]
        return [name, Text(report.status, style=style), *empty, Text("see below", style="dim")]
    cells = [
        Text(points(q.score) if q.status != "missing" else "·", style=_MARKS[q.status][1])
        for q in report.questions
    ]
    limit = report.execution.status if report.execution else "ok"
    notes = [] if limit == "ok" else [str(limit)]
    if report.manual_points_pending:
        notes.append(f"{points(report.manual_points_pending)} to read")
    return [
        name,
        _points(report),
        *cells,
        Text(", ".join(notes), style="yellow"),
    ]
