"""Device: where notebooks run, "cpu" or "cuda", as asked for on the command line."""

import contextlib
import os
from pathlib import Path

from grader.errors import UsageError

# A warm process, a notebook in it and what the grader itself holds for them.
WORKER_BYTES = 1 << 30
_CGROUP = Path("/sys/fs/cgroup")
CHOICES = ("auto", "cpu", "cuda")
# Where a driver for CUDA shows itself on Linux, and under Windows' own Linux.
_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/nvgpu")


def processors() -> int:
    """Return how many processors this process may use; 1 where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def workers(asked: int | None, submissions: int) -> int:
    """Return how many notebooks to run at once: as asked for, else what the machine can hold.

    That is one for each processor, and one for each GiB of memory that is free.
    """
    fitting = asked or min(processors(), max(1, free_memory() // WORKER_BYTES))
    return max(1, min(fitting, submissions))


def free_memory() -> int:
    """Return the bytes of memory that can be used now, by the machine and by the control group."""
    free = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free += [int(each.split()[1]) * 1024 for each in lines if each.startswith("MemAvailable:")]
    with contextlib.suppress(OSError, ValueError):  # "max" is no number: then there is no limit
        most = int((_CGROUP / "memory.max").read_text())
        free.append(most - int((_CGROUP / "memory.current").read_text()))
    return max(0, min(free))


def resolve(asked: str) -> str:
    """Return "cpu" or "cuda" for "auto", "cpu" or "cuda".

    Raises UsageError where CUDA is asked for and there is none.
    """
    if asked == "cpu" or (asked == "auto" and not any(Path(sign).exists() for sign in _SIGNS)):
        return "cpu"
    # Imported here: it takes seconds, and most machines have no GPU to ask about.
    import torch

    found = torch.cuda.is_available()
    if asked == "cuda" and not found:
        built = "this torch is built without CUDA" if not torch.version.cuda else "no GPU answers"
        raise UsageError(
            f"--device cuda: expected a CUDA GPU, found none ({built}). "
            "Use --device cpu, or run `grader doctor` to see what this machine has."
        )
    return "cuda" if found else "cpu"
