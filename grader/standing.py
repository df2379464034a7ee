"""Standing: where one submission stands in the gradebook, as exports and tables read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

StandingStatus = Literal["graded", "ungradable", "error", "absent"]


@dataclass(frozen=True)
class Standing:
    """One submission's newest mark with its manual marks, or a student who handed in nothing.

    `score` is what counts: automatic and manual points, then what lateness, caps and rounding make
    of them. `raw_score` is the sum before those. `penalty` is what lateness took, at least 0.
    `pending` counts the manual points that nobody has given yet. `questions` holds each question's
    points, manual ones included. `identity` has the keys of `intake.Upload`.
    """

    submission: str
    status: StandingStatus
    student: str | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    score: float = 0.0
    max_score: float = 0.0
    raw_score: float = 0.0
    penalty: float = 0.0
    pending: float = 0.0
    submitted: datetime | None = None
    late_seconds: float = 0.0
    attempt: int = 1
    questions: Mapping[str, float] = field(default_factory=dict)
    message: str | None = None
