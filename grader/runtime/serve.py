"""Serve: the warm process itself: get warm once, fork a confined child for each job."""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import tempfile
import time
from resource import struct_rusage

import torch

from grader.runtime import linux, originals, shell, tiers
from grader.runtime.confine import close_all_but
from grader.runtime.job import Job
from grader.runtime.runner import Runner, finish
from grader.wire import Frame, read_frame, write_frame

RESULTS, JOB = 3, 4
_SUBREAPER = 36
_MAX_JOB = 1 << 30


class Server:
    """The warm process: its shell, its tier and the one child it may have."""

    def __init__(self, control: socket.socket, place: str, tier: str, *, processes: bool) -> None:
        self._control = control
        self._place = place
        self._tier = tiers.make(tier, f"{place}/root", processes=processes)
        self._child: int | None = None
        # What a child leaves behind becomes ours, so that it can be found and ended.
        linux.prctl(_SUBREAPER, 1)

    def warm_up(self, preload: list[str], thorough: bool) -> None:
        """Import what notebooks need, make the shell, and do once what is slow the first time."""
        self._shell = prepare(f"{self._place}/warm", preload, thorough=thorough)
        if linux.threads() != 1:
            raise RuntimeError("the warm process has more than one thread and must not fork")
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            raise RuntimeError("the warm process has started CUDA and must not fork")
        self._control.send(b"W")

    def serve(self) -> None:
        """Obey messages until the socket ends."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._control, 16, 3)
            if not message:
                break
            if message == b"J" and len(descriptors) == 3:
                self._start(*descriptors)
            elif message == b"I" and self._child is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._child, signal.SIGINT)
            elif message == b"K":
                self._control.send(b"D" + self._end())
        self._end()
        os._exit(0)

    def _start(self, results: int, output: int, job: int) -> None:
        try:
            pid = self._tier.fork()
        except OSError as error:
            self._control.send(b"E" + str(error).encode()[:200])
            pid = -1
        if pid == 0:
            self._run(results, output, job)
        for descriptor in (results, output, job):
            os.close(descriptor)
        if pid > 0:
            self._child = pid
            self._control.send(b"S")

    def _run(self, results: int, output: int, job: int) -> None:
        """Be the child: confine, run the job, end. Never returns."""
        try:
            arrange(results, output, job)
            plan = Job.from_frame(read_frame(JOB, _MAX_JOB))
            os.close(JOB)
            work, home = self._tier.enter(plan.bounds, self._place)
            settle(work, home)
            runner = Runner(plan, RESULTS, self._shell)
        except BaseException as error:
            with contextlib.suppress(BaseException):
                write_frame(RESULTS, Frame({"event": "broken", "message": repr(error)[:500]}))
            os._exit(70)
        try:
            runner.run()
        finally:
            finish()

    def _end(self) -> bytes:
        """Kill the child and whatever it left to us; return when all of it is gone.

        The answer says how the child ended, as JSON: the signal that it died of before it was
        killed here (0: none), its processor time in seconds, its largest resident size in bytes.
        """
        ending = {"signal": 0, "cpu_seconds": 0.0, "peak_bytes": 0}
        if self._child is not None:
            done, status, used = _wait_a_moment(self._child)
            if not done:
                os.kill(self._child, signal.SIGKILL)
                _, _, used = os.wait4(self._child, 0)
            elif os.WIFSIGNALED(status):
                ending["signal"] = os.WTERMSIG(status)
            ending["cpu_seconds"] = used.ru_utime + used.ru_stime
            ending["peak_bytes"] = used.ru_maxrss * 1024
            self._child = None
        while strays := _children():
            for pid in strays:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        return json.dumps(ending).encode()


def prepare(home: str, preload: list[str], *, thorough: bool) -> shell.NotebookShell:
    """Make this process warm, with one thread, so that it can fork; return its shell."""
    torch.set_num_threads(1)
    for module in preload:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    made = shell.ready(home)
    if thorough:
        _do_once(preload)
    originals.own_words()
    gc.collect()
    gc.freeze()
    # Figures are made of many small objects: the default, 700, looks at them all the time.
    gc.set_threshold(20_000, 10, 10)
    return made


def arrange(results: int, output: int, job: int) -> None:
    """Put the child's descriptors in their places and close all others."""
    os.setsid()
    # A grader in the background of a script hands on that interrupts are ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    high = [os.dup(descriptor) for descriptor in (results, output, job)]
    while min(high) <= JOB:
        high = [os.dup(descriptor) for descriptor in high]
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(high[1], 1)
    os.dup2(high[1], 2)
    os.dup2(high[0], RESULTS)
    os.dup2(high[2], JOB)
    close_all_but((RESULTS, JOB))


def settle(work: str, home: str) -> None:
    """Make `work` the working directory and `home` the home."""
    os.chdir(work)
    os.environ["HOME"] = home
    os.environ["TMPDIR"] = f"{home}/tmp"
    os.environ["MPLCONFIGDIR"] = f"{home}/matplotlib"
    os.environ["IPYTHONDIR"] = f"{home}/ipython"
    tempfile.tempdir = None


def _wait_a_moment(pid: int) -> tuple[int, int, struct_rusage]:
    """Wait for a child that may be about to end by itself, as wait4 does with WNOHANG."""
    for _ in range(30):
        found = os.wait4(pid, os.WNOHANG)
        if found[0]:
            break
        time.sleep(0.001)
    return found


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(each) for each in file.read().split()]


def _do_once(preload: list[str]) -> None:
    """Do what is slow the first time: a figure of many axes, a step of an optimizer."""
    if "matplotlib.pyplot" in preload:
        plt = importlib.import_module("matplotlib.pyplot")
        plt.subplots(5, 7)
        plt.close("all")
    weight = torch.nn.Parameter(torch.zeros(1, 1, 3, 3))
    torch.nn.functional.conv2d(torch.zeros(1, 1, 8, 8), weight).sum().backward()  # type: ignore[no-untyped-call]
    if "torch.optim" in preload:
        # The first step imports torch._dynamo, which takes a second.
        torch.optim.SGD([weight], lr=0.1).step()
    ctypes.CDLL(None).malloc_trim(0)
