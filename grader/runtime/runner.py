"""Runner: run one job's notebook in the calling process and write frames about it.

Frames: `ready`, then for each cell `cell` (at its start) and `done`, an `observed` for each
observation (a `probe` before each of its probes), `probing` before the last ones, and `end`.
"""

import contextlib
import os
from typing import Any

import torch

from grader.probes import load_probes
from grader.runtime import originals
from grader.runtime.interrupts import Interrupts
from grader.runtime.job import Job, QuestionPlan
from grader.runtime.observe import observe, to_frame
from grader.runtime.shell import NotebookShell, run_cell
from grader.snapshot import Encoder
from grader.wire import Frame, write_frame


class Runner:
    """One notebook's run: its shell, its probes and the pipe that results go to."""

    def __init__(self, job: Job, results: int, shell: NotebookShell) -> None:
        self._job = job
        self._results = results
        self._shell = shell
        self._device = torch.device(job.device)
        self._probes = load_probes(job.probes_source, "probes.py")
        self._originals = originals.take(job.probes_source)
        self._interrupts = Interrupts()
        self._given = {name: value.to(self._device) for name, value in job.given.items()}

    def run(self) -> None:
        """Run all cells and observe; write a frame about each step."""
        self._send({"event": "ready"})
        for cell in self._job.cells:
            with self._originals.restored():
                self._send({"event": "cell", "index": cell.index})
            error = self._run_cell(cell.source)
            with self._originals.restored():
                self._send({"event": "done", "index": cell.index, "error": describe(error)})
                for question in self._job.questions:
                    if question.name in cell.observe:
                        self._observe(question, "check")
        with self._originals.restored():
            self._send({"event": "probing"})
            for question in self._job.questions:
                self._observe(question, "end")
            self._send({"event": "end"})

    def _run_cell(self, source: str) -> BaseException | None:
        try:
            with self._interrupts.allowed():
                return run_cell(self._shell, source)
        except KeyboardInterrupt as late:
            return late

    def _observe(self, question: QuestionPlan, when: str) -> None:
        encoder = Encoder(self._job.snapshot_bytes)
        with self._device if self._device.type != "cpu" else contextlib.nullcontext():
            nodes = observe(
                question.name,
                question.captures,
                self._shell.user_ns,
                self._probes,
                self._given,
                encoder,
                starting=lambda: self._send({"event": "probe"}),
                interruptible=self._interrupts.allowed,
            )
        write_frame(self._results, to_frame(question.name, when, nodes, encoder))

    def _send(self, document: dict[str, Any]) -> None:
        write_frame(self._results, Frame(document))


def describe(error: BaseException | None) -> str | None:
    """Return an exception as one line, "NameError: name 'x' is not defined"."""
    if error is None:
        return None
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    name = type(error).__name__
    return f"{name}: {text}"[:500] if text else name


def finish() -> None:
    """End the process at once: nothing that the notebook left behind gets to run."""
    os._exit(0)
