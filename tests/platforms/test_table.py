"""A platform's CSV: read as the csv module reads it, and written back as it was."""

import csv
import io

import pytest
from classroom import written
from hypothesis import example, given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.platforms.table import read

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
tables = st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=5)


@given(tables, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_is_not_changed_is_written_back_byte_for_byte(rows, separator, end, bom):
    rows = [["Student", "ID", "Section", "x"], *rows]
    data = written(rows, separator, end).encode("utf-8-sig" if bom else "utf-8")
    table = read(data)
    assert table.to_bytes(table.rows) == data
    text = data.decode("utf-8-sig")
    expected = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    found = [[row.text(place) for place in range(len(row.cells))] for row in table.rows]
    assert found == expected


@given(texts)
@example('say "a", b')
def test_a_changed_cell_is_read_back_as_it_was_meant(text):
    table = read(b"a,b\r\n1,2\r\n")
    cell = table.cell(text)
    assert next(csv.reader(io.StringIO(f"{cell},2", newline="")))[0] == text


def test_a_file_whose_encoding_is_unknown_comes_back_as_it_was():
    data = b"Student;ID\nJ\xf6rg \x81;1\n"
    table = read(data)
    assert table.separator == ";"
    assert table.to_bytes(table.rows) == data


def test_a_last_line_without_an_end_keeps_its_last_cell():
    assert [row.cells for row in read(b"a,b\n1,").rows] == [("a", "b"), ("1", "")]


@pytest.mark.parametrize("data", [b"PK\x03\x04....", b"\xff\xfea\x00", b""])
def test_a_spreadsheets_own_format_is_refused(data):
    with pytest.raises(UsageError, match="as the platform exports it"):
        read(data)
