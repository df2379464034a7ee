"""Gradescope gets an autograder that hands each submission the mark it has, and hides nothing."""

import io
import json
import os
import subprocess
import zipfile

import pytest
from classroom import options, standing

from grader.errors import UsageError
from grader.platforms.gradescope import export, result
from grader.report import Report


def report(*checks: tuple[str, bool, float, float]) -> Report:
    """Return a report of one question with these checks."""
    listed = [
        {
            "name": name,
            "hidden": hidden,
            "status": "passed" if earned == most else "failed",
            "points": earned,
            "max_points": most,
            "message": f"About {name}.",
        }
        for name, hidden, earned, most in checks
    ]
    earned, most = sum(c[2] for c in checks), sum(c[3] for c in checks)
    question = {"name": "q1", "title": "The layer", "score": earned, "max_score": most}
    question |= {"bonus": False, "status": "partial", "checks": listed, "diagnosis": None}
    return Report.model_validate(
        {
            "assignment": {"name": "convolution", "version": "1"},
            "submission": {"id": "a", "student": None, "sha256": ""},
            "status": "graded",
            "message": None,
            "score": earned,
            "max_score": most,
            "manual_points_pending": 0,
            "questions": [question],
            "execution": None,
            "receipts": [],
        }
    )


def archive(made):
    file = io.BytesIO()
    made.files[".zip"](file)
    return zipfile.ZipFile(file)


def graded(tmp_path, made, number):
    """Let Gradescope's harness run the autograder on a submission."""
    source = tmp_path / "source"
    source.mkdir(exist_ok=True)
    archive(made).extractall(source)
    (tmp_path / "submission_metadata.json").write_text(json.dumps({"id": number}))
    script = source / "run_autograder"
    script.chmod(0o755)
    done = subprocess.run([script, tmp_path], capture_output=True, text=True, check=False)
    answer = tmp_path / "results" / "results.json"
    return done, json.loads(answer.read_text()) if answer.is_file() else None


def test_each_submission_gets_its_own_mark(tmp_path):
    given = [
        standing("a", 14.5, gradescope_submission="7001", questions={"q1": 14.5}),
        standing("b", 3, gradescope_submission="7002", questions={"q1": 3.0}),
    ]
    made = export(given, options())
    assert made.marks == 2
    assert graded(tmp_path, made, 7002)[1]["score"] == 3
    assert graded(tmp_path, made, 7001)[1]["score"] == 14.5


def test_a_submission_without_a_mark_gets_no_zero(tmp_path):
    given = [
        standing("a", 0, status="error", gradescope_submission="7001"),
        standing("b", 0, status="ungradable", gradescope_submission="7002"),
    ]
    made = export(given, options())
    done, answer = graded(tmp_path, made, 7001)
    assert answer is None
    assert done.returncode != 0
    assert "no mark yet" in done.stderr
    assert made.marks == 0
    zeros = export(given, options(ungradable_as_zero=True))
    assert graded(tmp_path, zeros, 7002)[1]["score"] == 0


def test_hidden_checks_are_folded_into_one_visible_line():
    known = report(("shape", False, 1, 1), ("secret", True, 2, 3), ("flip", True, 0, 1))
    made = result(standing("a", 3), 3, known)
    assert [test["name"] for test in made["tests"]] == ["The layer: shape", "Further checks"]
    assert (made["tests"][1]["score"], made["tests"][1]["max_score"]) == (2, 4)
    assert made["tests"][1]["status"] == "failed"
    assert sum(test["score"] for test in made["tests"]) == made["score"]
    assert "secret" not in json.dumps(made)
    assert {test["visibility"] for test in made["tests"]} == {made["visibility"]} == {"visible"}


def test_the_score_counts_and_what_the_tests_do_not_show_is_said():
    made = result(standing("a", 2, pending=1.5), 2, report(("shape", False, 3, 3)))
    assert made["score"] == 2
    assert "The tests below add up to 3" in made["output"]
    assert "Up to 1.5 more for written answers." in made["output"]


def test_the_scripts_may_be_executed():
    made = archive(export([standing("a", gradescope_submission="1")], options()))
    for name in ("setup.sh", "run_autograder"):
        assert made.getinfo(name).external_attr >> 16 & os.X_OK
    assert "submission_1/results/results.json" in made.namelist()


def test_what_cannot_go_back_is_named():
    given = [standing("a", gradescope_submission="../../x"), standing("b")]
    made = export(given, options())
    assert made.marks == 0
    assert "2 submissions have no Gradescope number and cannot go back: a, b" in made.remarks[0]
    assert all("submission_" not in name for name in archive(made).namelist())


def test_two_marks_for_one_number_are_refused():
    with pytest.raises(UsageError, match=r"several \(a and b\)"):
        export([standing(x, gradescope_submission="1") for x in "ab"], options())
