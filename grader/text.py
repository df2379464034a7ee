"""Text: what students wrote, made safe to store, print and show. Imports nothing."""

import os


def whole(text: str) -> str:
    """Return text that can be encoded: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def file_text(name: str) -> str:
    """Return a file name that can be encoded, whatever bytes the file system holds."""
    return os.fsencode(name).decode("utf-8", "replace")
