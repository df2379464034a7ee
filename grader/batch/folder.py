"""Folder: hold the folder of a class for one command at a time."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from grader.batch.names import FOLDERS
from grader.errors import UsageError
from grader.store import PARTIAL

BOOK = "gradebook.sqlite"
# What a regrade has run and is not accepted, or not yet put in its place.
UNDONE = ".regrade"
OWN_FOLDERS = (*FOLDERS, "export", UNDONE)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one command. Raises UsageError where another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"another grader is writing to {folder}. Wait until it has ended, or name "
                "another folder with -o."
            ) from None
        # What a command that was killed has left half-written. Other folders are not ours: what was
        # handed in is unpacked here too.
        for place in OWN_FOLDERS:
            for path in (folder / place).rglob(f"{PARTIAL}*"):
                path.unlink(missing_ok=True)
        for path in folder.glob(f"{PARTIAL}*"):
            path.unlink(missing_ok=True)
        yield
