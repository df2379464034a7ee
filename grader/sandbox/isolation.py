"""Isolation: the strongest tier that this machine allows, found once by trying."""

import functools
import shutil
import subprocess
from dataclasses import dataclass

from grader.sandbox import stage

_USER_NAMESPACE = (
    "--user", "--map-root-user", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc",
)  # fmt: skip


@dataclass(frozen=True)
class Isolation:
    """A tier, what it is made of here, and the command prefix that its warm process needs."""

    tier: str
    features: tuple[str, ...]
    prefix: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the report says."""
        return (f"tier {self.tier}", *self.features)


@functools.cache
def available() -> Isolation:
    """Return the strongest tier that a throwaway child could be put into: A1, C or none."""
    return _first((("A1", ()), ("A1", _user_namespace()), ("C", ())))


@functools.cache
def without_namespaces() -> Isolation:
    """Return the strongest tier that keeps the machine's own file system: C or none."""
    return _first((("C", ()),))


def _first(candidates: tuple[tuple[str, tuple[str, ...]], ...]) -> Isolation:
    place = stage.make()
    try:
        tried = (_try(place, tier, prefix) for tier, prefix in candidates)
        return next((each for each in tried if each), Isolation("none", ()))
    finally:
        place.remove()


def for_device(device: str) -> Isolation:
    """Return the tier for notebooks that run on `device`.

    A GPU's driver needs files and devices of the whole machine: tier C at most.
    """
    return available() if device == "cpu" else without_namespaces()


def _user_namespace() -> tuple[str, ...]:
    unshare = shutil.which("unshare")
    return (unshare, *_USER_NAMESPACE) if unshare else ("false",)


def _try(place: stage.Stage, tier: str, prefix: tuple[str, ...]) -> Isolation | None:
    command = stage.python(place, "grader.runtime.probe", tier, str(place.place))
    try:
        done = subprocess.run(
            [*prefix, *command],
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    return Isolation(tier, tuple(done.stdout.split("\n")) if done.stdout else (), prefix)
