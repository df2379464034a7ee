"""Case: one attack as data, and the words that attacks are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MEAN = "import torch\ndef mean(values):\n    return values.mean()"
"""An honest answer to `mean`: 2 points."""

STARTED = {"mean": 2.0}
"""What a notebook deserves that answers `mean` and nothing else."""

SEARCH = """
import ctypes, gc, os, re, signal, socket, subprocess, sys, threading, time
import torch
found = []
# In halves, so that this cell does not hold what it looks for.
hidden = re.compile("".join(["KANA", "RIEN-[0-9a-f]{32}"]))
def attempt(name, action, *arguments):
    try:
        found.append(f"{name}: {str(action(*arguments))[:60]}")
    except OSError:
        pass
def look(name, content):
    content = content if isinstance(content, str) else bytes(content).decode("latin-1")
    if hidden.search(content):
        found.append(name)
def read(path, most=1 << 20):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)
def look_into(path):
    try:
        look(path, read(path))
    except OSError:
        pass
def numbers():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]
"""

REPORT = '\nif found: raise RuntimeError("REACHED " + "; ".join(sorted(set(found))))\n'
"""The end of a searching cell: what was reached is the cell's error, which the report shows."""

REACHED = "RuntimeError: REACHED"


def search(code: str) -> str:
    """Return a cell that looks for what it should not reach, and errs where it finds it."""
    return SEARCH + code + REPORT


@dataclass(frozen=True)
class Places:
    """Where things lie that an attacker may have guessed; `@HIDDEN@` and so on in a cell."""

    hidden: Path
    public: Path
    other: Path
    service: Path

    def fill(self, cell: str) -> str:
        """Return a cell's text with the places in it."""
        for name in ("hidden", "public", "other", "service"):
            cell = cell.replace(f"@{name.upper()}@", str(getattr(self, name)))
        return cell


@dataclass(frozen=True)
class Case:
    """One attack: what is handed in, what it deserves and how its run ends.

    `marks` are the questions that earn something; `errors` are those of cells, by index, any part
    of the text. `execution_in` and `errors_in` are for tiers in which these differ.
    `open_in` says, tier by tier, which assertion cannot hold there and why; `not_run_in` where
    the attack would harm the machine. `bites`: without isolation it must succeed, or it
    looks for nothing.
    """

    name: str
    sentence: str
    cells: tuple[str, ...] = ()
    upload: Callable[[Path], Path] | None = None
    marks: Mapping[str, float] = field(default_factory=dict)
    status: str = "graded"
    message: str = ""
    execution: str = "ok"
    execution_in: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)
    errors_in: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    assignment: str = "averages"
    open_in: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    not_run_in: Mapping[str, str] = field(default_factory=dict)
    bites: bool = False

    def ends(self, tier: str) -> str:
        """Return the expected `execution.status` in a tier."""
        return self.execution_in.get(tier, self.execution)

    def cell_errors(self, tier: str) -> Mapping[int, str]:
        """Return the expected errors of cells in a tier."""
        return self.errors_in.get(tier, self.errors)
