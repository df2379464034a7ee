"""Facts: what is known of a submission beside its report, and what people decided about it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.intake import Upload
    from grader.pipeline import Graded


@dataclass(frozen=True)
class Facts:
    """A submission as it was handed in.

    `fingerprint` covers everything that is executed, `sha256` the file handed in; `identity` has
    the keys of `intake.Upload`; `submitted` says its zone; `source` is the file's name; `answers`
    are the written answers by question, "" where an answer's cell was lost.
    """

    id: str
    fingerprint: str
    sha256: str
    student: str | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    submitted: datetime | None = None
    late: bool | None = None
    attempt: int = 1
    source: str = ""
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ManualMark:
    """Points that a person gave to a written answer.

    `answer` is the digest of the text that was read: the mark counts as long as the submission
    says the same there.
    """

    submission: str
    question: str
    answer: str
    points: float
    comment: str = ""
    marker: str = ""


@dataclass(frozen=True)
class Extension:
    """More time for one submission: another due date, or seconds after the assignment's own."""

    submission: str
    due: datetime | None = None
    seconds: float = 0.0


def facts_of(upload: "Upload", fingerprint: str, graded: "Graded | None" = None) -> Facts:
    """Return what is known of an upload, with its written answers once it was read."""
    answers = graded.submission.answers if graded and graded.submission else {}
    return Facts(
        id=upload.id,
        fingerprint=fingerprint,
        sha256=graded.report.submission.sha256 if graded else "",
        student=upload.student,
        identity=upload.identity,
        submitted=upload.submitted,
        late=upload.late,
        attempt=upload.attempt,
        source=upload.path.name,
        answers=answers,
    )


def answer_digest(text: str) -> str:
    """Return the digest by which a manual mark knows the text that was read."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def called(facts: Facts, name: str) -> bool:
    """Return whether `name` is the submission's id, or its student's email, login, id or name."""
    known = (facts.id, facts.student or "", *facts.identity.values())
    return name.strip().casefold() in {" ".join(each.split()).casefold() for each in known if each}
