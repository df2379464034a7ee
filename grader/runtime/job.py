"""Job: what the executing side is told to do, as plain JSON and arrays."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import torch

from grader.runtime.confine import Bounds
from grader.snapshot import read_table
from grader.wire import Frame


@dataclass(frozen=True)
class Cell:
    """A code cell: its index in the notebook and the questions to observe after it."""

    index: int
    source: str
    observe: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuestionPlan:
    """A question's name and the names it captures."""

    name: str
    captures: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One notebook to run and what to observe of it.

    `given` holds the probes' inputs, drawn by the trusted side; they cross as values, so the
    executing side knows neither the seed nor how they were drawn.
    """

    cells: tuple[Cell, ...]
    questions: tuple[QuestionPlan, ...]
    probes_source: str
    device: str
    snapshot_bytes: int
    bounds: Bounds
    given: dict[str, torch.Tensor]

    def to_frame(self) -> Frame:
        """Return the job as one frame."""
        # Imported here: the executing side reads jobs and never writes one.
        from safetensors.torch import save

        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "given"}
        plain["cells"] = [asdict(cell) for cell in self.cells]
        plain["questions"] = [asdict(question) for question in self.questions]
        plain["bounds"] = asdict(self.bounds)
        arrays = {name: value.contiguous() for name, value in self.given.items()}
        return Frame(plain, save(arrays) if arrays else b"")

    @staticmethod
    def from_frame(frame: Frame) -> "Job":
        """Read a job back from its frame."""
        plain: dict[str, Any] = dict(frame.document)
        plain["cells"] = tuple(
            Cell(cell["index"], cell["source"], tuple(cell["observe"])) for cell in plain["cells"]
        )
        plain["questions"] = tuple(
            QuestionPlan(each["name"], tuple(each["captures"])) for each in plain["questions"]
        )
        plain["bounds"] = Bounds(**plain["bounds"])
        given = read_table(frame.blob, len(frame.blob)) if frame.blob else {}
        return Job(**plain, given=given)
