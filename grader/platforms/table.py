"""Table: a platform's CSV cell by cell, so that what is not changed is written back unchanged."""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.errors import UsageError

_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """One row: its cells as they are written, quotes and all, and how its line ends."""

    cells: tuple[str, ...]
    end: str

    def text(self, column: int) -> str:
        """Return what a cell says; a row that is too short has blank cells at its end."""
        return unquoted(self.cells[column]) if column < len(self.cells) else ""


@dataclass(frozen=True)
class Table:
    """A CSV file: its rows, and how it is written."""

    rows: tuple[Row, ...]
    separator: str
    encoding: str
    bom: bytes

    def cell(self, text: str) -> str:
        """Return text as a cell of this table, quoted where it must be."""
        special = (self.separator, '"', "\r", "\n")
        if any(each in text for each in special) or text != text.strip():
            return '"' + text.replace('"', '""') + '"'
        return text

    def to_bytes(self, rows: Iterable[Row]) -> bytes:
        """Return rows written as this table is."""
        text = "".join(self.separator.join(row.cells) + row.end for row in rows)
        return self.bom + text.encode(self.encoding, "replace")


def read(content: bytes) -> Table:
    """Read a CSV separated by commas, semicolons or tabs.

    Raises UsageError where it is none.
    """
    text, encoding, bom = _decoded(content)
    separator = max(_SEPARATORS, key=lambda each: len(next(_rows(text, each), Row((), "")).cells))
    rows = tuple(_rows(text, separator))
    if not rows:
        raise UsageError("the template is empty: take the file as the platform exports it.")
    return Table(rows, separator, encoding, bom)


def unquoted(cell: str) -> str:
    """Return what a written cell says."""
    if len(cell) < 2 or not cell.startswith('"') or '"' not in cell[1:]:
        return cell
    inside, _, after = cell[1:].rpartition('"')
    return inside.replace('""', '"') + after


def _decoded(content: bytes) -> tuple[str, str, bytes]:
    """Return the text, its encoding and its byte-order mark.

    What is not UTF-8 is read as Latin-1, in which every byte is some letter and comes back as it
    was; only names outside of ASCII look odd then.
    """
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", codecs.BOM_UTF16_LE)):
        raise UsageError(
            "the template is a spreadsheet's own format: expected the CSV file as the platform "
            "exports it."
        )
    bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    body = content.removeprefix(bom)
    for encoding in ("utf-8", "cp1252"):
        try:
            return body.decode(encoding), encoding, bom
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1"), "latin-1", bom


def _rows(text: str, separator: str) -> Iterator[Row]:
    mark = re.escape(separator)
    pattern = re.compile(
        rf'("(?:[^"]|"")*"[^{mark}\r\n]*|[^{mark}\r\n]*)({mark}|\r\n|\r|\n|\Z)',
    )
    cells: list[str] = []
    at = 0
    while at < len(text):
        found = pattern.match(text, at)
        # Both alternatives of the cell stop only before a separator, a line's end or the end.
        assert found is not None
        cells.append(found[1])
        at = found.end()
        if found[2] != separator:
            yield Row(tuple(cells), found[2])
            cells = []
    if cells:
        yield Row((*cells, ""), "")
