"""Watch: follow a running child, hold it to its limits, collect what it reports.

Every byte from the child is hostile: a frame can report less or other than what happened, and it
can carry values, which are compared later; it can do nothing else.
"""

import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grader.assignment import Limits
from grader.sandbox.execution import CellOutcome, Observation, Status, read_observation
from grader.sandbox.worker import Ending, Pipes
from grader.snapshot import SnapshotError
from grader.text import whole
from grader.wire import Frame, FrameReader, WireError

START_SECONDS = 120.0
GRACE_SECONDS = 3.0
LOOK_SECONDS = 0.25
KEPT_OUTPUT = 20_000
# How often a notebook may run into the limit of one cell's output before it is ended.
MOST_FLOODS = 20
# How many of the largest snapshots all observations of a notebook may hold together.
MOST_SNAPSHOTS = 4
_MEMORY_SIGNS = ("MemoryError", "can't allocate memory", "CUDA out of memory", "OutOfMemoryError")
_GIB = 1 << 30


@dataclass
class Record:
    """What is known of the run so far."""

    cells: list[int]
    # The names that each question's observations hold, and how many observations are asked for.
    asked: Mapping[str, frozenset[str]]
    most_observations: int
    outcomes: dict[int, CellOutcome] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    status: Status = "ok"
    message: str | None = None
    started: bool = False
    broken: str = ""
    ended: bool = False
    died: bool = False
    running: int | None = None
    printed: int = 0
    output: bytes = b""

    def strike(self, status: Status, message: str) -> None:
        """Note the first limit that struck; one that leaves the run `ok` gives way to others."""
        if self.status == "ok" and (status != "ok" or self.message is None):
            self.status, self.message = status, message

    def stop_cell(self, reason: str) -> None:
        """Note that the cell that runs, if one does, ended here."""
        if self.running is not None:
            self.outcomes[self.running] = CellOutcome(self.running, "error", reason)

    def result(self) -> tuple[CellOutcome, ...]:
        """Return an outcome for every code cell; those never reached are `skipped`."""
        return tuple(self.outcomes.get(i, CellOutcome(i, "skipped")) for i in self.cells)


class Watch:
    """Follows one child from its start to its end; `run` returns the finished record."""

    def __init__(
        self,
        pipes: Pipes,
        interrupt: Callable[[], None],
        limits: Limits,
        record: Record,
        cancelled: threading.Event,
    ) -> None:
        self._results = pipes.results
        self._output = pipes.output
        self._interrupt = interrupt
        self._limits = limits
        self._record = record
        self._cancelled = cancelled
        self._reader = FrameReader(limits.snapshot_bytes + (1 << 20))
        self._deadline = time.monotonic() + START_SECONDS
        self._end = self._deadline + limits.total_seconds
        self._phase = "start"
        self._interrupted = False
        self._reason = ""
        self._printed = 0

    def run(self) -> Record:
        """Return when the child has ended, has finished its work or was stopped."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._results, selectors.EVENT_READ, self._on_results)
            selector.register(self._output, selectors.EVENT_READ, self._on_output)
            while not self._record.ended:
                if not selector.get_map() or self._results_closed(selector):
                    break
                wait = min(self._deadline, self._end) - time.monotonic()
                for key, _ in selector.select(min(max(wait, 0), LOOK_SECONDS)):
                    if not key.data():
                        selector.unregister(key.fileobj)
                if not self._within_limits():
                    return self._record
        if not self._record.ended and self._record.started:
            self._record.died = True
        return self._record

    def _results_closed(self, selector: selectors.BaseSelector) -> bool:
        return self._results not in {key.fd for key in selector.get_map().values()}

    def _on_results(self) -> bool:
        data = os.read(self._results, 1 << 20)
        if not data:
            return False
        try:
            for frame in self._reader.feed(data):
                self._on_frame(frame)
        except (WireError, SnapshotError) as error:
            self._record.strike("killed", f"The notebook wrote on the grader's own pipe: {error}")
            return False
        return True

    def _on_output(self) -> bool:
        data = os.read(self._output, 1 << 16)
        self._record.printed += len(data)
        self._printed += len(data)
        self._record.output = (self._record.output + data)[-KEPT_OUTPUT:]
        return bool(data)

    def _on_frame(self, frame: Frame) -> None:
        record, document = self._record, frame.document
        index = document.get("index")
        match document.get("event"):
            case "ready" if not record.started:
                record.started = True
                self._end = time.monotonic() + self._limits.total_seconds
                self._enter("idle", self._limits.cell_seconds)
            case "cell" if index in record.cells:
                record.running = index
                record.printed = 0
                self._enter("cell", self._limits.cell_seconds)
            case "done" if index in record.cells and index == record.running:
                self._finish_cell(index, document.get("error"))
                self._enter("probes", self._limits.probe_seconds)
            case "probing" | "probe":
                record.running = None
                self._enter("probes", self._limits.probe_seconds)
            case "observed":
                self._on_observation(frame)
                self._enter("probes", self._limits.probe_seconds)
            case "end":
                record.ended = True
            case "broken" if not record.started:
                record.broken = str(document.get("message"))[:500]

    def _enter(self, phase: str, seconds: float) -> None:
        self._phase, self._interrupted = phase, False
        self._deadline = time.monotonic() + seconds

    def _finish_cell(self, index: int, error: object) -> None:
        record = self._record
        text = whole(error[:500]) if isinstance(error, str) else None
        if text and self._interrupted:
            text = self._reason
        elif text:
            struck = limit_in(text, self._limits)
            if struck:
                record.strike(struck[0], f"Cell {index} {struck[1]}.")
        record.outcomes[index] = CellOutcome(index, "error" if text else "ok", text)
        # What it printed must not stop what comes after it.
        record.running, record.printed = None, 0

    def _on_observation(self, frame: Frame) -> None:
        question = frame.document.get("question")
        values = frame.document.get("values")
        asked = self._record.asked.get(question) if isinstance(question, str) else None
        if asked is None or not isinstance(values, dict) or values.keys() != asked:
            raise SnapshotError("an observation that nobody asked for.")
        kept = sum(len(each.blob) for each in self._record.observations) + len(frame.blob)
        if (
            len(self._record.observations) >= self._record.most_observations
            or kept > MOST_SNAPSHOTS * self._limits.snapshot_bytes
        ):
            raise SnapshotError("more observations than were asked for.")
        self._record.observations.append(read_observation(frame, self._limits.snapshot_bytes))

    def _within_limits(self) -> bool:
        """Hold the child to its limits; return False once it has to be killed."""
        now, limits, record = time.monotonic(), self._limits, self._record
        if self._cancelled.is_set():
            raise KeyboardInterrupt
        if self._printed > MOST_FLOODS * limits.output_bytes:
            record.stop_cell("stopped: the notebook printed too much")
            return False
        if record.printed > limits.output_bytes and not self._interrupted:
            where = "The notebook" if record.running is None else f"Cell {record.running}"
            record.strike(
                "output_limit", f"{where} printed more than {limits.output_bytes:,} bytes."
            )
            self._stop_gently("stopped: too much output", now)
            return True
        if now >= self._end:
            record.strike(
                "timeout",
                f"The notebook ran longer than the {limits.total_seconds:g} s it may take in all.",
            )
            record.stop_cell("stopped: the notebook's time was used up")
            return False
        if now >= self._deadline:
            return self._overtime(now)
        return True

    def _overtime(self, now: float) -> bool:
        record = self._record
        if not record.started:
            return False
        if self._interrupted:
            record.stop_cell(f"{self._reason}; it did not react")
            return False
        if self._phase == "cell":
            message = f"Cell {record.running} ran longer than {self._limits.cell_seconds:g} s."
        else:
            limit = self._limits.probe_seconds
            message = f"Calling the notebook's functions took longer than {limit:g} s."
        record.strike("timeout", message)
        self._stop_gently(
            f"stopped after {self._limits.cell_seconds:g} s (the limit for one cell)", now
        )
        return True

    def _stop_gently(self, reason: str, now: float) -> None:
        """Interrupt what runs, and give it a moment to end by itself."""
        self._interrupt()
        self._interrupted, self._reason = True, reason
        self._deadline = now + GRACE_SECONDS


def limit_in(error: str, limits: Limits) -> tuple[Status, str] | None:
    """Return the limit that a cell's error speaks of: the run's status, and words about it.

    Only too much memory has a status of its own; after the others the notebook goes on as usual.
    """
    if any(sign in error for sign in _MEMORY_SIGNS):
        return "memory", f"wanted more memory than the {limits.memory_bytes / _GIB:.1f} GiB allowed"
    if "No space left on device" in error:
        size = f"{limits.disk_bytes:,} bytes"
        return "ok", f"wanted to write more than the {size} of files allowed"
    if "File too large" in error:
        return "ok", f"wanted to write a file larger than the {limits.file_bytes:,} bytes allowed"
    if "Too many open files" in error:
        return "ok", f"wanted to have more than the {limits.open_files} files open that are allowed"
    if "can't start new thread" in error:
        return "ok", f"wanted to start more than the {limits.threads} threads allowed"
    if "[Errno 1] Operation not permitted" in error and not limits.processes:
        return "ok", "did what is not permitted here, such as starting another process"
    return None


def explain_death(record: Record, ending: Ending, limits: Limits) -> None:
    """Note why a child that died of itself did."""
    index = record.running
    where = "while its functions were called" if index is None else f"in cell {index}"
    if ending.cpu_seconds >= limits.cpu_seconds:
        figure = f"{limits.cpu_seconds} s of processor time"
        record.strike("timeout", f"The notebook used up the {figure} it may take, {where}.")
    elif ending.signal == signal.SIGKILL:
        sentence = f"The notebook's process was killed {where}: the machine may be out of memory."
        record.strike("killed", sentence)
    elif ending.signal:
        name = (signal.strsignal(ending.signal) or f"signal {ending.signal}").lower()
        record.strike("killed", f"The notebook's process crashed {where} ({name}).")
    else:
        record.strike("killed", f"The notebook ended its own process {where}.")
    record.stop_cell("the process ended here")
