"""Records of the gradebook: what goes in and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grader.assignment import AssignmentFile
from grader.facts import Extension, Facts, ManualMark
from grader.report import Report


@dataclass(frozen=True)
class Command:
    """A command that wrote: its line, the engine's version, and the user of the machine."""

    id: int
    started_at: datetime
    line: str
    engine: str
    user: str


@dataclass(frozen=True)
class Version:
    """An assignment as a command found it; `digest` covers every file that marks depend on."""

    id: int
    assignment: str
    name: str
    digest: str
    files: Mapping[str, str] = field(repr=False)
    settings: AssignmentFile = field(repr=False)


@dataclass(frozen=True)
class Run:
    """How a notebook was run: the digest of what its inputs were drawn from, where, how it went."""

    seed: str
    device: str
    status: str
    seconds: float


@dataclass(frozen=True)
class Marking:
    """One new mark: the report as it is before manual points, lateness and rules.

    Without a `run` it comes from what the submission's last run has left.
    """

    facts: Facts
    report: Report
    run: Run | None = None
    reason: str = ""


@dataclass(frozen=True)
class Marked:
    """What a submission's newest mark was made of, and the status that it has.

    `version` is the number of the assignment's version.
    """

    fingerprint: str
    settings: str
    status: str
    version: int


@dataclass(frozen=True)
class Entry:
    """One line of a submission's history: exactly one of the last four is there.

    A version is an entry because its rules may change what counts.
    """

    at: datetime
    command: Command
    version: Version | None = None
    marking: Marking | None = None
    manual: ManualMark | None = None
    extension: Extension | None = None
