"""Store: what `-o DIR` keeps of each submission. Every file is written whole or not at all."""

import contextlib
import csv
import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.assignment import Assignment
from grader.feedback.index import index
from grader.feedback.material import gather
from grader.feedback.page import page
from grader.pipeline import Graded
from grader.report import Report
from grader.wire import Frame, to_bytes

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def save(graded: Graded, assignment: Assignment, folder: Path) -> None:
    """Write one submission's report, its two pages and its snapshot below `folder`.

    `reports/ID.json`, `feedback/ID.html` for the student, `staff/ID.html`, and
    `snapshots/ID.frames` where the notebook ran.
    """
    name = file_name(graded.report.submission.id)
    text = json.dumps(graded.report.to_json(), indent=2, ensure_ascii=False)
    write(folder / "reports" / f"{name}.json", text.encode() + b"\n")
    material = gather(graded, assignment)
    write(folder / "feedback" / f"{name}.html", page(material, "student").encode())
    write(folder / "staff" / f"{name}.html", page(material, "staff").encode())
    if graded.execution is not None:
        frames = b"".join(
            to_bytes(Frame(dict(each.document), each.blob))
            for each in graded.execution.observations
        )
        write(folder / "snapshots" / f"{name}.frames", frames)


def save_table(reports: Sequence[Report], folder: Path) -> None:
    """Write grades.csv: a row a submission, a column a question."""
    questions = [question.name for question in reports[0].questions] if reports else []
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        [
            "submission",
            "status",
            "score",
            "max_score",
            "manual_points_pending",
            *questions,
            "message",
        ]
    )
    for report in reports:
        graded = report.status == "graded"
        table.writerow(
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
    write(folder / "grades.csv", out.getvalue().encode())


def save_index(reports: Sequence[Report], assignment: Assignment, folder: Path) -> None:
    """Write index.html: the class on one page, for staff, with links to `staff/ID.html`."""
    write(folder / "index.html", index(reports, assignment.settings.title, file_name).encode())


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def file_name(identifier: str) -> str:
    """Return a relative path for an id: inside its folder, and another one for another id."""
    parts = [
        re.sub(r"[^\w.\-+@ ,=()]", "_", part).strip(". ")[:100] or "_"
        for part in identifier.split("/")
    ]
    name = "/".join(parts)
    if name == identifier:
        return name
    return f"{name}-{hashlib.sha256(identifier.encode()).hexdigest()[:8]}"


def write(path: Path, content: bytes) -> None:
    """Write a file whole: it appears under its name only once every byte is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
