"""Publish: make a folder's files say what its gradebook says. Imports torch only to make pages."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.assignment import Assignment
from grader.batch.names import page_names, report_name
from grader.batch.thin import Thin
from grader.errors import SandboxError
from grader.facts import Facts
from grader.feedback.index import index
from grader.gradebook import Gradebook, Marking
from grader.report import QuestionRecord, Report, text_of
from grader.score import tidy
from grader.settings import Settings
from grader.store import file_name, harmless, write


@dataclass(frozen=True)
class Published:
    """All reports of the class as they count, thin and sorted by id; how many were written anew."""

    reports: tuple[Report, ...] = field(repr=False)
    renewed: int


def publish(book: Gradebook, assignment: Assignment, settings: Settings, folder: Path) -> Published:
    """Write the reports and pages that no longer say what counts, grades.csv and index.html.

    The gradebook has the last word: files that are right are left as they are.
    """
    thin, reports, renewed = Thin(), [], 0
    for facts, report in book.settled(assignment.name):
        if not _is_said(folder, report):
            for name, content in _views(facts, report, assignment, settings, folder).items():
                write(folder / name, content)
            renewed += 1
        reports.append(thin(report))
    _write_new(folder / "grades.csv", table(reports).encode())
    page = index(reports, assignment.settings.title, file_name)
    _write_new(folder / "index.html", page.encode())
    return Published(tuple(reports), renewed)


def _write_new(path: Path, content: bytes) -> None:
    if not (path.is_file() and path.read_bytes() == content):
        write(path, content)


def _is_said(folder: Path, report: Report) -> bool:
    """Return whether the report's file and pages are there, and the report says what counts."""
    name = report.submission.id
    try:
        said = (folder / report_name(name)).read_bytes() == text_of(report)
    except OSError:
        return False
    return said and all((folder / page).is_file() for page in page_names(name).values())


def _views(
    facts: Facts, report: Report, assignment: Assignment, settings: Settings, folder: Path
) -> dict[str, bytes]:
    from grader.batch.grading import revived
    from grader.batch.produce import views
    from grader.pipeline import Graded

    try:
        graded = revived(Marking(facts, report), folder, assignment, settings)
    except SandboxError:
        # What was run is gone: the report alone can be shown.
        graded = Graded(report)
    return views(graded, report, assignment)


def table(reports: Iterable[Report]) -> str:
    """Return grades.csv: a row a submission, a column a question with its manual points.

    `adjustments` is what lateness, cap, rounding and minimum came to: the row adds up.
    """
    return "".join(_rows(reports))


def _rows(reports: Iterable[Report]) -> Iterator[str]:
    head = ["submission", "status", "score", "max_score", "manual_points_pending"]
    begun = False
    for report in reports:
        if not begun:
            names = (question.name for question in report.questions)
            yield _line([*head, *names, "adjustments", "message"])
            begun = True
        graded = report.status == "graded"
        yield _line(
            [
                harmless(report.submission.id),
                report.status,
                report.score if graded else "",
                report.max_score,
                report.manual_points_pending if graded else "",
                *(_earned(question, report) if graded else "" for question in report.questions),
                _adjusted(report) if graded else "",
                harmless(report.message or ""),
            ]
        )
    if not begun:
        yield _line([*head, "adjustments", "message"])


def _earned(question: QuestionRecord, report: Report) -> float:
    given = (a.points for a in report.adjustments if a.question == question.name)
    return tidy(question.score + sum(given))


def _adjusted(report: Report) -> float:
    return tidy(sum(a.points for a in report.adjustments if a.question is None))


def _line(cells: list[object]) -> str:
    out = io.StringIO()
    # With another line end the csv module would leave a carriage return in a cell unquoted.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n") + "\n"
