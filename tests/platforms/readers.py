"""Readers: what Canvas and Moodle do with an uploaded file, by their import rules alone.

Nothing of the exporters is used here.
"""

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class CanvasImport:
    """What Canvas would do: marks by student's ID and assignment's id, and what it would create."""

    grades: dict[int, dict[int, str]] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    possible: dict[int, str] = field(default_factory=dict)


def canvas_import(data: bytes, students: Mapping[int, str], assignments: set[int]) -> CanvasImport:
    """Import a gradebook into a course with these students (name by ID) and assignments."""
    text = data.decode("utf-8")
    separator = _canvas_separator(text)
    done = CanvasImport()
    columns: dict[int, int] | None = None
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if not row or re.fullmatch(r"[;, ]+", separator.join(row)):
            continue
        row = [_canvas_number(cell) for cell in row]
        if columns is None:
            columns = _canvas_columns(row, assignments, done)
        elif "Points Possible" in row[0]:
            done.possible = {each: row[place] for each, place in columns.items()}
        elif all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row):
            continue
        else:
            _canvas_student(row, columns, students, done)
    return done


def _canvas_separator(text: str) -> str:
    first = text.split("\n")[:3]
    counts = {}
    for separator in ";,":
        sizes = {len(next(csv.reader([line], delimiter=separator), [])) for line in first}
        counts[separator] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def _canvas_number(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *before, last = re.split("[,.]", cell)
    return f"{''.join(before)}.{last}" if before else last


def _canvas_columns(header: list[str], assignments: set[int], done: CanvasImport) -> dict[int, int]:
    assert "Student" in header[0]
    assert "ID" in header[1]
    start = 3
    if header[2] == "SIS Login ID":
        start = 4
    elif header[2] == "SIS User ID":
        assert header[3] == "SIS Login ID"
        start = 5
    assert "Section" in header[start - 1]
    columns = {}
    for place, title in enumerate(header[start:], start):
        if re.search("Current Score|Current Grade|Final Score|Final Grade|Current Points", title):
            continue
        found = re.fullmatch(r".*\((\d+)\)", title, re.DOTALL)
        if found and int(found[1]) in assignments:
            columns[int(found[1])] = place
        else:
            done.created.append(title)
    return columns


def _canvas_student(
    row: list[str], columns: dict[int, int], students: Mapping[int, str], done: CanvasImport
) -> None:
    number = int(row[1]) if row[1].isdigit() else 0
    if number not in students:
        done.unknown.append(row[0])
        return
    done.grades[number] = {each: row[place].strip() for each, place in columns.items()}


@dataclass
class MoodleImport:
    """What Moodle would do: grades and comments by participant, and the rows it would skip."""

    grades: dict[int, float] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    skipped: list[int] = field(default_factory=list)


def moodle_import(
    data: bytes,
    participants: set[int],
    maximum: float,
    *,
    german: bool = False,
    separator: str = ",",
    locked: set[int] = frozenset(),  # type: ignore[assignment]
) -> MoodleImport:
    """Import a worksheet into an assignment with these participants."""
    titles = (
        ("ID", "Bewertung", "Zuletzt geändert (Bewertung)", "Feedback als Kommentar")
        if german
        else ("Identifier", "Grade", "Last modified (grade)", "Feedback comments")
    )
    prefix = "Teilnehmer/in" if german else "Participant "
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator)
    header = next(rows)
    identifier, grade, _, comment = (header.index(title) for title in titles)
    done = MoodleImport()
    for row in rows:
        number = int(row[identifier][len(prefix) :])
        if number not in participants:
            continue
        written = row[grade].replace(" ", "").replace("," if german else ".", ".")
        points = float(re.match(r"-?\d*\.?\d*", written)[0] or 0) if written else None  # type: ignore[index]
        if row[comment]:
            done.comments[number] = row[comment]
        if points is None:
            continue
        if number in locked or not 0 <= points <= maximum:
            done.skipped.append(number)
        else:
            done.grades[number] = points
    return done


def moodle_feedback(data: bytes, participants: set[int]) -> dict[int, tuple[str, bytes]]:
    """Return the feedback files that Moodle would take from a zip, by participant."""
    taken = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            *_, base = name.split("/")
            if base.startswith((".", "~")):
                continue
            parts = name.split("/")
            while parts:
                info = parts.pop(0).split("_", 4)
                if len(info) < 4 or not info[1].isdecimal() or int(info[1]) not in participants:
                    continue
                if (info[2], info[3]) == ("assignsubmission", "file"):
                    taken[int(info[1])] = ("/".join(parts), archive.read(name))
                    break
    return taken
