"""Settings: how a class is graded, and what the probes' inputs come from. Imports no torch."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.assignment import Assignment


@dataclass(frozen=True)
class Settings:
    """How to grade: the device, and the secret that the probes' inputs are drawn from."""

    device: str = "cpu"
    secret: str | None = None
    unsandboxed: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event, compare=False)


def inputs_digest(
    assignment: Assignment,
    settings: Settings,
    captures: Mapping[str, tuple[str, ...]] | None = None,
) -> str:
    """Return the digest of what is observed of a notebook, and of what its inputs come from.

    `captures` are names by question, where others than the assignment's are meant.
    """
    names = captures or {question.name: question.captures for question in assignment.questions}
    secret = settings.secret or assignment.secret
    parts = (assignment.probes_source, json.dumps(names), secret)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
