"""Every situation in tests/submissions earns exactly what it should, and loses nothing else."""

import json
from pathlib import Path

import pytest

from grader.assignment import Assignment
from grader.intake import uploads
from grader.pipeline import Settings, grade
from grader.sandbox.worker import Pool

FOLDER = Path(__file__).parent / "submissions"
SITUATIONS = sorted(path.parent.name for path in FOLDER.glob("*/expected.json"))


def test_every_situation_has_both_files():
    assert sorted(path.parent.name for path in FOLDER.glob("*/submission.ipynb")) == SITUATIONS
    assert len(SITUATIONS) >= 30


def test_the_notebooks_are_those_that_make_writes():
    from make import texts

    for name, text in texts().items():
        written = (FOLDER / name / "submission.ipynb").read_text(encoding="utf-8")
        assert written == text, f"{name}: run python tests/submissions/make.py"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_situation_earns_what_it_should(
    situation: str, convolution: Assignment, convolution_pool: Pool
):
    expected = json.loads((FOLDER / situation / "expected.json").read_text())
    (upload,) = uploads(FOLDER / situation / "submission.ipynb")
    report = grade(upload, convolution, Settings(), convolution_pool).report
    assert report.status == expected["status"], report.message
    found = {
        question.name: {
            "score": question.score,
            "status": question.status,
            "lost": sorted(
                check.name
                for check in question.checks
                if check.status != "passed" and question.status != "missing"
            ),
        }
        for question in report.questions
    }
    explained = {
        question.name: {
            "misconceptions": list(question.diagnosis.misconceptions),
            "confidence": question.diagnosis.confidence,
        }
        for question in report.questions
        if question.diagnosis
    }
    due = {
        name: q.pop("diagnosis") for name, q in expected["questions"].items() if "diagnosis" in q
    }
    assert found == expected["questions"]
    assert explained == due
    assert report.score == expected["score"]
    assert report.max_score == expected["max_score"]
    assert report.manual_points_pending == expected["manual_points_pending"]


def test_the_original_tutorial_says_what_was_skipped(convolution: Assignment):
    (upload,) = uploads(FOLDER / "original_tutorial" / "submission.ipynb")
    report = grade(upload, convolution, Settings()).report
    receipts = "\n".join(report.receipts)
    assert "cells had no id" in receipts
    assert "`!pip3 install vibecheck datatops --quiet` was not run" in receipts
    assert "`vibecheck` is not installed here" in receipts
    assert report.execution is not None
    assert any(cell.status == "error" for cell in report.execution.cells)
