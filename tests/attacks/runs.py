"""Runs: in which tier and as which user all attacks are graded, each in a process of its own.

An unprivileged user may not be able to read this checkout or Python (below /root, for example).
Then the process gets a mount namespace in which exactly those folders can be reached.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import ROOT

NOBODY = 65533
SECONDS = 400


@dataclass(frozen=True)
class Run:
    """One tier, as root or as an unprivileged user, and the families of attacks to grade in it.

    What only the trusted side handles (`channel`, `values`, `uploads`) is the same in every tier,
    how a process ends the same for every user.
    """

    tier: str
    families: tuple[str, ...]
    namespace: str = "own"
    as_root: bool = True

    @property
    def whole(self) -> bool:
        """Whether it grades every attack."""
        return self.families == EVERY

    @property
    def name(self) -> str:
        """What the tests call it."""
        namespace = "-userns" if self.namespace == "user" else ""
        return f"{self.tier}{namespace}-{'root' if self.as_root else 'user'}"


BY_USER = ("reach", "escape", "bombs", "lingering")
BY_TIER = (*BY_USER, "endings")
EVERY = (*BY_TIER, "channel", "values", "uploads")

RUNS = (
    Run("A1", EVERY) if os.geteuid() == 0 else Run("A1", EVERY, "user", as_root=False),
    Run("C", BY_TIER, as_root=os.geteuid() == 0),
    Run("none", BY_TIER, as_root=os.geteuid() == 0),
    *((Run("A1", BY_USER, "user", False), Run("C", BY_USER, as_root=False)) * (os.geteuid() == 0)),
)
"""Run as root, the tests grade as another user too."""


def results(run: Run, folder: Path) -> dict[str, Any]:
    """Grade all attacks of `run` below `folder`, or read what was found there before.

    Returns `{"unavailable": why}` where this machine cannot have such a run.
    """
    found = folder / "results.json"
    if not found.exists():
        folder.mkdir(parents=True)
        _grade(run, folder)
    return json.loads(found.read_text())  # type: ignore[no-any-return]


def _grade(run: Run, folder: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("drive.py"))]
    command += ["--tier", run.tier, "--namespace", run.namespace, "--folder", str(folder)]
    command += ["--families", *run.families]
    if not run.as_root and os.geteuid() == 0:
        command = _as_nobody(command, folder)
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{run.name}: the grading process failed: {done.stderr[-2000:]}")


def _as_nobody(command: list[str], folder: Path) -> list[str]:
    """Return the command as another user who can reach Python, the checkout and `folder`."""
    os.chown(folder, NOBODY, NOBODY)
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    needed = [Path(sys.base_prefix), Path(sys.prefix), ROOT, folder]
    script = "\n".join(["set -e", *_uncover(needed), 'exec "$@"'])
    return ["unshare", "--mount", "sh", "-c", script, "sh", *user, *command]


def _uncover(needed: list[Path]) -> list[str]:
    """Return shell lines that make `needed` reachable: each closed folder above them is covered by
    an empty one that anybody may enter, and what is needed is bound back into it."""
    closed = {
        parent
        for path in needed
        for parent in path.resolve().parents
        if not parent.stat().st_mode & 0o001
    }
    tops = [c for c in closed if not any(other in c.parents for other in closed)]
    lines = []
    for top in tops:
        inside = [path.resolve() for path in needed if top in path.resolve().parents]
        inside = [p for p in inside if not any(other in p.parents for other in inside)]
        lines.append("keep=$(mktemp -d)")
        for number, path in enumerate(inside):
            lines += [f"mkdir $keep/{number}", f"mount --bind '{path}' $keep/{number}"]
        lines.append(f"mount -t tmpfs -o mode=755 none '{top}'")
        for number, path in enumerate(inside):
            lines += [f"mkdir -p '{path}'", f"mount --move $keep/{number} '{path}'"]
        lines.append("rmdir $keep/* $keep")
    return lines
