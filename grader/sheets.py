"""Sheets: read a CSV as spreadsheets save it again, whatever the separator and the encoding."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from grader.errors import UsageError
from grader.feedback.terminal import clean

_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+")
_GUARDED = re.compile(r"'(?=[=+\-@\t\r])")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_table(
    data: bytes, needed: Sequence[str], what: str
) -> tuple[tuple[int, Mapping[str, str]], ...]:
    """Return the rows below the header with their numbers, as a spreadsheet counts them from 1.

    Names of columns lose spaces and capitals; cells are stripped, and lose the apostrophe that
    kept a spreadsheet from taking them for a formula. Rows without any text are left out.
    Raises UsageError where a column of `needed` is missing.
    """
    if data.startswith(b"PK"):
        raise UsageError(f"this is a workbook and not {what}: save it as CSV and name that file.")
    text = _decoded(data)
    first = text.strip().splitlines()[0] if text.strip() else ""
    for separator in (",", ";", "\t"):
        rows = _rows(text, separator)
        header = [name.strip().lower() for name in next(rows, [])]
        if set(needed) <= set(header):
            return tuple(
                (place, dict(zip(header, map(_cell, row), strict=False)))
                for place, row in enumerate(rows, start=2)
                if any(cell.strip() for cell in row)
            )
    raise UsageError(
        f"this is not {what}: expected the columns {', '.join(needed)} in its first row; "
        f"found: {clean(first)[:200] or 'nothing'}."
    )


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise UsageError(f"this is no CSV that can be read: {error}.") from error


def number(text: str) -> float:
    """Return a number of at least 0; "1,5" is 1.5. Raises ValueError where it is none."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"`{text}` is no number")
    return float(text.replace(",", "."))


def _cell(text: str) -> str:
    return _GUARDED.sub("", text, count=1).strip() if _GUARDED.match(text) else text.strip()


def _decoded(data: bytes) -> str:
    """Return the text: by its byte-order mark, else UTF-8, else Western European as Excel saves."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
