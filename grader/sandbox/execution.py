"""Execution: the records of what happened when a notebook ran."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.snapshot import Decoder, SnapshotError, read_table
from grader.wire import Frame

Status = Literal["ok", "timeout", "memory", "killed", "output_limit"]
CellStatus = Literal["ok", "error", "skipped"]


@dataclass(frozen=True)
class CellOutcome:
    """How one code cell ended; `index` counts all cells of the notebook from 0."""

    index: int
    status: CellStatus
    error: str | None = None


@dataclass(frozen=True)
class Observation:
    """The inert values of one question, observed at its check cell or at the notebook's end.

    `document` and `blob` are the frame they came in, kept so that they can be stored.
    """

    question: str
    when: Literal["check", "end"]
    values: Mapping[str, object]
    document: Mapping[str, object] = field(repr=False)
    blob: bytes = field(repr=False)


@dataclass(frozen=True)
class Execution:
    """A notebook's run: how it ended, where, and everything that was observed.

    `message` says in a sentence which limit struck; `output` is the tail of what was printed.
    """

    status: Status
    seconds: float
    device: str
    isolation: tuple[str, ...]
    cells: tuple[CellOutcome, ...]
    observations: tuple[Observation, ...]
    message: str | None = None
    output: str = field(default="", repr=False)


def read_observation(frame: Frame, most_bytes: int) -> Observation:
    """Return the observation in a frame, its values inert.

    Raises SnapshotError where it holds none, or arrays of more than `most_bytes` bytes.
    """
    question, values = frame.document.get("question"), frame.document.get("values")
    if not isinstance(question, str) or not isinstance(values, dict):
        raise SnapshotError("a frame that is no observation.")
    decoder = Decoder(read_table(frame.blob, most_bytes) if frame.blob else {})
    return Observation(
        question,
        "check" if frame.document.get("when") == "check" else "end",
        {str(name): decoder.decode(node) for name, node in values.items()},
        frame.document,
        frame.blob,
    )
