"""Members: the names of what is in a zip, decoded as they were meant, and judged."""

import re
import stat
import zipfile
from pathlib import PurePosixPath

_UTF8_FLAG = 0x800


def name_of(member: zipfile.ZipInfo) -> str:
    """Return a member's name, with `/` between its parts.

    Canvas and macOS write UTF-8 without the flag that says so; bytes that are UTF-8 are read so,
    all others as the code page 437 that the format prescribes.
    """
    name = member.filename
    if not member.flag_bits & _UTF8_FLAG:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def is_outside(name: str) -> bool:
    """Return whether a name would lead out of the folder that it is unpacked to."""
    path = PurePosixPath(name)
    return ".." in path.parts or path.is_absolute() or re.match(r"[A-Za-z]:", name) is not None


def is_link(member: zipfile.ZipInfo) -> bool:
    """Return whether a member is a symbolic link."""
    return stat.S_ISLNK(member.external_attr >> 16)
