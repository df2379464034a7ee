"""Measure: run a command; what it and everything it started took: wall, CPU, memory."""

import contextlib
import os
import platform
import resource
import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Sample:
    """Seconds of one submission, and the largest memory of all processes together, in bytes."""

    wall: float
    cpu: float
    memory: int


def run(command: Sequence[str], submissions: int, cwd: Path) -> Sample:
    """Run a command that gets through `submissions`; return what one of them cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        looking = Looking(process.pid)
        looking.start()
        _, errors = process.communicate()
        looking.over.set()
        looking.join()
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{command}: {errors.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall / submissions, used / submissions, looking.peak)


def environment(command: Sequence[str]) -> dict[str, str]:
    """Return this process's environment, with the tools beside the command first on the path."""
    return {**os.environ, "PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"}


class Looking(threading.Thread):
    """Looks at memory now and then, the sum of proportional set sizes: of a process or its tree."""

    def __init__(self, pid: int, *, alone: bool = False) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.peak = 0
        self._pid = pid
        self._alone = alone

    def run(self) -> None:
        while not self.over.wait(LOOK_SECONDS):
            watched = [self._pid] if self._alone else tree(self._pid)
            self.peak = max(self.peak, sum(memory(pid) for pid in watched))


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{each}/task"):
                text = Path(f"/proc/{each}/task/{task}/children").read_text()
                found += [int(child) for child in text.split()]
    return found


def memory(pid: int, kind: str = "Pss:") -> int:
    """Return a process's proportional set size in bytes, or what else begins with `kind`.

    0 where the process is gone.
    """
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))
    return 0


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return "median [min–max]"."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} [{min(values):.{digits}f}–{max(values):.{digits}f}]"


def machine() -> str:
    """Return what the figures were taken on."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{os.cpu_count()} cores ({model}), Linux {platform.release()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )
