"""Items: how each question worked in a class. Pure functions of reports."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.report import Report, bonus

FEWEST = 5  # fewer submissions say nothing about discrimination
FEW = 30  # fewer say it with a wide margin


@dataclass(frozen=True)
class Item:
    """One question over a class of `n` graded submissions.

    `difficulty` is the mean share of the points, from 0 (nobody) to 1 (everybody has all).
    `discrimination` is None where it cannot be told, see `discrimination()`.
    """

    name: str
    title: str
    n: int
    difficulty: float
    discrimination: float | None
    full: int
    missing: int


@dataclass(frozen=True)
class CheckRate:
    """How often one check was passed, failed and not run."""

    question: str
    name: str
    hidden: bool
    passed: int
    failed: int
    not_run: int

    @property
    def rate(self) -> float:
        """The share of all graded submissions that pass it, from 0 to 1."""
        total = self.passed + self.failed + self.not_run
        return self.passed / total if total else 0.0


@dataclass(frozen=True)
class Misconception:
    """A misconception, the question it was found in, and the submissions that show it."""

    question: str
    name: str
    message: str
    submissions: tuple[str, ...]


def items(reports: Sequence[Report]) -> tuple[Item, ...]:
    """Return one item a question, over those reports that are graded."""
    graded = [report for report in reports if report.status == "graded"]
    if not graded:
        return ()
    # What lateness and rules took says nothing about the questions.
    totals = [sum(each.score for each in report.questions) for report in graded]
    found = []
    for index, question in enumerate(graded[0].questions):
        column = [report.questions[index] for report in graded]
        scores = [each.score for each in column]
        found.append(
            Item(
                name=question.name,
                title=question.title,
                n=len(graded),
                difficulty=statistics.fmean(scores) / question.max_score,
                discrimination=discrimination(scores, totals),
                full=sum(each.status == "full" for each in column),
                missing=sum(each.status == "missing" for each in column),
            )
        )
    return tuple(found)


def discrimination(scores: Sequence[float], totals: Sequence[float]) -> float | None:
    """Return the corrected item-total correlation: Pearson's r of x and t - x, from -1 to 1.

    `scores` are the points x of one question, `totals` the whole scores t of the same
    submissions. The question is taken out of the total, because it would correlate with itself
    (S. Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28,
    1963, 211-218). None with fewer than FEWEST submissions, or where either does not vary.
    """
    rest = [round(total - score, 6) for score, total in zip(scores, totals, strict=True)]
    if len(scores) < FEWEST or len(set(scores)) == 1 or len(set(rest)) == 1:
        return None
    return statistics.correlation(scores, rest)


def check_rates(reports: Sequence[Report]) -> tuple[CheckRate, ...]:
    """Return how often each check was passed; a question never looked at counts as not run."""
    graded = [report for report in reports if report.status == "graded"]
    counts: dict[tuple[str, str, bool], Counter[str]] = {}
    for report in graded:
        for question in report.questions:
            for check in question.checks:
                key = (question.name, check.name, check.hidden)
                counts.setdefault(key, Counter())[check.status] += 1
    order = [question.name for question in graded[0].questions] if graded else []
    return tuple(
        CheckRate(*key, c["passed"], c["failed"], len(graded) - c["passed"] - c["failed"])
        for key, c in sorted(counts.items(), key=lambda pair: order.index(pair[0][0]))
    )


def misconceptions(reports: Sequence[Report]) -> tuple[Misconception, ...]:
    """Return the misconceptions that were found, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    messages: dict[tuple[str, str], str] = {}
    for report in reports:
        for question in report.questions:
            if question.diagnosis is not None:
                # Two mistakes at once, or two of which either explains the numbers.
                word = " + " if question.diagnosis.confidence == "unique" else " or "
                key = (question.name, word.join(question.diagnosis.misconceptions))
                found.setdefault(key, []).append(report.submission.id)
                messages.setdefault(key, question.diagnosis.message)
    ranked = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(Misconception(*key, messages[key], tuple(ids)) for key, ids in ranked)


def distribution(reports: Sequence[Report], bins: int = 10) -> tuple[int, ...]:
    """Return how many graded submissions have 0–10 %, …, 90–100 % of the points, bonus left out.

    The last bin holds 100 % as well.
    """
    counts = [0] * bins
    for report in reports:
        if report.status == "graded":
            regular = report.score - bonus(report)
            share = regular / report.max_score if report.max_score else 0.0
            counts[min(bins - 1, int(share * bins + 1e-9))] += 1
    return tuple(counts)
