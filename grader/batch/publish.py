"""Publish: make a folder's files say what its gradebook says."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.assignment import Assignment
from grader.batch.grading import revived
from grader.batch.produce import report_name, report_text, views
from grader.errors import SandboxError
from grader.facts import Facts
from grader.feedback.index import index
from grader.gradebook import Gradebook, Marking
from grader.pipeline import Settings
from grader.report import Report
from grader.store import file_name, harmless, write


def publish(book: Gradebook, assignment: Assignment, settings: Settings, folder: Path) -> int:
    """Write the reports and pages that no longer say what counts, grades.csv and index.html.

    Returns how many submissions were written anew. The gradebook has the last word: files that are
    right are left as they are.
    """
    renewed = 0
    for facts, report in book.settled(assignment.name):
        if not _says(folder / report_name(facts.id), report):
            for name, content in _views(facts, report, assignment, settings, folder).items():
                write(folder / name, content)
            renewed += 1
    reports = (report for _, report in book.settled(assignment.name))
    write(folder / "grades.csv", "".join(_table(reports)).encode())
    listed = [report.slim() for _, report in book.settled(assignment.name)]
    write(folder / "index.html", index(listed, assignment.settings.title, file_name).encode())
    return renewed


def _says(path: Path, report: Report) -> bool:
    try:
        return path.read_bytes() == report_text(report)
    except OSError:
        return False


def _views(
    facts: Facts, report: Report, assignment: Assignment, settings: Settings, folder: Path
) -> dict[str, bytes]:
    try:
        graded = revived(Marking(facts, report), folder, assignment, settings)
    except SandboxError:
        # What was run is gone: the report alone can be said.
        return {report_name(facts.id): report_text(report)}
    return views(graded, report, assignment)


def _table(reports: Iterable[Report]) -> Iterator[str]:
    """Yield grades.csv: a row a submission, a column a question."""
    head = ["submission", "status", "score", "max_score", "manual_points_pending"]
    begun = False
    for report in reports:
        if not begun:
            yield _line([*head, *(question.name for question in report.questions), "message"])
            begun = True
        graded = report.status == "graded"
        yield _line(
            [
                harmless(report.submission.id),
                report.status,
                report.score if graded else "",
                report.max_score,
                report.manual_points_pending if graded else "",
                *(question.score if graded else "" for question in report.questions),
                harmless(report.message or ""),
            ]
        )
    if not begun:
        yield _line([*head, "message"])


def _line(cells: list[object]) -> str:
    out = io.StringIO()
    # With another line end the csv module would leave a carriage return in a cell unquoted.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n") + "\n"
