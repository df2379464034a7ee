"""Filekind: what a file that is no notebook is, in words for a student. Imports nothing heavy."""

from collections.abc import Collection

_MAGIC = {
    b"%pdf": "a PDF",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"{\\rtf": "a text document",
    b"\x89png": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"gif8": "a picture",
    b"\xd0\xcf\x11\xe0": "an Office document",
    b"rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x1f\x8b": "a gzip archive",
}
_ZIPPED = {
    "word/document.xml": "a Word document",
    "xl/workbook.xml": "an Excel workbook",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "[Content_Types].xml": "an Office document",
    "META-INF/manifest.xml": "a LibreOffice document",
    "Index/Document.iwa": "a Pages document",
}


def kind(data: bytes) -> str | None:
    """Return what a file is by its first bytes, or None where they say nothing."""
    head = data[:4096].lstrip()[:512].lower()
    return next((words for magic, words in _MAGIC.items() if head.startswith(magic)), None)


def zipped_kind(names: Collection[str]) -> str | None:
    """Return what a zip is that is no plain archive: many programs save their files as zips."""
    return next((words for name, words in _ZIPPED.items() if name in names), None)


def not_a_notebook(words: str) -> str:
    """Return the sentence that refuses such a file."""
    return f"The file is {words}, not a notebook. Hand in the .ipynb file that Jupyter saves."
