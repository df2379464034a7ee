"""Worker: the trusted side's handle on one warm process, and a pool of them."""

import contextlib
import json
import os
import queue
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from grader.assignment import Assignment
from grader.errors import SandboxError, UsageError
from grader.sandbox import isolation, stage
from grader.sandbox.isolation import Isolation
from grader.wire import to_bytes

if TYPE_CHECKING:
    # A warm process is started before torch is imported here, so that both load at once.
    from grader.runtime.job import Job

START_SECONDS = 120.0
ANSWER_SECONDS = 10.0
CONTROL = 3
NO_ISOLATION = (
    "this machine offers no isolation for student code (see `grader doctor`). Grade in a "
    "container, or accept the risk with --allow-unsandboxed."
)


@dataclass(frozen=True)
class Pipes:
    """What comes out of a child: frames on `results`, what it prints on `output`."""

    results: int
    output: int


@dataclass(frozen=True)
class Ending:
    """How a child ended: the signal that it died of (0: none, or ours), and what it had used."""

    signal: int = 0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


class Worker:
    """One warm process. Use `run` for each notebook, one at a time, and `close` at the end."""

    def __init__(self, assignment: Assignment, device: str, separated: Isolation, warm: bool):
        self.isolation = separated
        self._stage = stage.make()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed in `close`)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = stage.python(
            self._stage,
            "grader.runtime",
            *("--control", str(theirs.fileno()), "--place", str(self._stage.place)),
            *("--tier", separated.tier, "--warm", str(int(warm))),
            *("--processes", str(int(assignment.limits.processes))),
            *assignment.settings.preload,
        )
        try:
            self._process = subprocess.Popen(
                [*_dies_with_its_parent(), *separated.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                cwd=self._stage.place,
                env=stage.environment(self._stage, device),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            self._stage.remove()
            raise SandboxError(f"the warm process could not be started: {error}.") from error
        finally:
            theirs.close()
        self.alive = True
        self.ending = Ending()
        self._ready = False

    @contextlib.contextmanager
    def run(self, job: "Job", companions: Mapping[str, bytes]) -> Iterator[Pipes]:
        """Start a child for `job`; at the end of the block it and all it started are ended.

        After the block `ending` says how it ended. Raises SandboxError where the warm process does
        not answer.
        """
        self.ending = Ending()
        self._stage.clear(companions)
        results, their_results = os.pipe()
        output, their_output = os.pipe()
        try:
            try:
                self._send_job(job, their_results, their_output)
            finally:
                os.close(their_results)
                os.close(their_output)
            yield Pipes(results, output)
        finally:
            os.close(results)
            os.close(output)
            self._end()

    @property
    def running(self) -> bool:
        """Whether the warm process is there. It ends with the thread that started it."""
        return self._process.poll() is None

    def interrupt(self) -> None:
        """Send the child a KeyboardInterrupt, as Jupyter's stop button does."""
        with contextlib.suppress(OSError):
            self._control.send(b"I")

    def close(self) -> None:
        """End the warm process and remove its files."""
        self.alive = False
        self._control.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        self._stage.remove()

    def _send_job(self, job: "Job", results: int, output: int) -> None:
        if not self._ready:
            self._expect(b"W", START_SECONDS)
            self._ready = True
        with tempfile.TemporaryFile() as file:
            file.write(to_bytes(job.to_frame()))
            file.seek(0)
            try:
                socket.send_fds(self._control, [b"J"], [results, output, file.fileno()])
            except OSError as error:
                raise self._lost() from error
            self._expect(b"S", ANSWER_SECONDS)

    def _end(self) -> None:
        try:
            self._control.send(b"K")
            self.ending = Ending(**json.loads(self._expect(b"D", ANSWER_SECONDS)))
        except (OSError, SandboxError, ValueError, TypeError):
            self.alive = False

    def _expect(self, answer: bytes, seconds: float) -> bytes:
        self._control.settimeout(seconds)
        try:
            found = self._control.recv(256)
        except OSError as error:
            raise self._lost() from error
        if not found.startswith(answer):
            raise self._lost(found[1:].decode(errors="replace"))
        return found[1:]

    def _lost(self, why: str = "") -> SandboxError:
        self.alive = False
        self._errors.seek(0)
        words = self._errors.read()[-800:].decode(errors="replace").strip()
        return SandboxError(
            f"the warm process was lost; its last words: {why or words or '(none)'}"
        )


class Pool:
    """Warm processes for one assignment and device, lent to one caller at a time.

    They are confined by the strongest tier of this machine, or by the one given. Raises UsageError
    where there is none and `unsandboxed` does not say that this is accepted.
    """

    def __init__(
        self,
        assignment: Assignment,
        device: str,
        *,
        warm: bool,
        unsandboxed: bool = False,
        separated: Isolation | None = None,
    ) -> None:
        self._assignment = assignment
        self._device = device
        self._warm = warm
        self._isolation = separated or isolation.for_device(device)
        if self._isolation.tier == "none" and not (unsandboxed or separated):
            raise UsageError(NO_ISOLATION)
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        stage.sweep()

    def start(self, workers: int) -> None:
        """Start `workers` warm processes now, without waiting until they are warm."""
        for _ in range(workers):
            self._idle.put(self._make())

    @contextlib.contextmanager
    def lend(self) -> Iterator[Worker]:
        """Lend a worker, an idle one or a new one; a lost one is not lent again."""
        worker = self._take()
        try:
            yield worker
        finally:
            if worker.alive:
                self._idle.put(worker)
            else:
                worker.close()

    def _take(self) -> Worker:
        """Return an idle worker that has not ended meanwhile, else a new one."""
        while True:
            try:
                worker = self._idle.get_nowait()
            except queue.Empty:
                return self._make()
            if worker.running:
                return worker
            worker.close()

    def _make(self) -> Worker:
        return Worker(self._assignment, self._device, self._isolation, self._warm)

    def close(self) -> None:
        """End all idle workers; to be called when none is lent."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _dies_with_its_parent() -> tuple[str, ...]:
    """Return the command that makes the kernel end the process if the grader itself is killed."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
