"""Diagnosis: what gives a student's numbers is named, alone or in pairs, and nothing else is."""

import io

import pytest
import torch
from hypothesis import given as for_all
from hypothesis import strategies as st
from support import TINY

from grader import diagnosis
from grader.assignment import Assignment, Course
from grader.diagnosis import Diagnosis, diagnose, load
from grader.errors import AssignmentError
from grader.feedback.terminal import console, print_report
from grader.tolerance import FLOAT32_CPU

AVERAGES = Course(TINY).assignment("averages")


def explain(result: torch.Tensor, values: torch.Tensor) -> Diagnosis | None:
    bank = load(AVERAGES.hidden)
    assert bank is not None
    return diagnose(bank, "mean", {"mean_of_values": result}, {"values": values}, FLOAT32_CPU)


@pytest.fixture
def values() -> torch.Tensor:
    return torch.randn(50, generator=torch.Generator().manual_seed(3))


def test_one_misconception_is_named_with_its_sentence(values):
    found = explain(values.sum(), values)
    assert found == Diagnosis(
        ("sum_taken",), "The numbers were added up and never divided.", "unique"
    )


def test_two_at_once_are_named_together(values):
    found = explain(values.abs().sum() / 49, values)
    assert found is not None
    assert found.misconceptions == ("divided_by_one_less", "signs_lost")
    assert found.confidence == "unique"
    # Each sentence is true of its mistake alone, and the student is told so.
    assert found.message.startswith("2 mistakes together give your numbers.")
    assert "by itself: (1)" in found.message
    assert "one less" in found.message
    assert "signs" in found.message


def test_two_that_fit_alike_are_not_told_apart(values):
    found = explain(values.double().median().float(), values)
    assert found is not None
    assert found.confidence == "ambiguous"
    assert found.misconceptions == ("median_taken", "middle_taken")
    assert found.message.endswith("All of them concern what is averaged: look there.")


def test_nothing_is_claimed_of_right_numbers_and_of_unknown_ones(values):
    assert explain(values.mean(), values) is None
    assert explain(values.max(), values) is None
    assert explain(torch.tensor(torch.nan), values) is None
    assert explain(values, values) is None


@for_all(st.floats(1e-2, 1e4), st.booleans())
def test_almost_is_not_the_same(distance, upwards):
    values = torch.randn(50, generator=torch.Generator().manual_seed(3))
    off = distance if upwards else -distance
    found = explain(values.sum() + off, values)
    assert found is None or "sum_taken" not in found.misconceptions


def test_a_misconception_that_changes_nothing_is_not_claimed():
    positive = torch.arange(1.0, 9.0)
    found = explain(positive.sum(), positive)
    assert found is not None
    assert found.misconceptions == ("sum_taken",)  # and not "signs_lost" with it


def test_a_report_says_it(grade_cells):
    report = grade_cells("def mean(values):\n    return values.sum()").report
    question = report.questions[0]
    assert question.status == "none"
    assert question.diagnosis is not None
    assert question.diagnosis.misconceptions == ("sum_taken",)
    assert [q.diagnosis for q in report.questions[1:]] == [None, None]


def test_the_terminal_shows_the_sentence_instead_of_the_checks(grade_cells):
    report = grade_cells("def mean(values):\n    return values.sum()").report
    out = io.StringIO()
    print_report(report, console(out))
    assert "→ The numbers were added up and never divided." in out.getvalue()
    assert "by more than rounding" not in out.getvalue()


def test_an_assignment_without_misconceptions_has_none(tmp_path):
    assert load(tmp_path) is None


@pytest.mark.parametrize("text", ["1 / 0", "TRUTH = 1", "TRUTH = 1\nBANK = ()"])
def test_a_broken_bank_is_the_authors_error(tmp_path, text):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "misconceptions.py").write_text(text)
    with pytest.raises(AssignmentError, match="expected TRUTH, BANK and predict"):
        load(tmp_path)


def test_every_misconception_of_the_flagship_is_fit_for_students(convolution: Assignment):
    bank = diagnosis.load(convolution.hidden)
    assert bank is not None
    assert len(bank.misconceptions) >= 25
    names = {question.name for question in convolution.questions}
    for each in bank.misconceptions:
        assert set(each.questions) <= names, each.name
        assert each.sentence.endswith((".", "?")), each.name
        assert 40 < len(each.sentence) < 300, each.name
        assert all(change(bank.truth) != bank.truth for change in each.changes), each.name
        for answer in ("3,072", "3072", "294", "300", "18,432", "56,623,104", '"gabor"'):
            assert answer not in each.sentence, each.name
