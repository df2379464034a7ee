"""Upload and Submission: what was handed in, before and after it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.notebook import CodeCell, Notebook


@dataclass(frozen=True)
class Upload:
    """Something handed in: where it lies, what it is called, and what the platform says of it.

    `identity` holds what is known of the student under these keys, and no others: `name`,
    `first_name`, `last_name`, `email`, `login`, `student_id`, `sis_id`, `canvas_id`,
    `moodle_participant`, `gradescope_submission`, `gradescope_user`. `submitted` is in UTC. `late`
    is the platform's own word, None where it has none; `attempt` counts from 1. `notebook` is the
    name of the notebook that counts, where `path` is a folder of several and that is known.
    """

    id: str
    path: Path
    identity: Mapping[str, str] = field(default_factory=dict)
    submitted: datetime | None = None
    late: bool | None = None
    attempt: int = 1
    receipts: tuple[str, ...] = ()
    notebook: str | None = None

    @property
    def student(self) -> str | None:
        """The student's name, else the best that is known of them."""
        keys = ("name", "email", "login", "student_id")
        return next((self.identity[key] for key in keys if key in self.identity), None)


@dataclass(frozen=True)
class Submission:
    """An upload that can be graded: its code cells, its companion files, what was repaired."""

    id: str
    student: str | None
    sha256: str
    cells: tuple[CodeCell, ...]
    answers: Mapping[str, str]
    receipts: tuple[str, ...]
    notebook: Notebook = field(repr=False)
    companions: Mapping[str, bytes] = field(default_factory=dict, repr=False)
