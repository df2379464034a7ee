"""Judging: from everything that was observed to a mark for each question, and what explains it.

A question that `follows` an earlier one is judged twice where the earlier one lost some of its
points: as it stands, and on the student's own earlier result (test files see it as `own`). A check
that only the second judgement passes counts, and says so: one mistake costs once. Where the
earlier question earned nothing, there is no result to follow.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import torch

from grader import checks, diagnosis, score
from grader.assignment import Assignment, Question
from grader.checks import Check, Findings
from grader.sandbox.execution import Execution, Observation
from grader.score import Mark
from grader.tolerance import arithmetic_of

Given = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Judged:
    """A question's mark, the values that earned it, and whether it stands without follow-through.

    `flawed` says that something is there and not all of it is right.
    """

    mark: Mark
    values: Mapping[str, object]
    flawed: bool


def judge(
    execution: Execution,
    assignment: Assignment,
    given: Given,
    only: Collection[str] | None = None,
) -> tuple[Mark, ...]:
    """Return a mark for each question, or for those of `only`, in the assignment's order.

    Each has its diagnosis. Once a question has earned everything, no later observation of it is
    looked at. Raises AssignmentError where a test file or misconceptions.py is broken.
    """
    needed = with_followed(assignment, only)
    judged: dict[str, Judged] = {}
    for question in assignment.questions:
        if question.name in needed:
            judged[question.name] = _judge(question, execution, assignment, given, judged)
    return tuple(
        _explained(each, assignment, given, execution)
        for name, each in judged.items()
        if only is None or name in only
    )


def with_followed(assignment: Assignment, only: Collection[str] | None) -> frozenset[str]:
    """Return the questions of `only`, or all, with those on whose results they are judged."""
    found = {q.name for q in assignment.questions if only is None or q.name in only}
    # A question follows earlier ones alone.
    for question in reversed(assignment.questions):
        if question.name in found:
            found |= question.follows.keys()
    return frozenset(found)


def _judge(
    question: Question,
    execution: Execution,
    assignment: Assignment,
    given: Given,
    earlier: Mapping[str, Judged],
) -> Judged:
    arithmetic = arithmetic_of(execution.device)
    seen: list[Observation] = []
    plain: list[Findings] = []
    for each in execution.observations:
        if each.question == question.name and not (plain and _all_passed(plain[-1])):
            seen.append(each)
            plain.append(checks.check(each, assignment, given, arithmetic))
    strict = score.mark(question, plain)
    flawed = strict.status in ("partial", "none")
    followed = {
        name: what
        for name, what in question.follows.items()
        if earlier[name].flawed and earlier[name].mark.score > 0
    }
    if not flawed or not followed:
        return Judged(strict, _values(strict, seen, plain), flawed)
    own = {name: earlier[name].values for name in followed}
    note = f"Judged on your own {' and '.join(dict.fromkeys(followed.values()))}."
    lenient = [
        _better(findings, checks.check(each, assignment, given, arithmetic, own), note)
        for each, findings in zip(seen, plain, strict=True)
    ]
    mark = score.mark(question, lenient)
    return Judged(mark, _values(mark, seen, lenient), flawed)


def _all_passed(findings: Findings) -> bool:
    return all(check.status == "passed" for check in findings.checks)


def _better(strict: Findings, lenient: Findings, note: str) -> Findings:
    """Return the strict findings, with each check that only the lenient ones passed."""

    def better(first: Check, second: Check) -> Check:
        if first.status != "passed" and second.status == "passed":
            return replace(second, message=note)
        return first

    return replace(strict, checks=tuple(map(better, strict.checks, lenient.checks)))


def _values(mark: Mark, seen: list[Observation], findings: list[Findings]) -> Mapping[str, object]:
    """Return the values of the observation that the mark was made from."""
    pairs = zip(seen, findings, strict=True)
    return next((each.values for each, found in pairs if found.checks is mark.checks), {})


def _explained(judged: Judged, assignment: Assignment, given: Given, execution: Execution) -> Mark:
    """Return the mark, with what explains the points it lost, where that is known."""
    mark = judged.mark
    if mark.status not in ("partial", "none"):
        return mark
    bank = diagnosis.load(assignment.hidden)
    if bank is None:
        return mark
    arithmetic = arithmetic_of(execution.device)
    found = diagnosis.diagnose(bank, mark.question.name, judged.values, given, arithmetic)
    return replace(mark, diagnosis=found)
