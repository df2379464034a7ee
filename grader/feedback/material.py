"""Material: what a page is made of, gathered once for every view of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import nbformat

from grader import pictures
from grader.assignment import Assignment
from grader.checks import load_reference
from grader.errors import AssignmentError
from grader.feedback import cells
from grader.feedback.cells import Outcomes, ShownCell
from grader.pictures import Maker, Picture
from grader.pipeline import Graded
from grader.report import QuestionRecord, Report
from grader.sandbox.execution import Execution
from grader.tolerance import arithmetic_of


@dataclass(frozen=True)
class Material:
    """A report, the student's cells and the pictures of each question.

    `notes` are for staff: what of the assignment could not be drawn, and why.
    """

    report: Report
    title: str
    cells: tuple[ShownCell, ...] = ()
    pictures: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    show_expected: bool = False


def gather(graded: Graded, assignment: Assignment) -> Material:
    """Return the material of a page. What an author's pictures.py raises becomes a note."""
    report, submission = graded.report, graded.submission
    drawn: dict[str, tuple[Picture, ...]] = {}
    notes: list[str] = []
    for question in report.questions:
        if question.status in ("partial", "none"):
            drawn[question.name] = tuple(_pictures(question, graded, assignment, notes))
    return Material(
        report=report,
        title=assignment.settings.title,
        cells=()
        if submission is None
        else cells.shown(
            submission.notebook.node,
            starter_sources(assignment.starter),
            assignment.questions,
            _outcomes(graded.execution),
        ),
        pictures=drawn,
        notes=tuple(dict.fromkeys(notes)),
        show_expected=assignment.settings.feedback.show_expected,
    )


@lru_cache(maxsize=8)
def starter_sources(path: Path) -> frozenset[str]:
    """Return the sources of the cells that students were handed; none where there is no starter."""
    try:
        return cells.sources(nbformat.read(path, as_version=4))
    except Exception:  # only folding depends on it
        return frozenset()


@lru_cache(maxsize=8)
def _public(path: Path) -> tuple[Maker, ...]:
    return pictures.load_public(path)


@lru_cache(maxsize=8)
def _hidden(folder: Path) -> tuple[Maker, ...]:
    return pictures.load_hidden(load_reference(folder))


def _pictures(
    question: QuestionRecord, graded: Graded, assignment: Assignment, notes: list[str]
) -> Iterator[Picture]:
    if graded.execution is None:
        return
    observations, arithmetic = graded.execution.observations, arithmetic_of(graded.execution.device)
    values = next((o.values for o in reversed(observations) if o.question == question.name), {})
    for load, where in ((_public, assignment.pictures_path), (_hidden, assignment.hidden)):
        try:
            yield from pictures.make(load(where), question.name, values, graded.given, arithmetic)
        except AssignmentError as error:
            notes.append(str(error))


def _outcomes(execution: Execution | None) -> Outcomes:
    listed = execution.cells if execution else ()
    return Outcomes(
        errors={each.index: each.error or "" for each in listed if each.status == "error"},
        skipped=frozenset(each.index for each in listed if each.status == "skipped"),
    )
