"""Peek: what an archive holds, told by its directory alone, without unpacking it."""

import mmap
import re
import zipfile
from pathlib import Path

from grader.intake.contents import ZIP_MAGIC
from grader.intake.members import name_of
from grader.intake.places import NOTEBOOK, is_debris
from grader.intake.unpack import TAR_ENDINGS, damaged

_UNREADABLE = (OSError, zipfile.BadZipFile, NotImplementedError, ValueError)


def names_in(path: Path) -> list[str] | None:
    """Return the names in a zip, None where the file is none or cannot be opened.

    Raises UsageError for a damaged one that held many notebooks: a single student's is refused
    when it is read.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) not in ZIP_MAGIC:
                return None
        with zipfile.ZipFile(path) as archive:
            names = [name_of(each) for each in archive.infolist() if not each.is_dir()]
    except _UNREADABLE as error:
        if path.is_file() and _remains(path) > 1:
            raise damaged(path, error) from error
        return None
    return [name for name in names if not is_debris(name)]


def _remains(path: Path) -> int:
    """Return how many notebooks and zips a zip names whose directory is lost."""
    names: set[bytes] = set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in re.finditer(rb"PK\x03\x04.{22}(..)..", data, re.DOTALL):
            size = int.from_bytes(found[1], "little")
            name = bytes(data[found.end() : found.end() + size])
            if name.lower().endswith((NOTEBOOK.encode(), b".zip")) and b"__MACOSX" not in name:
                names.add(name)
    return len(names)


def is_archive(path: Path) -> bool:
    """Return whether a file is called like an archive that can be unpacked."""
    return path.name.lower().endswith((".zip", *TAR_ENDINGS))


def holds_notebook(path: Path) -> bool:
    """Return whether a zip is a hand-in: it holds a notebook, or is too damaged to tell."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(NOTEBOOK) for name in archive.namelist())
    except _UNREADABLE:
        return True
