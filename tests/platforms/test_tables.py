"""The two plain tables: every mark comes back, nothing is invented, no cell is a formula."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

from classroom import NAMES, POINTS, options, standing
from hypothesis import example, given
from hypothesis import strategies as st

from grader.platforms import exporter


def rows(platform, standings, **how):
    made = exporter(platform)(standings, options(**how))
    text = made.files[".csv"].decode()
    return list(csv.DictReader(io.StringIO(text, newline=""))), made


@given(st.lists(st.tuples(NAMES, NAMES, POINTS), min_size=1, max_size=5))
@example([("a\rb", "=1", 2.0)])
@example([("-1", "a\rb", 2.0)])
def test_marks_come_back_and_no_cell_is_a_formula(people):
    given = [
        standing(id, score, student=name, name=name, email=name, message=name)
        for id, name, score in people
    ]
    for platform, column in (("csv", "id"), ("nbgrader", "email")):
        found, made = rows(platform, given)
        assert [float(row["score"]) for row in found] == [score for *_, score in people]
        expected = [id if column == "id" else name for id, name, _ in people]
        for row, text in zip(found, expected, strict=True):
            assert row[column] in (text, f"'{text}")
            assert not any(
                cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values()
            )
        assert made.marks == len(people)


def test_the_plain_table_holds_all_that_is_known_of_a_submission():
    one = standing(
        "a/hw",
        13.5,
        student="Ann",
        email="ann@uni.example",
        raw_score=14.5,
        penalty=1.0,
        pending=2.0,
        submitted=datetime(2026, 3, 3, 23, 58, tzinfo=UTC),
        late_seconds=5400.0,
        attempt=2,
        questions={"q1": 3.0, "q2": 11.5},
    )
    (row,), _ = rows("csv", [one])
    assert row == {
        "id": "a/hw",
        "student": "Ann",
        "email": "ann@uni.example",
        "status": "graded",
        "score": "13.5",
        "max_score": "18",
        "raw_score": "14.5",
        "penalty": "1",
        "pending": "2",
        "submitted": "2026-03-03T23:58:00+00:00",
        "late_hours": "1.5",
        "attempt": "2",
        "q1": "3",
        "q2": "11.5",
        "message": "",
    }


def test_what_has_no_mark_is_blank():
    given = [
        standing(status, 0, status=status, questions={"q1": 0.0})
        for status in ("error", "ungradable", "absent")
    ]
    for platform in ("csv", "nbgrader"):
        found, made = rows(platform, given)
        assert [(row["score"], row["raw_score"]) for row in found] == [("", "")] * 3
        assert (made.marks, len(made.remarks)) == (0, 3)
        found, made = rows(platform, given, ungradable_as_zero=True, absent_as_zero=True)
        assert [row["score"] for row in found] == ["", "0", "0"]
        assert "the grader failed" in made.remarks[0]


def test_nbgraders_columns_and_times():
    east = timezone(timedelta(hours=2))
    one = standing(
        "x",
        13.5,
        raw_score=14.5,
        penalty=1.0,
        student_id="s1",
        last_name="Lee",
        first_name="Ann",
        submitted=datetime(2026, 3, 3, 23, 58, tzinfo=east),
    )
    (row,), _ = rows("nbgrader", [one])
    assert list(row.items()) == [
        ("assignment", "convolution"),
        ("duedate", ""),
        ("timestamp", "2026-03-03 21:58:00"),
        ("student_id", "s1"),
        ("last_name", "Lee"),
        ("first_name", "Ann"),
        ("email", ""),
        ("raw_score", "14.5"),
        ("late_submission_penalty", "1"),
        ("score", "13.5"),
        ("max_score", "18"),
    ]
