"""Manual: written answers as a sheet for a person to mark, and the marks read back from it."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.assignment import AssignmentFile
from grader.errors import UsageError
from grader.facts import Facts, ManualMark, answer_digest
from grader.feedback.terminal import clean, points
from grader.sheets import number, read_table
from grader.similar import groups
from grader.store import harmless

# What one cell of a spreadsheet holds; longer text would be cut or spill over.
_MOST_TEXT = 32_000
Row = tuple[int, Mapping[str, str]]
_NEEDED = ("submission", "question", "group", "read", "points", "comment")


@dataclass(frozen=True)
class Answer:
    """A written answer as the gradebook has it now; `given` are the points that it has already."""

    submission: str
    student: str
    question: str
    text: str
    max_points: float
    given: float | None = None


def answers(
    submissions: Iterable[Facts], settings: AssignmentFile, given: Iterable[ManualMark]
) -> tuple[Answer, ...]:
    """Return the written answers, in the order of the questions, then of the submissions."""
    listed = tuple(submissions)
    newest = {(mark.submission, mark.question, mark.answer): mark.points for mark in given}
    return tuple(
        Answer(
            submission=facts.id,
            student=facts.student or "",
            question=question.name,
            text=facts.answers[question.name],
            max_points=question.manual.points,
            given=newest.get(_key(facts, question.name)),
        )
        for question in settings.questions
        if question.manual
        for facts in listed
        if question.name in facts.answers
    )


def sheet(found: Sequence[Answer], *, names: bool = False) -> bytes:
    """Return the sheet: a row an answer, in groups that say much the same, `points` blank.

    A code stands for the submission: marking is blind, and no spreadsheet rounds a long id or
    drops its zeros. `names` adds the id and the student. `read` is the digest of the text. A
    byte-order mark tells Excel that it is UTF-8.
    """
    out = io.StringIO()
    table = csv.writer(out)
    who = ("submission", "id", "student") if names else ("submission",)
    table.writerow(
        (*who, "question", "group", "answer", "points", "max_points", "comment", "given", "read")
    )
    for question in dict.fromkeys(each.question for each in found):
        own = [each for each in found if each.question == question]
        for group, places in enumerate(groups([each.text for each in own]), start=1):
            for each in (own[place] for place in places):
                table.writerow(_row(each, group, names=names))
    return out.getvalue().encode("utf-8-sig")


def read_sheet(
    data: bytes, found: Iterable[Answer], marker: str, *, whole_groups: bool = False
) -> tuple[ManualMark, ...]:
    """Return the marks of a sheet; rows without points are left out.

    With `whole_groups` the first marked row of a group holds for those of the group without
    points. Raises UsageError that lists every fault, by row as a spreadsheet counts.
    """
    rows = read_table(data, _NEEDED, "a sheet of `grader manual export`")
    if whole_groups:
        rows = tuple(_spread(rows))
    known = {(name, a.question): a for a in found for name in (code(a.submission), a.submission)}
    faults: list[str] = []
    marks: dict[tuple[str, str], ManualMark] = {}
    for place, row in rows:
        if not row.get("points"):
            continue
        try:
            answer = _answer(row, known)
            if (answer.submission, answer.question) in marks:
                raise ValueError(f"{row['submission']} has points for {answer.question} above")
            marks[answer.submission, answer.question] = ManualMark(
                submission=answer.submission,
                question=answer.question,
                answer=answer_digest(answer.text),
                points=_points(row["points"], answer),
                comment=row.get("comment", ""),
                marker=marker,
            )
        except ValueError as error:
            faults.append(f"row {place}: {error}")
    if faults:
        raise UsageError("\n  ".join(["nothing was written. Mend these rows:", *faults]))
    return tuple(marks.values())


def news(marks: Iterable[ManualMark], given: Iterable[ManualMark]) -> tuple[ManualMark, ...]:
    """Return the marks that say something new: a sheet may be read again as it grows."""
    newest = {(m.submission, m.question): replace(m, marker="") for m in given}
    return tuple(
        m for m in marks if newest.get((m.submission, m.question)) != replace(m, marker="")
    )


def code(submission: str) -> str:
    """Return what stands for a submission in a sheet."""
    return f"s{hashlib.sha256(submission.encode()).hexdigest()[:11]}"


def _key(facts: Facts, question: str) -> tuple[str, str, str]:
    return facts.id, question, answer_digest(facts.answers[question])


def _row(answer: Answer, group: int, *, names: bool) -> Iterator[object]:
    yield code(answer.submission)
    if names:
        yield from (harmless(clean(answer.submission)), harmless(clean(answer.student)))
    text = clean(answer.text)
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]} … (too long for a cell: read the rest on its page)"
    yield from (answer.question, group, harmless(text), "", points(answer.max_points), "")
    yield "" if answer.given is None else points(answer.given)
    # Digits and an "e" alone would become a number in a spreadsheet.
    yield f"#{answer_digest(answer.text)}"


def _spread(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows, those without points with the first points and comment of their group."""
    first: dict[tuple[str, str], Mapping[str, str]] = {}
    for _, row in rows:
        if row.get("points"):
            first.setdefault((row.get("question", ""), row.get("group", "")), row)
    for place, row in rows:
        leader = first.get((row.get("question", ""), row.get("group", "")))
        if leader is not None and not row.get("points"):
            row = {**row, "points": leader["points"], "comment": leader.get("comment", "")}
        yield place, row


def _answer(row: Mapping[str, str], known: Mapping[tuple[str, str], Answer]) -> Answer:
    submission, question = row.get("submission", ""), row.get("question", "")
    answer = known.get((submission, question))
    if answer is None:
        if submission not in {name for name, _ in known}:
            raise ValueError(f"no submission `{submission}` has a written answer here")
        raise ValueError(f"`{submission}` has no written answer to `{question}`")
    if row.get("read", "").lstrip("#") != answer_digest(answer.text):
        raise ValueError(
            f"`{submission}` has handed in another answer to {question} since this sheet was "
            "made; export it again and mark that one"
        )
    return answer


def _points(text: str, answer: Answer) -> float:
    found = number(text)
    if found > answer.max_points:
        raise ValueError(f"{text} points are more than the {points(answer.max_points)} possible")
    return found
