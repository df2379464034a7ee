"""Canvas: marks as a gradebook CSV that Canvas imports, made from one that Canvas exported."""

import re
from collections.abc import Sequence

from grader.errors import UsageError
from grader.platforms.base import (
    Export,
    Options,
    full_marks,
    listed,
    number,
    points,
    shown,
    status_remarks,
)
from grader.platforms.roster import (
    Key,
    handed_in_nothing,
    match,
    match_remarks,
    person,
    row_marks,
)
from grader.platforms.table import Row, Table, read
from grader.standing import Standing
from grader.store import harmless

_KEYS = (
    Key("canvas_id", "ID", decides=True),
    Key("sis_id", "SIS User ID", decides=True),
    Key("login", "SIS Login ID", decides=True),
    Key("email", "SIS Login ID"),
    Key("student_id", "SIS User ID"),
    Key("student_id", "SIS Login ID"),
    Key("name", "name"),
)
_COMPUTED = re.compile(
    r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)|\(read only\)"
)
_TITLE = re.compile(r"(?P<title>.*) \((?P<id>\d+)\)", re.DOTALL)
_DECIMALS = 2
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")


def export(standings: Sequence[Standing], options: Options) -> Export:
    """Fill in one assignment's column of a gradebook that Canvas exported.

    Students' own columns, the second rows (`Points Possible`, `Manual Posting`), separator,
    encoding and line ends stay byte for byte; every other column is left out, so that nothing else
    can be overwritten. Names are not guarded against formulas: Canvas has to recognise them. A row
    without a mark keeps its cell, because Canvas takes a cleared cell for "remove the score".

    Raises UsageError where the template is missing or is no gradebook, where the column is not
    clear, and where two submissions belong to one student.
    """
    if options.template is None:
        raise UsageError(
            "Canvas matches marks to a column by its title and id, and creates a new assignment "
            "for a title that it does not know. Name its own file with --template FILE: in Canvas, "
            "Grades > Export > Export Entire Gradebook."
        )
    table = read(options.template)
    identity = _identity_columns(table)
    column = _column(table, identity, options)
    rows = {
        place: fields
        for place, row in enumerate(table.rows)
        if place and (fields := _student(table, row, identity))
    }
    matches = match(standings, rows, _KEYS)
    marks = row_marks(matches, rows, options)
    possible = next(
        (number(row.text(column)) for row in table.rows if "Points Possible" in row.text(0)), None
    )
    full = full_marks(standings)
    factor = possible / full if options.scale and possible and full else 1.0
    kept = {place for place in marks if table.rows[place].text(column).strip() in ("EX", "N/A")}
    # A score that is there although nothing was handed in was given by a person.
    kept |= {
        place
        for place in marks
        if handed_in_nothing(matches, place) and table.rows[place].text(column).strip()
    }
    comma = any(
        _DECIMAL_COMMA.fullmatch(row.text(place).strip())
        for row in table.rows
        for place in range(identity, len(row.cells))
    )
    written = {
        place: table.cell(points(round(value * factor, _DECIMALS), comma=comma))
        for place, value in marks.items()
        if place not in kept
    }
    title = table.rows[0].text(column)
    filled = (
        Row((*_padded(row, identity), written.get(place, _raw(row, column))), row.end)
        for place, row in enumerate(table.rows)
    )
    return Export(
        {".csv": table.to_bytes(filled)},
        len(written),
        (
            *status_remarks(standings, options),
            *match_remarks(matches, rows, options, "the template"),
            *_kept_remarks(table, column, kept & set(matches.found), rows),
            *_scale_remarks(full, possible, options, title),
            *_above_remarks([v * factor for p, v in marks.items() if p in written], possible),
            *_formula_remarks(rows),
        ),
        f"in Canvas, Grades > Import, choose the file, check that the only column is “{title}” and "
        "which marks change, then Save Changes. Canvas asks whom a row means where it is not sure: "
        "cancel if it does.",
    )


def _identity_columns(table: Table) -> int:
    """Return how many columns say who a row is about: all up to `Section`."""
    header = [table.rows[0].text(place).strip() for place in range(len(table.rows[0].cells))]
    named = header[:2] == ["Student", "ID"] or header[:3] == ["LastName", "FirstName", "ID"]
    if not named or "Section" not in header:
        raise UsageError(
            "the template is no Canvas gradebook: expected the columns Student, ID, …, Section, "
            f"found {listed([shown(title) for title in header])}. In Canvas, Grades > Export."
        )
    return header.index("Section") + 1


def _column(table: Table, identity: int, options: Options) -> int:
    """Return the assignment's column."""
    header = table.rows[0]
    titles = {
        place: header.text(place)
        for place in range(identity, len(header.cells))
        if _TITLE.fullmatch(header.text(place)) and not _computed(table, place)
    }
    wanted = (options.column or options.title).strip().casefold()
    chosen = [
        place
        for place, title in titles.items()
        if (_named(title, wanted) if options.column else wanted in title.casefold())
    ]
    if len(chosen) == 1:
        return chosen[0]
    found = "; ".join(f"“{shown(title)}”" for title in titles.values()) or "none"
    asked = "is called" if options.column else "has in its title"
    raise UsageError(
        f"expected one column of the template that {asked} “{options.column or options.title}”, "
        f"found {len(chosen)}. Say which with --column TITLE (or its id). The assignments are: "
        f"{found}."
    )


def _computed(table: Table, place: int) -> bool:
    return any(_COMPUTED.search(row.text(place)) for row in table.rows[:3])


def _named(title: str, wanted: str) -> bool:
    parts = _TITLE.fullmatch(title)
    names = {title, parts["title"], parts["id"]} if parts else {title}
    return wanted in {name.strip().casefold() for name in names}


def _student(table: Table, row: Row, identity: int) -> dict[str, str] | None:
    """Return who a row is about; None for the rows that head the table and for Test Student."""
    fields = {table.rows[0].text(place).strip(): row.text(place) for place in range(identity)}
    name = fields.get("Student", f"{fields.get('LastName', '')}, {fields.get('FirstName', '')}")
    # Canvas itself wraps a name that a spreadsheet could take for a formula: ="=Ann".
    fields["name"] = name[2:-1] if name.startswith('="') and name.endswith('"') else name
    nobody = "Points Possible" in name or not (person(name) or fields.get("ID", "").strip())
    return None if nobody or person(name) == "test student" else fields


def _raw(row: Row, column: int) -> str:
    return row.cells[column] if column < len(row.cells) else ""


def _padded(row: Row, identity: int) -> tuple[str, ...]:
    return (*row.cells, *[""] * identity)[:identity]


def _kept_remarks(
    table: Table, column: int, kept: set[int], rows: dict[int, dict[str, str]]
) -> list[str]:
    words = {
        "EX": "excused in Canvas (EX) and stay so",
        "N/A": "not assigned this in Canvas (N/A) and get no mark",
    }
    said = []
    for word, meaning in words.items():
        who = [
            shown(rows[place]["name"])
            for place in sorted(kept)
            if table.rows[place].text(column).strip() == word
        ]
        if who:
            said.append(f"{len(who)} with a mark here, but {meaning}: {listed(who)}.")
    return said


def _scale_remarks(
    full: float | None, possible: float | None, options: Options, title: str
) -> list[str]:
    if full is None or possible is None or full == possible:
        return []
    both = f"“{shown(title)}” is out of {points(possible)} points in Canvas, here out of"
    done = (
        f"marks are multiplied by {points(possible)}/{points(full)}."
        if options.scale
        else "marks are written as they are. Change the points in Canvas, or use --scale."
    )
    return [f"{both} {points(full)}: {done}"]


def _above_remarks(marks: list[float], possible: float | None) -> list[str]:
    above = sum(possible is not None and mark > possible for mark in marks)
    if not above or possible is None:
        return []
    marks_are = "1 mark is" if above == 1 else f"{above} marks are"
    return [f"{marks_are} above Canvas's {points(possible)} points: bonus points are in them."]


def _formula_remarks(rows: dict[int, dict[str, str]]) -> list[str]:
    odd = [
        shown(fields["name"])
        for fields in rows.values()
        if any(harmless(value) != value for value in fields.values())
    ]
    if not odd:
        return []
    return [
        f"A spreadsheet could take a student's own cells for a formula ({listed(odd)}). Canvas "
        "needs them as they are: import the file without opening it."
    ]
