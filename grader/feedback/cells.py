"""Cells: the student's notebook as a page shows it, with a place for each question's result.

Cells as they were handed out are folded away, so that a reader meets the student's own work. The
cell that holds a question's check is replaced by the question's result.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grader.assignment import Question
from grader.feedback import clean
from grader.feedback.outputs import Shown, note, outputs, to_parse
from grader.notebook import CHECK_CALL

MOST_CELLS = 400
MOST_RICH = 150_000  # characters of the student's that are parsed; the rest is shown as plain text
MOST_BYTES = 1_800_000  # of a student's outputs in one page, which may have 3 MB in all
_HEADING = re.compile(r"^#{1,6}[ \t]+(.{1,120}?)[ \t#]*$", re.MULTILINE)
_EMPHASIS = re.compile(r"[*_`]|\$")


@dataclass(frozen=True)
class ShownCell:
    """One cell as HTML. `questions` are those whose result belongs right after it."""

    index: int
    kind: str
    html: str
    outputs: tuple[Shown, ...] = ()
    given: bool = False
    check: bool = False
    heading: str = ""
    questions: tuple[str, ...] = ()
    written: str = ""  # the question that a person reads this answer for
    error: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class Run:
    """Cells that belong together: those handed out, folded under `title`, or one cell alone."""

    cells: tuple[ShownCell, ...]
    given: bool
    title: str = ""


@dataclass(frozen=True)
class Outcomes:
    """How code cells ended when the grader ran them, by index."""

    errors: Mapping[int, str] = field(default_factory=dict)
    skipped: Collection[int] = ()


def shown(
    node: Any, starter: Collection[str], questions: Sequence[Question], outcomes: Outcomes
) -> tuple[ShownCell, ...]:
    """Return the cells of a notebook (nbformat 4); `starter` holds the sources handed out."""
    cells = list(node.cells)[:MOST_CELLS]
    places = _places(cells, questions)
    written = {q.manual.cell: q.name for q in questions if q.manual}
    found, parsed = [], 0
    for index, cell in enumerate(cells):
        given = _source(cell).strip() in starter
        parsed += (0 if given else len(_source(cell))) + to_parse(cell.get("outputs"))
        rich = parsed <= MOST_RICH
        found.append(_cell(index, cell, starter, places.get(index, ()), written, outcomes, rich))
    left_out = len(node.cells) - len(found)
    if left_out:
        found.append(ShownCell(MOST_CELLS, "note", note(f"{left_out} more cells left out")))
    return tuple(_within_budget(found))


def folded(cells: Sequence[ShownCell]) -> tuple[Run, ...]:
    """Return the cells in runs: neighbours that were handed out together, all others alone."""
    runs: list[Run] = []
    for cell in cells:
        if cell.given and runs and runs[-1].given:
            last = runs[-1]
            runs[-1] = Run((*last.cells, cell), True, last.title or cell.heading)
        else:
            runs.append(Run((cell,), cell.given, cell.heading))
    return tuple(runs)


def sources(node: Any) -> frozenset[str]:
    """Return the sources of a notebook's cells, to recognise cells that were handed out."""
    return frozenset(_source(cell).strip() for cell in node.cells)


def _cell(
    index: int,
    cell: Any,
    starter: Collection[str],
    questions: tuple[str, ...],
    written: Mapping[str, str],
    outcomes: Outcomes,
    rich: bool,
) -> ShownCell:
    source, kind = _source(cell), str(cell.cell_type)
    given = source.strip() in starter
    error = outcomes.errors.get(index, "")
    checks = _checks(source) if kind == "code" else ()
    only_check = bool(checks) and not _WITHOUT_CHECKS.sub("", source).strip()
    name = str(cell.metadata.get("name", "")) or str(cell.get("id", ""))
    return ShownCell(
        index=index,
        kind=kind if kind in ("code", "markdown") else "raw",
        html=_body(kind, source, cell.get("attachments"), kind == "code" and given)
        if rich or given
        else clean.plain(source),
        # What a check had shown is the student's file; the grader's own result stands there.
        outputs=() if only_check or kind != "code" else outputs(cell.get("outputs"), rich),
        given=given and not error and not questions and name not in written,
        check=only_check,
        heading=_heading(source) if kind == "markdown" else "",
        questions=questions,
        written=written.get(name, ""),
        error=error,
        skipped=index in outcomes.skipped,
    )


def _body(kind: str, source: str, attachments: object, handed_out: bool) -> str:
    # What was handed out is folded away: it does without colours.
    if kind == "code" and not handed_out:
        return clean.code(source) if source.strip() else ""
    if kind == "markdown" and isinstance(attachments, dict) and attachments:
        return clean.markdown_with(source, attachments)
    if kind == "markdown":
        return clean.markdown(source)
    return clean.plain(source)


def _places(cells: Sequence[Any], questions: Sequence[Question]) -> dict[int, tuple[str, ...]]:
    """Return the questions whose results follow each cell: the check's, else the last answer's."""
    places: dict[int, list[str]] = {}
    code = [(i, _source(c)) for i, c in enumerate(cells) if c.cell_type == "code"]
    for question in questions:
        checks = [i for i, source in code if question.name in _checks(source)]
        answers = [i for i, source in code if _defines(source, question.captures)]
        if checks or answers:
            places.setdefault(checks[0] if checks else answers[-1], []).append(question.name)
    return {index: tuple(names) for index, names in places.items()}


_WITHOUT_CHECKS = re.compile(r"""^check\(["']\w{1,80}["']\)[ \t]*;?[ \t]*$""", re.MULTILINE)


def _checks(source: str) -> tuple[str, ...]:
    return tuple(CHECK_CALL.findall(source[: clean.LONGEST_TEXT]))


def _defines(source: str, names: Sequence[str]) -> bool:
    listed = "|".join(map(re.escape, names))
    binding = rf"^[ \t]*(?:(?:class|def)[ \t]+(?:{listed})\b|(?:{listed})[ \t]*=(?!=))"
    return re.search(binding, source[: clean.LONGEST_TEXT], re.MULTILINE) is not None


def _heading(source: str) -> str:
    match = _HEADING.search(source[:2000])
    return _EMPHASIS.sub("", clean.visible(match.group(1))).strip() if match else ""


def _source(cell: Any) -> str:
    return str(cell.get("source", ""))


def _within_budget(cells: Sequence[ShownCell]) -> Iterator[ShownCell]:
    """Leave out the outputs, from the end, that would make the page too large."""
    left = MOST_BYTES
    for cell in cells:
        left -= len(cell.html)
        kept = []
        for output in cell.outputs:
            left -= output.size
            kept.append(output if left >= 0 else Shown(note("left out: the page is full")))
        if left < 0 and len(cell.html) > 2000:
            yield replace(cell, html=note("left out: the page is full"), outputs=tuple(kept))
        else:
            yield replace(cell, outputs=tuple(kept))
