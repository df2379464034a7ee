"""Store: files that are written whole or not at all, under names that stay in their folder."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial-"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def file_name(identifier: str) -> str:
    """Return a relative path for an id: inside its folder, and another one for another id."""
    parts = [
        re.sub(r"[^\w.\-+@ ,=()]", "_", part).strip(". ")[:100] or "_"
        for part in identifier.split("/")
    ]
    name = "/".join(parts)
    if name == identifier:
        return name
    return f"{name}-{hashlib.sha256(identifier.encode()).hexdigest()[:8]}"


def write(path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    """Write a file whole: it appears under its name only once every byte is on the disk.

    `content` may be a function that writes to the open file, for what does not fit into memory.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
