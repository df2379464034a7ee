"""Isolation: the command prefix that this machine allows, probed once.

Where `unshare` (util-linux) works, the child gets its own process, network, IPC and mount
namespaces: killing its first process ends every process it has started, it has no network, and
the course's hidden folder is covered by an empty one, and no capability is left to uncover it.
Elsewhere it is a plain process group.
"""

import functools
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMESPACES = ("--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--net", "--ipc")
_SCRIPT = (
    'while [ "$1" != -- ]; do mount -t tmpfs -o ro,size=4k none "$1" || exit 71; shift; done; '
    'shift; exec "$@"'
)


@dataclass(frozen=True)
class Isolation:
    """What a child is separated by: `names` for the report, `prefix` for its command."""

    names: tuple[str, ...]
    prefix: tuple[str, ...] = ()

    @property
    def namespaced(self) -> bool:
        return bool(self.prefix)

    def command(self, argv: list[str], hidden: tuple[Path, ...]) -> list[str]:
        """Return the command that runs `argv` with the folders `hidden` out of sight."""
        if not self.prefix:
            return argv
        covered = [str(path) for path in hidden if path.is_dir()]
        return [*self.prefix, "sh", "-c", _SCRIPT, "sh", *covered, "--", *_powerless(), *argv]


PLAIN = Isolation(("separate process", "clean environment"))


def _dies_with_its_parent() -> tuple[str, ...]:
    """Return the command that makes the kernel end the child if the grader itself is killed."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


def _powerless() -> tuple[str, ...]:
    """Return the command that gives up every capability, for good: what covers stays covered."""
    setpriv = shutil.which("setpriv")
    drop = ("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")
    return (setpriv, *drop) if setpriv else ()


@functools.cache
def available() -> Isolation:
    """Return the strongest isolation that a throwaway child could be started with."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return PLAIN
    for user in ((), ("--user", "--map-root-user")):
        prefix = (*_dies_with_its_parent(), unshare, *user, *_NAMESPACES)
        trial = Isolation((), prefix).command(["true"], (Path("/mnt"),))
        try:
            done = subprocess.run(trial, capture_output=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            names = ("own processes", "no network", "hidden folder covered")
            return Isolation((*PLAIN.names, *names), prefix)
    return PLAIN
