"""Each rule of `grader verify` finds the fault it is there for."""

import shutil
from pathlib import Path

import pytest
from support import TINY

from grader.assignment import Assignment, Course
from grader.pipeline import Settings
from grader.verify import verify

PUBLIC = "assignments/averages/"
HIDDEN = "reference/averages/"

BROKEN = {
    "points differ": (PUBLIC + "assignment.toml", "points = 2\n", "points = 5\n", "add up to 2"),
    "a hidden test is public": (
        HIDDEN + "tests/mean.py", "hidden=True", "hidden=False", "must have hidden=True",
    ),
    "a wrong name": (HIDDEN + "tests/mean.py", 'name = "mean"', 'name = "maen"', "expected 'mean'"),
    "a test asks for what nothing provides": (
        HIDDEN + "tests/mean.py", "(mean_of_values,", "(mean_of_vaules,", "which nothing provides",
    ),
    "a probe of no question": (
        PUBLIC + "probes.py", '@probe("mean")\ndef mean_of_values', '@probe("man")\ndef mean_of_values',
        "no question 'man'",
    ),
    "the starter is stale": (PUBLIC + "notebook.py", "# # Averages", "# # Means", "is not what"),
    "a check cell is missing": (PUBLIC + "notebook.py", 'check("why")', "pass", 'no cell calls check("why")'),
    "a written cell is missing": (
        PUBLIC + "assignment.toml", "why-written", "why-wirtten", "no cell is named `why-wirtten`",
    ),
    "the starter gives points away": (
        PUBLIC + "notebook.py", "answer = ...", "answer = 4", "model: earned 0.5, expected 0",
    ),
    "the solution is wrong": (
        HIDDEN + "solution.py", "answer = 8", "answer = 9", "model: earned 0.5, expected 1.5",
    ),
    "the solution stumbles": (
        HIDDEN + "solution.py", 'word = "mean"', 'word = "mean"\n1 / 0', "ZeroDivisionError",
    ),
    "a fill has no cell": (
        HIDDEN + "solution.py", 'name="why-answer"', 'name="why-anwser"', "no cell named",
    ),
}  # fmt: skip


@pytest.fixture
def course(tmp_path: Path) -> Path:
    shutil.copytree(TINY, tmp_path / "course")
    return tmp_path / "course"


def faults(course: Path) -> str:
    assignment: Assignment = Course(course).assignment("averages")
    return "\n".join(proof.fault for proof in verify(assignment, Settings()) if proof.fault)


@pytest.mark.parametrize("situation", BROKEN)
def test_a_broken_assignment_is_found_out(course, situation):
    name, old, new, sentence = BROKEN[situation]
    path = course / name
    assert path.read_text().count(old) >= 1
    path.write_text(path.read_text().replace(old, new, 1))
    assert sentence in faults(course)


def test_a_stray_file_among_what_students_get_is_found_out(course):
    (course / PUBLIC / "solution_draft.ipynb").write_text("{}")
    (course / PUBLIC / "tests" / "q9.py").write_text("")
    found = faults(course)
    assert "solution_draft.ipynb: students would get this file" in found
    assert "q9.py: no question of this name" in found


def test_a_hidden_test_that_is_missing_is_found_out(course):
    (course / HIDDEN / "tests" / "why.py").unlink()
    assert "expected an otter test file, found none" in faults(course)


@pytest.mark.slow
def test_the_flagship_holds(convolution):
    assert [proof for proof in verify(convolution, Settings()) if proof.fault] == []
