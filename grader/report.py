"""Report: the one record that every view (terminal, JSON, page, gradebook) is made from."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from grader.assignment import Assignment
from grader.score import Mark, tidy, total

if TYPE_CHECKING:  # slow to import, and reading a report does not need them
    from grader.intake import Submission, Upload
    from grader.sandbox.execution import Execution

_NO_PACKAGE = re.compile(r"ModuleNotFoundError: No module named '([\w.]{1,60})'")
_NO_NETWORK = re.compile(
    r"^(ConnectionError|ConnectTimeout|ConnectError|URLError|HTTPError|gaierror|TimeoutError)\b"
    r"|Network is unreachable|Name or service not known|Temporary failure in name resolution"
    r"|^OSError: 'https?://"
)
Points = Annotated[float, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


class AssignmentRecord(_Record):
    """Which assignment, and which version of it."""

    name: str
    version: str


class SubmissionRecord(_Record):
    """Which submission: the platform's id or the path, the student where known, the digest."""

    id: str
    student: str | None
    sha256: str


class CheckRecord(_Record):
    """One check: its plain-language label, whether it passed, and a sentence where it did not."""

    name: str
    hidden: bool
    status: Literal["passed", "failed", "not_run"]
    points: Points
    max_points: Points
    message: str


class DiagnosisRecord(_Record):
    """The misconceptions that reproduce the student's own numbers."""

    misconceptions: tuple[str, ...]
    message: str
    confidence: Literal["unique", "ambiguous"]


class QuestionRecord(_Record):
    """One question's marks and checks."""

    name: str
    title: str
    score: Points
    max_score: Points
    bonus: bool
    status: Literal["full", "partial", "none", "missing", "manual"]
    checks: tuple[CheckRecord, ...]
    diagnosis: DiagnosisRecord | None


class CellRecord(_Record):
    """How one code cell ended; `index` counts all cells of the notebook from 0."""

    index: int
    status: Literal["ok", "error", "skipped"]
    error: str | None


class ExecutionRecord(_Record):
    """How the notebook's run went, where, and behind which isolation."""

    status: Literal["ok", "timeout", "memory", "killed", "output_limit"]
    seconds: Annotated[float, Field(ge=0)]
    device: str
    isolation: tuple[str, ...]
    cells: tuple[CellRecord, ...]


class AdjustmentRecord(_Record):
    """What a person, lateness or a rule did to the points, in a sentence for the student."""

    kind: Literal["manual", "late", "cap", "rounding", "minimum"]
    question: str | None
    points: float
    max_points: Points | None
    message: str


class Report(_Record):
    """The result of grading one submission. docs/results.md explains every field."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    assignment: AssignmentRecord
    submission: SubmissionRecord
    status: Literal["graded", "ungradable", "error"]
    message: str | None
    score: Points
    max_score: Points
    manual_points_pending: Points
    questions: tuple[QuestionRecord, ...]
    execution: ExecutionRecord | None
    receipts: tuple[str, ...]
    adjustments: tuple[AdjustmentRecord, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values, in the contract's order and names."""
        return self.model_dump(mode="json", by_alias=True)


def text_of(report: Report) -> bytes:
    """Return a report as the bytes of its file."""
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False).encode() + b"\n"


def graded(
    submission: "Submission",
    assignment: Assignment,
    marks: tuple[Mark, ...],
    execution: "Execution",
) -> Report:
    """Return the report of a submission that was graded, whatever its marks."""
    points = total(marks)
    pending = sum(
        question.manual.points
        for question in assignment.questions
        if question.manual and question.name in submission.answers
    )
    return Report(
        assignment=AssignmentRecord(name=assignment.name, version=assignment.version),
        submission=SubmissionRecord(
            id=submission.id, student=submission.student, sha256=submission.sha256
        ),
        status="graded",
        message=execution.message,
        score=points.score,
        max_score=points.max_score,
        manual_points_pending=tidy(pending),
        questions=tuple(_question(mark, _why(mark, submission, execution)) for mark in marks),
        execution=ExecutionRecord(
            status=execution.status,
            seconds=execution.seconds,
            device=execution.device,
            isolation=execution.isolation,
            cells=tuple(
                CellRecord(index=cell.index, status=cell.status, error=cell.error)
                for cell in execution.cells
            ),
        ),
        receipts=submission.receipts + tuple(_went_on_without(execution)),
    )


def refused(
    upload: "Upload",
    sha256: str,
    assignment: Assignment,
    status: Literal["ungradable", "error"],
    message: str,
) -> Report:
    """Return the report of a submission that was not graded: no marks, and the reason why."""
    marks = tuple(Mark(question, 0.0, "missing", ()) for question in assignment.questions)
    return Report(
        assignment=AssignmentRecord(name=assignment.name, version=assignment.version),
        submission=SubmissionRecord(id=upload.id, student=upload.student, sha256=sha256),
        status=status,
        message=message,
        score=0.0,
        max_score=total(marks).max_score,
        manual_points_pending=0.0,
        questions=tuple(_question(mark, "") for mark in marks),
        execution=None,
        receipts=upload.receipts,
    )


def bonus(report: Report) -> float:
    """Return the points that are shown apart from the others.

    None are once lateness or a rule has changed the sum: what is left of it has no parts.
    """
    if any(each.kind != "manual" for each in report.adjustments):
        return 0.0
    extra = {question.name for question in report.questions if question.bonus}
    read = sum(each.points for each in report.adjustments if each.question in extra)
    return tidy(sum(q.score for q in report.questions if q.bonus) + read)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    return Report.model_json_schema(by_alias=True, mode="serialization")


def _went_on_without(execution: "Execution") -> Iterator[str]:
    """Yield a receipt for each cell that failed for want of the network or of a package."""
    for cell in execution.cells:
        error = cell.error or ""
        package = _NO_PACKAGE.match(error)
        if package:
            name = package.group(1)
            yield f"cell {cell.index}: `{name}` is not installed here; the rest was graded"
        elif _NO_NETWORK.search(error):
            yield f"cell {cell.index}: grading has no network; the rest was graded"


def _why(mark: Mark, submission: "Submission", execution: "Execution") -> str:
    """Return which cell kept a question's names from being there, where one did."""
    if mark.status != "missing":
        return ""
    asked = set(mark.question.captures)
    outcomes = {cell.index: cell for cell in execution.cells}
    for cell in submission.cells:
        outcome = outcomes[cell.index]
        if asked & cell.names and outcome.status != "ok" and not cell.checks:
            if outcome.status == "skipped":
                return f"Cell {cell.index} was not reached: the notebook was stopped before it."
            return f"Cell {cell.index} stopped with an error: {outcome.error}"
    return ""


def _question(mark: Mark, why: str) -> QuestionRecord:
    return QuestionRecord(
        name=mark.question.name,
        title=mark.question.title,
        score=mark.score,
        max_score=mark.question.points,
        bonus=mark.question.bonus,
        status=mark.status,
        checks=tuple(
            CheckRecord(
                name=check.label,
                hidden=check.hidden,
                status=check.status,
                points=check.points,
                max_points=check.max_points,
                message=f"{check.message} {why}".strip(),
            )
            for check in mark.checks
        ),
        diagnosis=_diagnosis(mark),
    )


def _diagnosis(mark: Mark) -> DiagnosisRecord | None:
    found = mark.diagnosis
    if found is None:
        return None
    return DiagnosisRecord(
        misconceptions=found.misconceptions, message=found.message, confidence=found.confidence
    )
