"""Score: points from findings. Pure functions; nothing is read, run or written here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from grader.assignment import Question
from grader.errors import AssignmentError

if TYPE_CHECKING:  # they import torch, which reading a report does not need
    from grader.checks import Check, Findings
    from grader.diagnosis import Diagnosis

QuestionStatus = Literal["full", "partial", "none", "missing", "manual"]


@dataclass(frozen=True)
class Mark:
    """What one question earned, the checks that say so, and what explains what it lost."""

    question: Question
    score: float
    status: QuestionStatus
    checks: "tuple[Check, ...]"
    diagnosis: "Diagnosis | None" = None


@dataclass(frozen=True)
class Total:
    """Points over all questions. A bonus question adds to `score` and not to `max_score`."""

    score: float
    max_score: float


def mark(question: Question, findings: "Iterable[Findings]") -> Mark:
    """Return the mark of a question: that of its best observation, the last among equals.

    Raises AssignmentError where the checks' points do not sum to the question's.
    """
    best: Findings | None = None
    for each in findings:
        _agree(question, each)
        if best is None or _rank(each) >= _rank(best):
            best = each
    if best is None:
        return Mark(question, 0.0, "missing", ())
    return Mark(question, tidy(best.score), _status(best, question), best.checks)


def total(marks: Iterable[Mark]) -> Total:
    """Return the sum of all marks."""
    listed = tuple(marks)
    return Total(
        tidy(sum(each.score for each in listed)),
        tidy(sum(each.question.points for each in listed if not each.question.bonus)),
    )


def tidy(points: float) -> float:
    """Return points without the dust of binary fractions (0.1 + 0.2 is 0.3 points)."""
    return round(points, 6)


def _rank(findings: "Findings") -> tuple[float, int, int]:
    passed = sum(check.status == "passed" for check in findings.checks)
    judged = sum(check.status != "not_run" for check in findings.checks)
    return tidy(findings.score), passed, judged


def _status(findings: "Findings", question: Question) -> QuestionStatus:
    if all(check.status == "not_run" for check in findings.checks):
        return "missing"
    if tidy(findings.score) >= tidy(question.points):
        return "full"
    return "partial" if findings.score > 0 else "none"


def _agree(question: Question, findings: "Findings") -> None:
    most = tidy(sum(check.max_points for check in findings.checks))
    if most != tidy(question.points):
        raise AssignmentError(
            f"{question.name}: assignment.toml says {question.points:g} points, "
            f"but its checks add up to {most:g}."
        )
