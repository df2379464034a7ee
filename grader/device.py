"""Device: where notebooks run, "cpu" or "cuda", as asked for on the command line."""

import os
from pathlib import Path

from grader.errors import UsageError

CHOICES = ("auto", "cpu", "cuda")
# Where a driver for CUDA shows itself on Linux, and under Windows' own Linux.
_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/nvgpu")


def processors() -> int:
    """Return how many processors this process may use; 1 where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


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
