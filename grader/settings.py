"""Settings: how a class is graded, and what the probes' inputs come from. Imports no torch."""

import hashlib
import json
import threading
from dataclasses import dataclass, field

from grader.assignment import Assignment


@dataclass(frozen=True)
class Settings:
    """How to grade: the device, and the secret that the probes' inputs are drawn from."""

    device: str = "cpu"
    secret: str | None = None
    unsandboxed: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event, compare=False)


def inputs_digest(assignment: Assignment, settings: Settings) -> str:
    """Return the digest of what is observed of a notebook, and of what its inputs come from."""
    names = {question.name: question.captures for question in assignment.questions}
    secret = settings.secret or assignment.secret
    parts = (assignment.probes_source, json.dumps(names), secret)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
