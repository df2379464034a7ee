"""Policy: from the points that were earned to the score that counts. Pure functions.

Manual points are added first. Then lateness takes its part, then the cap holds, then the score is
rounded, and last the minimum is given.

A late day is 24 hours after the due date, in UTC, and every day that has begun counts: a change of
the clocks makes no day longer. Within the grace a submission is on time; after it, days count from
the due date. A day takes a share of the points *earned*, not of the points possible: the same
share from everybody, never more than there is, and a weak late answer is still worth handing in.
No late submission scores more than it would have on time; where lateness takes everything, no
minimum is given either.

An extension moves the due date, never to an earlier time; a cut-off given in days moves with it,
and one given as a moment is no earlier than the new due date.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor

from grader.assignment import AssignmentFile, Late, Scoring
from grader.facts import Extension, Facts, ManualMark, answer_digest
from grader.feedback.terminal import points as shown
from grader.report import AdjustmentRecord, Report
from grader.score import tidy

_DAY = timedelta(days=1)


def settle(
    report: Report,
    marks: Iterable[ManualMark],
    facts: Facts,
    settings: AssignmentFile,
    extension: Extension | None = None,
    *,
    marking: bool = False,
) -> Report:
    """Return the report with what counts: manual points, lateness, cap, rounding, minimum.

    `marking` says that a person has begun to mark the class: an answer that was left blank is then
    one without points, so that whoever answers nothing has the same `max_score` as the others.
    Of several marks for a question the last counts; one for another text than the submission now
    has does not. A report that is settled already gives the same again.
    """
    if report.status != "graded":
        return report
    given = {m.question: m for m in marks if _is_for(m, facts)}
    manual, most, pending = [], 0.0, report.manual_points_pending
    pending += sum(a.max_points or 0 for a in report.adjustments if a.kind == "manual")
    for question in settings.questions:
        mark = given.get(question.name)
        if question.manual is None:
            continue
        possible = question.manual.points
        blank = marking and question.name not in facts.answers
        most += possible if (mark or blank) and not question.bonus else 0
        if mark is None:
            continue
        pending -= possible
        message = f"A person read your answer and gave {shown(mark.points)} of {shown(possible)}."
        manual.append(
            AdjustmentRecord(
                kind="manual",
                question=question.name,
                points=mark.points,
                max_points=possible,
                message=f"{message} {mark.comment}".strip(),
            )
        )
    max_score = tidy(most + sum(q.max_score for q in report.questions if not q.bonus))
    raw = tidy(sum(q.score for q in report.questions) + sum(each.points for each in manual))
    score, rules = apply(raw, max_score, facts.submitted, facts.late, settings, extension)
    return report.model_copy(
        update={
            "score": score,
            "max_score": max_score,
            "manual_points_pending": tidy(max(0.0, pending)),
            "adjustments": (*manual, *rules),
        }
    )


def apply(
    raw: float,
    max_score: float,
    submitted: datetime | None,
    late_flag: bool | None,
    settings: AssignmentFile,
    extension: Extension | None = None,
) -> tuple[float, tuple[AdjustmentRecord, ...]]:
    """Return the score that counts, and what was done to `raw`, in order.

    A time of handing in decides over the platform's word. Where there is a word and no time, the
    least that lateness can cost is charged, and the sentence says what is not known.
    """
    earned = _exact(raw)
    share, why = _kept(submitted, late_flag, settings.late, extension)
    score = earned * share
    adjustments = [_adjustment("late", score - earned, why)] if why else []
    for kind, now, message in _rules(score, max_score, settings.score) if share else ():
        if now != score:
            adjustments.append(_adjustment(kind, now - score, message))
            score = now
    return tidy(float(score)), tuple(adjustments)


def late_by(submitted: datetime | None, late: Late, extension: Extension | None) -> timedelta:
    """Return the time after the due date, extension included and grace not; never negative."""
    due = _due(late, extension)
    if submitted is None or due is None:
        return timedelta(0)
    return max(timedelta(0), submitted.astimezone(UTC) - due)


def _is_for(mark: ManualMark, facts: Facts) -> bool:
    text = facts.answers.get(mark.question)
    return text is not None and answer_digest(text) == mark.answer


def _exact(points: float) -> Fraction:
    return Fraction(str(tidy(points)))


def _adjustment(kind: str, points: Fraction, message: str) -> AdjustmentRecord:
    return AdjustmentRecord.model_validate(
        {
            "kind": kind,
            "question": None,
            "points": tidy(float(points)),
            "max_points": None,
            "message": message,
        }
    )


def _due(late: Late, extension: Extension | None) -> datetime | None:
    """Return the due date of one submission, in UTC: subtraction within a zone skips its DST."""
    if late.due is None:
        return None
    due = late.due.astimezone(UTC)
    if extension is None:
        return due
    moved = extension.due.astimezone(UTC) if extension.due else due
    return max(due, moved + timedelta(seconds=extension.seconds))


def _cut_off(late: Late, due: datetime) -> datetime | None:
    if isinstance(late.cut_off, datetime):
        return max(due, late.cut_off.astimezone(UTC))
    if late.cut_off is not None:
        return due + late.cut_off * _DAY
    return due if late.policy == "cut_off" else None


def _kept(
    submitted: datetime | None, flag: bool | None, late: Late, extension: Extension | None
) -> tuple[Fraction, str]:
    """Return the share of the points that lateness leaves, and a sentence where it has a say."""
    due = _due(late, extension)
    if late.policy == "none" or due is None:
        return Fraction(1), ""
    if submitted is None:
        return _unknown(late, extension) if flag else (Fraction(1), "")
    behind = submitted.astimezone(UTC) - due
    if behind <= timedelta(minutes=late.grace_minutes):
        return Fraction(1), ""
    cut_off = _cut_off(late, due)
    if cut_off is not None and submitted.astimezone(UTC) > cut_off:
        return Fraction(0), f"Handed in after {_clock(cut_off)}; from then on nothing counts."
    if late.policy == "cut_off":
        return Fraction(1), ""
    return _charged(ceil(behind / _DAY), late)


def _charged(days: int, late: Late) -> tuple[Fraction, str]:
    per_day, most = Fraction(str(late.percent_per_day)), Fraction(str(late.at_most_percent))
    percent = min(per_day * days, most, Fraction(100))
    text = f"Handed in {days} day{'s' if days > 1 else ''} late (each day that has begun counts): "
    text += f"{shown(float(percent))} % of the points earned are taken."
    return 1 - percent / 100, text


def _unknown(late: Late, extension: Extension | None) -> tuple[Fraction, str]:
    """Return what is certain where the platform says "late" and not when."""
    text = "The platform marked this as late and does not say by how much."
    if extension is not None:
        return Fraction(1), f"{text} It is taken to be within the extension; nothing is taken."
    if late.policy == "per_day":
        share, charge = _charged(1, late)
        return share, f"{text} The least that this can be is charged. {charge}"
    if not late.grace_minutes and not late.cut_off:
        return Fraction(0), f"{text} What is late does not count."
    return Fraction(1), f"{text} It counts unless staff find that it came after the cut-off."


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _rules(
    earned: Fraction, max_score: float, scoring: Scoring
) -> Iterator[tuple[str, Fraction, str]]:
    """Yield the score after each rule, exactly, with a sentence."""
    cap = _exact(max_score if scoring.cap == "max_score" else scoring.cap or 0)
    now = earned
    if scoring.cap is not None:
        now = min(now, cap)
        yield "cap", now, f"No more than {shown(float(cap))} points count."
    if scoring.rounding != "none":
        now = _rounded(now, scoring)
        if scoring.cap is not None:
            now = min(now, cap)
        yield "rounding", now, _rounding_rule(scoring)
    now = max(now, _exact(scoring.minimum))
    yield "minimum", now, f"No less than {shown(scoring.minimum)} points are given."


def _rounded(points: Fraction, scoring: Scoring) -> Fraction:
    """Return points on the grid of the rule; a tie of "nearest" goes up."""
    steps = {"integer": 1, "half": 2}.get(scoring.rounding, 10**scoring.decimals)
    exact = points * steps
    whole = {"up": ceil(exact), "down": floor(exact)}.get(
        scoring.direction, floor(exact + Fraction(1, 2))
    )
    return Fraction(whole, steps)


def _rounding_rule(scoring: Scoring) -> str:
    how = "" if scoring.direction == "nearest" else f"{scoring.direction} "
    decimals = f"{scoring.decimals} decimals"
    to = {"integer": "whole points", "half": "half points"}.get(scoring.rounding, decimals)
    return f"Points are rounded {how}to {to}."
