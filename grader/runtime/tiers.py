"""Tiers: the ways to confine a forked child, strongest first; the machine decides which works.

A1  namespaces, a root directory of its own, limits, no privilege, Landlock, system-call filter
C   Landlock, system-call filter, limits: where namespaces are not allowed, and for GPUs
none  limits only
"""

import os
import signal
from dataclasses import dataclass
from typing import Protocol

from grader.runtime import confine, linux, syscalls
from grader.runtime.confine import Bounds
from grader.runtime.syscalls import Filter


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
    filter: Filter | None
    uid: int
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
        confine.enter(self.root, bounds, f"{place}/work", self.uid)
        _last_steps(("/",), ("/tmp", "/dev"), self.filter)
        return confine.WORK, confine.HOME


@dataclass(frozen=True)
class Filters:
    """Tier C."""

    filter: Filter | None
    uid: int
    name: str = "C"

    def fork(self) -> int:
        return os.fork()

    def enter(self, bounds: Bounds, place: str) -> tuple[str, str]:
        readable = (*confine.SYSTEM, *confine.python_prefixes(), "/proc", "/sys")
        writable = (f"{place}/work", f"{place}/home", *confine.shared_devices())
        confine.enter_shared(bounds, place, self.uid)
        _last_steps(readable, writable, self.filter)
        return f"{place}/work", f"{place}/home"


@dataclass(frozen=True)
class Nothing:
    """Tier none: limits, and what the kernel does for every process."""

    name: str = "none"

    def fork(self) -> int:
        return os.fork()

    def enter(self, bounds: Bounds, place: str) -> tuple[str, str]:
        confine.limit(bounds, tasks=False)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        return f"{place}/work", f"{place}/home"


def make(name: str, root: str, *, processes: bool) -> Tier:
    """Return the tier called `name`; `root` is an empty directory for a new root.

    `processes` says whether a notebook may make some of its own.
    """
    library = syscalls.load_library()
    if name == "none":
        return Nothing()
    made = library and syscalls.make(library, shared=name == "C", processes=processes)
    if name == "A1":
        here = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        return Namespaces(root, here, made, confine.FIRST_UID + os.getpid())
    return Filters(made, confine.FIRST_UID + os.getpid())


def _last_steps(readable: tuple[str, ...], writable: tuple[str, ...], ready: Filter | None) -> None:
    if linux.landlock_abi():
        linux.landlock(readable, writable)
    if ready is not None:
        ready.load()
