"""Again: what notebooks gave that a regrade had to run again, kept until it is accepted.

A preview keeps its runs here, so that what was shown is what is written. Accepted marks are
committed first, then their runs become the snapshots: `install` does it, again if it was cut short.
"""

import contextlib
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from grader import __version__
from grader.assignment import Assignment
from grader.batch import kept
from grader.batch.folder import UNDONE
from grader.batch.names import snapshot_name
from grader.gradebook import Gradebook, Run
from grader.report import ExecutionRecord
from grader.sandbox.execution import Execution
from grader.store import write


class Ran(BaseModel):
    """How a notebook's new run went; `inputs` is the digest of what it was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: str
    message: str | None
    execution: ExecutionRecord

    def run(self) -> Run:
        """Return the run as the gradebook keeps it."""
        ended = self.execution
        return Run(self.inputs, ended.device, ended.status, ended.seconds)


@dataclass(frozen=True)
class Shelf:
    """New runs below the folder of a class, by fingerprint, all of them asked the same."""

    folder: Path
    inputs: str
    place: Path

    def find(self, fingerprint: str) -> Ran | None:
        """Return how a notebook's new run went, None where it has none."""
        return _read(self.place / f"{fingerprint}.json")

    def frames(self, fingerprint: str) -> Path:
        """Return the path of what a new run left."""
        return self.place / f"{fingerprint}.frames.gz"

    def put(self, fingerprint: str, execution: Execution, record: ExecutionRecord) -> None:
        """Keep a new run."""
        write(self.frames(fingerprint), kept.to_frames(execution))
        ran = Ran(inputs=self.inputs, message=execution.message, execution=record)
        # The last one: where it is there, the frames are.
        write(self.place / f"{fingerprint}.json", ran.model_dump_json().encode())

    def clear(self) -> None:
        """Remove every run that was asked something else than now."""
        for other in (self.folder / UNDONE).glob("*"):
            if other != self.place:
                shutil.rmtree(other, ignore_errors=True)


def shelf(folder: Path, assignment: Assignment, inputs: str, device: str) -> Shelf:
    """Return where runs are kept that are made like this, by this version of the grader."""
    parts = (inputs, device, assignment.limits.model_dump_json(), __version__)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Shelf(folder, inputs, folder / UNDONE / digest[:16])


def install(book: Gradebook, assignment: str, folder: Path) -> None:
    """Make the runs that marks were accepted from the snapshots of their submissions."""
    accepted = list(_accepted(book, assignment, folder))
    if not accepted:
        return
    names = defaultdict(list)
    for facts in book.facts(assignment):
        names[facts.fingerprint].append(facts.id)
    for path in accepted:
        frames = path.with_suffix(".frames.gz")
        for name in names[path.stem]:
            write(folder / snapshot_name(name), frames.read_bytes())
        path.unlink()
        frames.unlink()
    for place in (*(folder / UNDONE).glob("*"), folder / UNDONE):
        with contextlib.suppress(OSError):  # what is not empty waits to be accepted
            place.rmdir()


def _accepted(book: Gradebook, assignment: str, folder: Path) -> Iterator[Path]:
    listed = list((folder / UNDONE).glob("*/*.json"))
    runs = book.runs(assignment) if listed else {}
    for path in listed:
        ran = _read(path)
        if ran is not None and runs.get(path.stem) == ran.run():
            yield path


def _read(path: Path) -> Ran | None:
    try:
        return Ran.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
