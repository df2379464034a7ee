"""assignment.toml: typed, and a typo is caught with a suggestion."""

import shutil
from pathlib import Path

import pytest
from support import ROOT, TINY

from grader.assignment import Course, find_course, read_settings
from grader.errors import AssignmentError, UsageError

SOUND = """
title = "T"
version = "1"
[[questions]]
name = "q1"
title = "Q"
points = 1
captures = ["x"]
"""


def settings(tmp_path: Path, text: str):
    path = tmp_path / "assignment.toml"
    path.write_text(text)
    return read_settings(path)


def test_a_sound_file_is_read(tmp_path):
    found = settings(tmp_path, SOUND)
    assert found.questions[0].captures == ("x",)
    assert found.limits.cell_seconds == 60


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("points = 1", "poinst = 1"), "unknown key `questions.0.poinst`; did you mean `points`?"),
        (
            ('version = "1"', 'version = "1"\n[limits]\ncell_second = 3'),
            "; did you mean `cell_seconds`?",
        ),
        (("points = 1", "points = -1"), "`questions.0.points`: Input should be greater than 0"),
        (("points = 1", 'points = "many"'), "`questions.0.points`"),
        (('captures = ["x"]', "captures = []"), "`questions.0.captures`"),
        (('captures = ["x"]', 'captures = ["not a name"]'), "`questions.0.captures.0`"),
        (('title = "T"', ""), "`title`: Field required"),
        (("[[questions]]", "[[questions"), "not valid TOML"),
    ],
)
def test_a_fault_is_named(tmp_path, change, sentence):
    with pytest.raises(AssignmentError) as caught:
        settings(tmp_path, SOUND.replace(*change))
    assert sentence in str(caught.value)


def test_two_questions_of_one_name_are_refused(tmp_path):
    with pytest.raises(AssignmentError, match="two questions are named q1"):
        settings(tmp_path, SOUND + SOUND[SOUND.index("[[") :])


def test_the_course_is_the_nearest_above(tmp_path):
    assert find_course(TINY / "assignments" / "averages").root == TINY
    assert find_course(ROOT / "grader").root == ROOT
    with pytest.raises(UsageError, match="Name one with --course"):
        find_course(tmp_path)


def test_an_unknown_assignment_names_the_known_ones():
    with pytest.raises(UsageError, match="found: convolution; did you mean `convolution`"):
        Course(ROOT).assignment("convolutoin")


def test_the_secret_survives_a_corrected_test_and_not_another_solution(tmp_path):
    shutil.copytree(TINY, tmp_path / "course")
    course = Course(tmp_path / "course")
    before = course.assignment("averages").secret
    hidden = tmp_path / "course" / "reference" / "averages"
    (hidden / "tests" / "mean.py").write_text("# corrected")
    assert course.assignment("averages").secret == before
    (hidden / "seed").write_text("chosen by the author")
    assert course.assignment("averages").secret != before
    (hidden / "seed").unlink()
    (hidden / "solution.py").unlink()
    with pytest.raises(AssignmentError, match=r"expected a solution\.py"):
        course.assignment("averages").secret  # noqa: B018


def test_the_flagship_has_the_questions_it_promises(convolution):
    found = {q.name: (q.points, q.bonus) for q in convolution.questions}
    assert found == {
        "q1_equation": (3, False),
        "q2_layer": (4, False),
        "q3_activations": (5, False),
        "q4_counts": (4, False),
        "q5_filters": (2, False),
        "q6_weights": (1, True),
        "q7_complex_cell": (2, True),
    }
    assert sum(q.manual.points for q in convolution.questions if q.manual) == 3
