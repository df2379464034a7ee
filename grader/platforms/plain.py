"""Plain: everything that is known of each submission, as one CSV for a spreadsheet or a script."""

import csv
import io
from collections.abc import Sequence

from grader.platforms.base import Export, Options, mark, points, status_remarks
from grader.standing import Standing
from grader.store import harmless

_IDENTITY = (
    "name",
    "first_name",
    "last_name",
    "email",
    "login",
    "student_id",
    "sis_id",
    "canvas_id",
    "moodle_participant",
    "gradescope_submission",
    "gradescope_user",
)


def export(standings: Sequence[Standing], options: Options) -> Export:
    """Write a row a submission: who, status, score, how it came about, a column a question.

    Only what is known of somebody has a column. What has no mark is blank. Times are UTC.
    """
    identity = [key for key in _IDENTITY if any(key in each.identity for each in standings)]
    questions = list(dict.fromkeys(name for each in standings for name in each.questions))
    out = io.StringIO()
    # With another line end the csv module would leave a carriage return in a name unquoted.
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(
        [
            "id",
            "student",
            *identity,
            "status",
            "score",
            "max_score",
            "raw_score",
            "penalty",
            "pending",
            "submitted",
            "late_hours",
            "attempt",
            *questions,
            "message",
        ]
    )
    count = 0
    for each in standings:
        value = mark(each, options)
        count += value is not None
        graded = each.status == "graded"
        there = each.status != "absent"
        table.writerow(
            [
                harmless(each.submission),
                harmless(each.student or ""),
                *(harmless(each.identity.get(key, "")) for key in identity),
                each.status,
                "" if value is None else points(value),
                points(each.max_score),
                *(
                    points(number) if graded else ""
                    for number in (each.raw_score, each.penalty, each.pending)
                ),
                each.submitted.isoformat() if each.submitted else "",
                points(each.late_seconds / 3600) if there else "",
                each.attempt if there else "",
                *(
                    points(each.questions[name]) if graded and name in each.questions else ""
                    for name in questions
                ),
                harmless(each.message or ""),
            ]
        )
    return Export(
        {".csv": out.getvalue().encode()},
        count,
        tuple(status_remarks(standings, options)),
        "open the file in a spreadsheet or a script. It is UTF-8 with commas, and a cell that a "
        "spreadsheet could take for a formula begins with an apostrophe.",
    )
