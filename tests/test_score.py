"""Points: from checks to marks to a total, never more than there are and never lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.assignment import Question
from grader.checks import Check, Findings
from grader.errors import AssignmentError
from grader.score import mark, tidy, total

QUESTION = Question(name="q", title="Q", points=3, captures=("x",))


def check(status: str, most: float) -> Check:
    return Check("a", False, status, most if status == "passed" else 0.0, most)  # type: ignore[arg-type]


def findings(*statuses: str, when: str = "end") -> Findings:
    return Findings("q", when, tuple(check(s, 3 / len(statuses)) for s in statuses))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statuses", "status", "score"),
    [
        (("passed", "passed", "passed"), "full", 3),
        (("passed", "failed", "not_run"), "partial", 1),
        (("failed", "failed"), "none", 0),
        (("failed", "not_run"), "none", 0),
        (("not_run", "not_run"), "missing", 0),
    ],
)
def test_a_question_is_full_partial_none_or_missing(statuses, status, score):
    found = mark(QUESTION, [findings(*statuses)])
    assert (found.status, found.score) == (status, score)


def test_a_question_that_was_never_observed_is_missing():
    assert mark(QUESTION, []).status == "missing"


def test_the_better_observation_counts():
    good, bad = findings("passed", when="check"), findings("failed", when="end")
    assert mark(QUESTION, [good, bad]).score == 3
    assert mark(QUESTION, [bad, good]).score == 3


def test_among_equals_more_evidence_and_then_the_last_counts():
    unseen, seen = findings("not_run", when="check"), findings("failed", when="end")
    assert mark(QUESTION, [seen, unseen]).status == "none"
    last = findings("failed", when="check")
    assert mark(QUESTION, [seen, last]).checks is last.checks


def test_a_bonus_adds_to_the_score_and_not_to_the_maximum():
    bonus = Question(name="b", title="B", points=3, captures=("x",), bonus=True)
    both = [mark(QUESTION, [findings("passed")]), mark(bonus, [findings("passed")])]
    assert (total(both).score, total(both).max_score) == (6, 3)


def test_checks_that_do_not_add_up_are_the_authors_error():
    wrong = Findings("q", "end", (check("passed", 2),))
    with pytest.raises(AssignmentError, match="says 3 points, but its checks add up to 2"):
        mark(QUESTION, [wrong])


@given(st.lists(st.sampled_from(["passed", "failed", "not_run"]), min_size=1, max_size=12))
def test_scores_are_between_zero_and_the_maximum_without_dust(statuses):
    found = mark(QUESTION, [findings(*statuses)])
    assert 0 <= found.score <= 3
    assert found.score == tidy(found.score)
    assert (found.status == "full") == (found.score == 3)
