"""Doctor: what this machine can do for grading, and what would make it stronger."""

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from typing import Literal

import torch

from grader.sandbox import isolation

PACKAGES = ("torch-grader", "torch", "numpy", "IPython", "matplotlib", "otter-grader", "nbformat")


@dataclass(frozen=True)
class Line:
    """One thing looked at: `advice` says what to do where it is not as good as it could be."""

    topic: str
    state: Literal["ok", "weak", "missing"]
    found: str
    advice: str = ""


def examine() -> list[Line]:
    """Return what was found on this machine."""
    return [_python(), *(_package(name) for name in PACKAGES), _processors(), _gpu(), _isolation()]


def _python() -> Line:
    name = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        return Line("Python", "weak", name, "Grading runs on Linux; use a container or WSL there.")
    return Line("Python", "ok", name)


def _package(name: str) -> Line:
    try:
        return Line(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Line(name, "missing", "not installed", f"pip install {name}")


def _processors() -> Line:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Line("processors", "ok", f"{count}; `-j {count}` grades that many at once")


def _gpu() -> Line:
    if torch.cuda.is_available():
        return Line("GPU", "ok", torch.cuda.get_device_name(0))
    return Line("GPU", "ok", "none; notebooks run on the CPU (`--device cpu`)")


def _isolation() -> Line:
    found = isolation.available()
    names = ", ".join(found.names)
    advice = []
    if found.tier != "A1":
        advice.append(
            "Run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), "
            "for tier A1."
        )
    if "system-call filter" not in found.features:
        advice.append("Install libseccomp (Debian: libseccomp2) and `pip install pyseccomp`.")
    if "Landlock" not in found.features:
        advice.append("A kernel with Landlock (5.13 or newer) adds a layer.")
    if found.tier == "none":
        advice.append("Without isolation grading needs --allow-unsandboxed.")
    return Line("isolation", "weak" if advice else "ok", names, " ".join(advice))
