"""Tiers: the ways to confine a forked child, strongest first; the machine decides which works.

A1  namespaces, a root directory of its own, limits, no privilege, Landlock, system-call filter
C   Landlock, system-call filter, limits: where namespaces are not allowed, and for GPUs
none  limits only
"""

import os
import signal
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from grader.runtime import confine, linux, syscalls
from grader.runtime.confine import Bounds


class Tier(Protocol):
    """How a child is made and confined."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def fork(self) -> int:
        """Fork; return 0 in the child and its process id in the parent."""

    def enter(self, bounds: Bounds, place: str) -> tuple[str, str]:
        """Confine the calling child; return its working directory and its home.

        `place` holds `work` and `home` on disk. Raises OSError where a step is not allowed.
        """


@dataclass(frozen=True)
class Namespaces:
    """Tier A1."""

    root: str
    namespace: int
    filter: ModuleType | None
    name: str = "A1"

    def fork(self) -> int:
        linux.unshare(linux.CLONE_NEWPID)
        try:
            pid = os.fork()
        except OSError:
            linux.setns(self.namespace, linux.CLONE_NEWPID)
            raise
        if pid:
            # Back again, so that the next child starts a namespace of its own.
            linux.setns(self.namespace, linux.CLONE_NEWPID)
        return pid

    def enter(self, bounds: Bounds, place: str) -> tuple[str, str]:
        confine.enter(self.root, bounds, f"{place}/work")
        _last_steps(("/",), ("/tmp", "/dev"), self.filter, sockets=True)
        return confine.WORK, confine.HOME


@dataclass(frozen=True)
class Filters:
    """Tier C."""

    filter: ModuleType | None
    name: str = "C"

    def fork(self) -> int:
        return os.fork()

    def enter(self, bounds: Bounds, place: str) -> tuple[str, str]:
        confine.limit(bounds)
        confine.give_up_privileges(0)
        readable = (*confine.SYSTEM, *confine.python_prefixes(), "/proc", "/sys", "/dev")
        _last_steps(readable, (place, "/dev"), self.filter, sockets=False)
        return f"{place}/work", f"{place}/home"


@dataclass(frozen=True)
class Nothing:
    """Tier none: limits, and what the kernel does for every process."""

    name: str = "none"

    def fork(self) -> int:
        return os.fork()

    def enter(self, bounds: Bounds, place: str) -> tuple[str, str]:
        confine.limit(bounds)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        return f"{place}/work", f"{place}/home"


def make(name: str, root: str) -> Tier:
    """Return the tier called `name`; `root` is an empty directory for a new root."""
    library = syscalls.load_library()
    if name == "A1":
        return Namespaces(root, os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC), library)
    return Filters(library) if name == "C" else Nothing()


def _last_steps(
    readable: tuple[str, ...], writable: tuple[str, ...], library: ModuleType | None, sockets: bool
) -> None:
    if linux.landlock_abi():
        linux.landlock(readable, writable)
    if library is not None:
        syscalls.confine(library, sockets=sockets)
