"""The report keeps its contract: keys, order, values, and the schema in docs/."""

import json

import pytest
from support import ROOT, GradeCells

from grader.report import Report, json_schema

KEYS = [
    "schema", "assignment", "submission", "status", "message", "score", "max_score",
    "manual_points_pending", "questions", "execution", "receipts", "adjustments",
]  # fmt: skip
RIGHT = (
    "import torch\ndef mean(values):\n    return values.mean()",
    "model = torch.nn.Linear(3, 2)\nanswer = 8\nword = 'median'",
)


@pytest.fixture
def report(grade_cells: GradeCells) -> Report:
    return grade_cells(*RIGHT, "1 / 0").report


def test_keys_are_those_of_the_contract(report):
    plain = report.to_json()
    assert list(plain) == KEYS
    assert plain["schema"] == 1
    assert plain["assignment"] == {"name": "averages", "version": "3"}
    assert list(plain["submission"]) == ["id", "student", "sha256"]
    assert list(plain["questions"][0]) == [
        "name", "title", "score", "max_score", "bonus", "status", "checks", "diagnosis",
    ]  # fmt: skip
    assert list(plain["questions"][0]["checks"][0]) == [
        "name", "hidden", "status", "points", "max_points", "message",
    ]  # fmt: skip
    assert list(plain["execution"]) == ["status", "seconds", "device", "isolation", "cells"]
    assert plain["execution"]["cells"][2] == {
        "index": 2,
        "status": "error",
        "error": "ZeroDivisionError: division by zero",
    }


def test_points_add_up(report):
    assert (report.status, report.score, report.max_score) == ("graded", 3.5, 3.5)
    assert [q.status for q in report.questions] == ["full", "full", "none"]
    for question in report.questions:
        assert question.score == sum(check.points for check in question.checks)
        assert question.max_score == sum(check.max_points for check in question.checks)


def test_it_survives_json(report):
    assert Report.model_validate(json.loads(json.dumps(report.to_json()))) == report


def test_the_schema_in_docs_is_the_schema():
    written = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    assert written == json_schema()


def test_every_field_is_explained_in_docs():
    text = (ROOT / "docs" / "results.md").read_text()
    schema = json_schema()
    names = set(schema["properties"])
    for part in schema["$defs"].values():
        names |= set(part.get("properties", {}))
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_nothing_hidden_is_in_it(grade_cells, averages):
    """No line of a hidden test and none of the expected values."""
    plain = json.dumps(grade_cells("mean = lambda v: v.sum()\nanswer = 3").report.to_json())
    for path in averages.hidden.rglob("*.py"):
        for line in path.read_text().splitlines():
            code = line.strip()
            sentence = path.name == "misconceptions.py" and code.startswith('"')
            if len(code) > 12 and not code.startswith(("@", '"""')) and not sentence:
                assert code not in plain
