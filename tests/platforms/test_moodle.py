"""Moodle gets back its own worksheet with grades and comments, and a zip that it can place."""

import csv
import io

import pytest
from classroom import MOODLE_HEADER, NAMES, POINTS, moodle, options, standing
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import moodle_feedback, moodle_import

from grader.errors import UsageError
from grader.platforms.moodle import export, folder_name

CLASS = ((501, "Ann Lee", "ann@uni.example"), (502, "Bob O'Brien", "bob@uni.example"))


def imported(made, maximum=18.0, **how):
    return moodle_import(made.files[".csv"], {501, 502}, maximum, **how)


def cells(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(NAMES, POINTS), min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
    st.sampled_from(",;"),
)
def test_marks_reach_the_students_whatever_they_are_called(people, german, bom, separator):
    rows = [(500 + at, name, f"u{at}@uni.example") for at, (name, _) in enumerate(people)]
    template = moodle(rows, german=german, bom=b"\xef\xbb\xbf" * bom, separator=separator)
    given = [
        standing(f"u{at}", score, moodle_participant=str(500 + at))
        for at, (_, score) in enumerate(people)
    ]
    made = export(given, options(template))
    done = moodle_import(
        made.files[".csv"], {row[0] for row in rows}, 18.0, german=german, separator=separator
    )
    assert done.grades == {500 + at: score for at, (_, score) in enumerate(people)}
    assert done.skipped == []
    assert made.marks == len(people)


@settings(max_examples=60)
@given(NAMES, st.sampled_from(["Tuesday, 3 March 2026, 11:58 PM", "3/03/26, 23:58", "-", ""]))
def test_every_other_cell_stays_byte_for_byte(name, date):
    own = {501: {"Last modified (grade)": date, "Last modified (submission)": date}}
    template = moodle([(501, name, "ann@uni.example")], cells=own, end="\r\n", bom=b"\xef\xbb\xbf")
    made = export([standing("a", 9, email="ann@uni.example")], options(template)).files[".csv"]
    back = made.replace(b",9,18.00,", b",,18.00,").replace(b"9 of 18 points", b"")
    assert back == template


@pytest.mark.parametrize(
    "known",
    [{"moodle_participant": "502"}, {"email": "BOB@uni.example"}, {"name": "bob O'brien"}],
)
def test_a_student_is_found_by_participant_email_or_name(known):
    made = export([standing("x", 7, **known)], options(moodle(CLASS)))
    assert imported(made).grades == {502: 7.0}


def test_another_participants_number_outweighs_an_equal_name():
    made = export([standing("x", moodle_participant="777", name="Ann Lee")], options(moodle(CLASS)))
    assert imported(made).grades == {}
    assert "1 submission has no row in the worksheet: x: 14.5" in made.remarks[0]


def test_rows_that_moodle_would_skip_without_a_word_are_named_and_left_alone():
    template = moodle(CLASS, cells={502: {"Grade can be changed": "No", "Grade": "3.00"}})
    given = [standing("a", 19.5, email=CLASS[0][2]), standing("b", 5, email=CLASS[1][2])]
    made = export(given, options(template))
    assert made.files[".csv"] == template
    assert imported(made, locked={502}).grades == {}
    assert made.marks == 0
    said = " ".join(made.remarks)
    assert "more than the maximum grade in Moodle, which would skip the row: Ann Lee: 19.5" in said
    assert "may not be changed in Moodle (locked or overridden in the gradebook): Bob" in said


def test_marks_that_do_not_exist_are_no_zeros():
    given = [
        standing("a", 0, status="error", email=CLASS[0][2], message="The worker died."),
        standing("b", 0, status="ungradable", email=CLASS[1][2], message="<No> notebook."),
    ]
    done = imported(export(given, options(moodle(CLASS))))
    assert done.grades == {}
    assert done.comments == {502: "Not graded: &lt;No&gt; notebook."}
    zeros = imported(export(given, options(moodle(CLASS), ungradable_as_zero=True)))
    assert zeros.grades == {502: 0.0}


def test_the_comment_says_how_the_grade_came_about():
    one = standing(
        "a",
        13.5,
        email=CLASS[0][2],
        questions={"q1": 3.0, "q2": 11.5},
        penalty=1.0,
        pending=2.0,
    )
    done = imported(export([one], options(moodle(CLASS))))
    assert done.comments[501] == (
        "13.5 of 18 points<br>q1: 3<br>q2: 11.5<br>Handed in late: -1<br>"
        "Up to 2 more for written answers"
    )


def test_a_persons_comment_is_kept_and_our_own_is_renewed():
    own = {
        501: {"Feedback comments": "See me, please."},
        502: {"Feedback comments": "3 of 18 points<br>q1: 3"},
    }
    given = [standing("a", 9, email=CLASS[0][2]), standing("b", 9, email=CLASS[1][2])]
    made = export(given, options(moodle(CLASS, cells=own)))
    assert imported(made).comments == {501: "See me, please.", 502: "9 of 18 points"}
    assert any("1 feedback comment written in Moodle are kept" in r for r in made.remarks)


def test_absent_students_are_zero_only_when_asked_and_keep_a_persons_grade():
    given = [standing("a", 9, email=CLASS[0][2])]
    three = (*CLASS, (503, "Wei Zhang", "wei@uni.example"))
    template = moodle(three, cells={503: {"Grade": "4.00"}})
    assert imported(export(given, options(template))).grades == {501: 9.0}
    zeros = export(given, options(template, absent_as_zero=True))
    done = moodle_import(zeros.files[".csv"], {501, 502, 503}, 18.0)
    assert done.grades == {501: 9.0, 502: 0.0, 503: 4.0}


def test_another_maximum_grade_is_said_and_scaled_only_when_asked():
    template = moodle(CLASS).replace(b"18.00", b"100.00")
    given = [standing("a", 9, email=CLASS[0][2])]
    made = export(given, options(template))
    assert imported(made, 100).grades == {501: 9.0}
    assert any("maximum grade is 100 in Moodle, here 18" in r for r in made.remarks)
    assert imported(export(given, options(template, scale=True)), 100).grades == {501: 50.0}


@settings(max_examples=80)
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_moodle_places_every_feedback_page_whatever_the_name(names):
    rows = [(500 + at, name, f"u{at}@uni.example") for at, name in enumerate(names)]
    given = [standing(f"u{at}", email=row[2]) for at, row in enumerate(rows)]
    made = export(given, options(moodle(rows), page=lambda id: f"<p>{id}</p>".encode()))
    file = io.BytesIO()
    made.files["-feedback.zip"](file)  # type: ignore[operator]
    assert moodle_feedback(file.getvalue(), {row[0] for row in rows}) == {
        500 + at: ("feedback.html", f"<p>u{at}</p>".encode()) for at in range(len(rows))
    }


def test_folders_are_named_as_moodle_names_them():
    assert folder_name("Ann_Marie O'Lee", "7") == "Ann Marie OLee_7_assignsubmission_file"
    assert folder_name("../..", "7") == "...._7_assignsubmission_file"
    assert folder_name("", "7") == "Participant_7_assignsubmission_file"


def test_no_page_goes_back_for_what_the_grader_failed_on():
    given = [standing("a", status="error", email=CLASS[0][2]), standing("b", email=CLASS[1][2])]
    pages = {"a": b"a", "b": None}
    made = export(given, options(moodle(CLASS), page=pages.get))
    file = io.BytesIO()
    made.files["-feedback.zip"](file)  # type: ignore[operator]
    assert moodle_feedback(file.getvalue(), {501, 502}) == {}
    assert any("No feedback page was found for Bob OBrien_502" in r for r in made.remarks)


def test_blind_marking_without_names_works():
    rows = [[c for at, c in enumerate(row) if at not in (1, 2)] for row in cells(moodle(CLASS))]
    template = "\n".join(",".join(f'"{c}"' for c in row) for row in rows).encode()
    made = export([standing("a", 9, moodle_participant="501")], options(template))
    assert imported(made).grades == {501: 9.0}


def test_what_is_no_worksheet_is_refused():
    with pytest.raises(UsageError, match="Download grading worksheet"):
        export([standing("a")], options())
    with pytest.raises(UsageError, match=r"expected Identifier, Grade.*choose English"):
        export([standing("a")], options(b"Identifiant,Note\nParticipant 1,\n"))
    scale = moodle(CLASS).replace(b"Maximum Grade", b"Scale")
    assert "Scale" not in MOODLE_HEADER
    with pytest.raises(UsageError, match="scale of words"):
        export([standing("a")], options(scale))


def test_two_submissions_of_one_participant_are_refused():
    doubled = [standing("a/1", email=CLASS[0][2]), standing("a/2", moodle_participant="501")]
    with pytest.raises(UsageError, match="Ann Lee: a/1, a/2"):
        export(doubled, options(moodle(CLASS)))
