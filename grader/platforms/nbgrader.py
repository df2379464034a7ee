"""nbgrader: the CSV that `nbgrader export` writes, for tools that read it."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC

from grader.platforms.base import Export, Options, mark, points, status_remarks
from grader.standing import Standing
from grader.store import harmless

_COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def export(standings: Sequence[Standing], options: Options) -> Export:
    """Write a row a submission. Times are UTC without a zone, as nbgrader writes them.

    Other than nbgrader, which writes 0.0, a submission without a mark is blank. `duedate` is blank.
    """
    out = io.StringIO()
    # With another line end the csv module would leave a carriage return in a name unquoted.
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    count = 0
    for standing in standings:
        value = mark(standing, options)
        count += value is not None
        table.writerow(_row(standing, value, options))
    return Export(
        {".csv": out.getvalue().encode()},
        count,
        tuple(status_remarks(standings, options)),
        "give the file to whatever reads nbgrader's exports. nbgrader itself imports no marks.",
    )


def _row(standing: Standing, value: float | None, options: Options) -> list[str]:
    identity = standing.identity
    keys = ("student_id", "login", "sis_id", "email")
    student = next((identity[key] for key in keys if identity.get(key)), standing.submission)
    graded = standing.status == "graded"
    submitted = standing.submitted
    return [
        options.assignment,
        "",
        str(submitted.astimezone(UTC).replace(tzinfo=None)) if submitted else "",
        harmless(student),
        harmless(identity.get("last_name", "")),
        harmless(identity.get("first_name", "")),
        harmless(identity.get("email", "")),
        points(standing.raw_score) if graded else "",
        points(standing.penalty) if graded else "",
        "" if value is None else points(value),
        points(standing.max_score),
    ]
