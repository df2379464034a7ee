"""Making: facts and reports for tests of the gradebook, of the policy and of manual marks."""

from pathlib import Path

from grader.assignment import Assignment, AssignmentFile
from grader.facts import Facts, ManualMark, answer_digest
from grader.gradebook import Run, settings_digest
from grader.report import (
    AssignmentRecord,
    CheckRecord,
    QuestionRecord,
    Report,
    SubmissionRecord,
)

RUN = Run("seed", "cpu", "ok", 1.5)
SETTINGS = settings_digest("digest", "seed", "cpu")


def settings(**tables: object) -> AssignmentFile:
    """Return settings: q0 of 4 points with a written answer of 2, and bonus q1 of 2 with one of 1."""
    question = {"title": "Q", "captures": ["x"]}
    return AssignmentFile.model_validate(
        {
            "title": "T",
            "version": "1",
            "questions": [
                {**question, "name": "q0", "points": 4, "manual": {"cell": "a", "points": 2}},
                {**question, "name": "q1", "points": 2, "bonus": True,
                 "manual": {"cell": "b", "points": 1}},
            ],
            **tables,
        }
    )  # fmt: skip


def facts(identifier: str = "ann", **known: object) -> Facts:
    base = {"fingerprint": f"of {identifier}", "sha256": "0" * 64, "answers": {"q0": "because"}}
    return Facts(identifier, **(base | known))


def report(identifier: str = "ann", scores=(3.0, 1.0), status="graded", pending=2.0) -> Report:
    questions = tuple(
        QuestionRecord(
            name=f"q{i}", title="Q", score=score, max_score=most, bonus=i == 1, diagnosis=None,
            status="full" if score == most else "partial",
            checks=(
                CheckRecord(name="a check", hidden=True, status="passed" if score else "failed",
                            points=score, max_points=most, message=""),
            ),
        )
        for i, (score, most) in enumerate(zip(scores, (4.0, 2.0), strict=True))
    )  # fmt: skip
    return Report(
        assignment=AssignmentRecord(name="a", version="1"),
        submission=SubmissionRecord(id=identifier, student=None, sha256="0" * 64),
        status=status, message=None, score=sum(scores), max_score=4, execution=None, receipts=(),
        manual_points_pending=pending, questions=questions,
    )  # fmt: skip


def manual(points: float, question: str = "q0", text: str = "because", **more: str) -> ManualMark:
    return ManualMark("ann", question, answer_digest(text), points, **more)


def made(folder: Path, **tables: object) -> Assignment:
    """Return an assignment called `a` with those settings, in an empty course."""
    for name in ("public", "hidden"):
        (folder / name).mkdir(exist_ok=True)
    return Assignment("a", settings(**tables), folder / "public", folder / "hidden")
