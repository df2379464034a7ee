"""Canvas gets back its own gradebook with one column of marks, and nothing else changes."""

import pytest
from classroom import NAMES, POINTS, canvas, options, standing
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import canvas_import

from grader.errors import UsageError
from grader.platforms.canvas import export

CLASS = (
    ("Lee, Ann", 11, "s11", "ann", "Lab A"),
    ("O'Brien, Bob", 12, "s12", "bob@uni.example", "Lab A and Lab B"),
    ("Zhang, Wei", 13, "s13", "wei", "Lab B"),
)
STUDENTS = {number: name for name, number, *_ in CLASS} | {999: "Student, Test"}


def imported(made, students=STUDENTS):
    done = canvas_import(made.files[".csv"], students, {4001, 4002})
    assert done.created == []
    assert done.unknown == []
    return done


def scores(made, students=STUDENTS):
    done = imported(made, students)
    assert all(set(marks) == {4002} for marks in done.grades.values())
    return {number: marks[4002] for number, marks in done.grades.items()}


@settings(max_examples=60)
@given(st.lists(st.tuples(NAMES, POINTS), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_marks_reach_the_students_whatever_they_are_called(people, bom, crlf):
    rows = [(name, 100 + at, f"s{at}", f"u{at}", "Lab") for at, (name, _) in enumerate(people)]
    template = canvas(rows, bom=b"\xef\xbb\xbf" * bom, end="\r\n" if crlf else "\n")
    given = [
        standing(f"u{at}", score, canvas_id=str(100 + at)) for at, (_, score) in enumerate(people)
    ]
    made = export(given, options(template))
    students = {number: name for name, number, *_ in rows} | {999: "Student, Test"}
    got = scores(made, students)
    assert {n: float(got[n]) for n in got if n != 999} == {
        100 + at: score for at, (_, score) in enumerate(people)
    }
    assert got[999] == ""
    assert made.marks == len(people)


@given(NAMES)
def test_the_students_own_cells_stay_byte_for_byte(name):
    template = canvas([(name, 11, "s11", "ann", "Lab A")], bom=b"\xef\xbb\xbf")
    made = export([standing("a", canvas_id="11")], options(template)).files[".csv"]
    before = template.split(b",a note,")[0]
    assert (
        made.split(b"Points Possible")[1]
        .split(b"\r\n", 1)[1]
        .startswith(before.split(b"Points Possible")[1].split(b"\r\n", 1)[1] + b",14.5\r\n")
    )


def test_only_the_assignments_column_is_in_the_file():
    made = export([standing("a", canvas_id="11")], options(canvas(CLASS)))
    lines = made.files[".csv"].decode().split("\r\n")
    assert lines[0] == "Student,ID,SIS User ID,SIS Login ID,Section,HW 2: Convolution (4002)"
    assert lines[1] == ",,,,,Manual Posting"
    assert lines[2] == "    Points Possible,,,,,18.00"
    assert lines[3] == '"Lee, Ann",11,s11,ann,Lab A,14.5'
    assert "Test" in lines[6]
    assert imported(made).possible == {4002: "18.00"}


@pytest.mark.parametrize(
    "known",
    [
        {"canvas_id": "12"},
        {"sis_id": "S12"},
        {"login": "bob@uni.example"},
        {"email": "Bob@Uni.example"},
        {"student_id": "s12"},
        {"name": "Bob  O'Brien"},
        {"first_name": "Bob", "last_name": "O'Brien"},
        {"student": "O'Brien, Bob"},
    ],
)
def test_a_student_is_found_by_any_name_that_canvas_has_for_them(known):
    made = export([standing("x", **known)], options(canvas(CLASS)))
    assert scores(made) == {11: "", 12: "14.5", 13: "", 999: ""}


def test_a_name_does_not_outweigh_an_id_that_says_otherwise():
    made = export([standing("x", 9, canvas_id="77", name="Ann Lee")], options(canvas(CLASS)))
    assert set(scores(made).values()) == {""}
    assert "1 submission has no row in the template: x: 9" in made.remarks[0]


def test_two_students_of_one_name_are_not_guessed_between():
    twins = [("Lee, Ann", 11, "s11", "a1", "A"), ("Lee, Ann", 12, "s12", "a2", "B")]
    made = export([standing("x", name="Ann Lee")], options(canvas(twins)))
    assert made.marks == 0
    assert "1 submission has no row in the template: x: 14.5" in made.remarks[0]


def test_two_submissions_of_one_student_are_refused_and_listed():
    doubled = [standing("a/1", canvas_id="11"), standing("a/2", name="Ann Lee")]
    with pytest.raises(UsageError, match=r"Lee, Ann: a/1, a/2.*Nothing was written"):
        export(doubled, options(canvas(CLASS)))


def test_a_student_listed_as_absent_whose_work_is_there_has_its_mark():
    given = [standing("wei", 0, status="absent", canvas_id="13"), standing("w", 4, canvas_id="13")]
    made = export(given, options(canvas(CLASS), absent_as_zero=True))
    assert scores(made)[13] == "4"


def test_a_failed_grader_never_costs_a_mark():
    """The cell keeps what Canvas has, because a cleared cell would remove it there."""
    template = canvas(CLASS, cells={11: "16", 12: "3"})
    given = [
        standing("a", 0, status="error", canvas_id="11"),
        standing("b", 0, status="ungradable", canvas_id="12"),
        standing("c", 0, status="absent", canvas_id="13"),
    ]
    made = export(given, options(template))
    assert scores(made) == {11: "16", 12: "3", 13: "", 999: ""}
    assert made.marks == 0
    assert "1 submission is without a mark because the grader failed" in made.remarks[0]
    zeros = export(given, options(template, ungradable_as_zero=True, absent_as_zero=True))
    assert scores(zeros) == {11: "16", 12: "0", 13: "0", 999: ""}


def test_who_is_excused_stays_excused():
    template = canvas(CLASS, cells={11: "EX", 13: "N/A"})
    made = export([standing(x, canvas_id=x) for x in ("11", "12", "13")], options(template))
    assert scores(made) == {11: "EX", 12: "14.5", 13: "N/A", 999: ""}
    assert made.marks == 1
    assert any("excused in Canvas (EX) and stay so: Lee, Ann" in r for r in made.remarks)


def test_absent_students_get_no_zero_while_a_submission_could_be_theirs():
    given = [standing("a", canvas_id="11"), standing("mystery")]
    made = export(given, options(canvas(CLASS), absent_as_zero=True))
    assert scores(made) == {11: "14.5", 12: "", 13: "", 999: ""}
    made = export(given[:1], options(canvas(CLASS, cells={13: "5"}), absent_as_zero=True))
    assert scores(made) == {11: "14.5", 12: "0", 13: "5", 999: ""}
    given = [given[0], standing("wei", 0, status="absent", canvas_id="13")]
    made = export(given, options(canvas(CLASS, cells={13: "5"}), absent_as_zero=True))
    assert scores(made) == {11: "14.5", 12: "0", 13: "5", 999: ""}


@pytest.mark.parametrize("separator", [";", ","])
def test_a_german_gradebook_keeps_its_separator_and_decimal_commas(separator):
    template = canvas(CLASS, separator=separator, comma=True)
    made = export([standing("a", 14.5, canvas_id="11")], options(template))
    assert b"14,5" in made.files[".csv"]
    assert scores(made) == {11: "14.5", 12: "", 13: "", 999: ""}


def test_other_points_possible_are_said_and_scaled_only_when_asked():
    template = canvas(CLASS).replace(b"18.00", b"100")
    given = [standing("a", 9, canvas_id="11")]
    made = export(given, options(template))
    assert scores(made)[11] == "9"
    assert any("out of 100 points in Canvas, here out of 18" in r for r in made.remarks)
    assert scores(export(given, options(template, scale=True)))[11] == "50"


def test_points_that_a_person_still_gives_are_said_first():
    given = [standing("a", canvas_id="11", pending=2.0), standing("b", 0, status="error")]
    made = export(given, options(canvas(CLASS)))
    assert made.remarks[0].startswith("NOT FINAL: 1 submission is waiting")
    assert scores(made)[11] == "14.5"


def test_the_column_can_be_named_and_is_never_guessed():
    template = canvas(CLASS).replace(b"warm up", b"convolution 0")
    given = [standing("a", canvas_id="11")]
    with pytest.raises(UsageError) as told:
        export(given, options(template))
    assert "found 2" in str(told.value)
    assert "“HW 1, convolution 0 (4001)”; “HW 2: Convolution (4002)”" in str(told.value)
    for column in ("4002", "HW 2: Convolution", "hw 2: convolution (4002)"):
        assert scores(export(given, options(template, column=column)))[11] == "14.5"


@pytest.mark.parametrize(
    "column", ["Final Score", "Final Score (2026)", "2026", "Notes", "Section", "Current Score"]
)
def test_a_column_that_canvas_computes_or_that_is_no_assignment_is_refused(column):
    with pytest.raises(UsageError, match="found 0"):
        export([standing("a", canvas_id="11")], options(canvas(CLASS), column=column))


def test_without_a_gradebook_nothing_is_made():
    with pytest.raises(UsageError, match="creates a new assignment"):
        export([standing("a")], options())
    with pytest.raises(UsageError, match="no Canvas gradebook"):
        export([standing("a")], options(b"name,grade\nann,3\n"))
