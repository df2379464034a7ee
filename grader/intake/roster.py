"""Roster: who is in the course, read from what a platform or a spreadsheet exports."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from io import StringIO
from pathlib import Path

from grader.errors import UsageError

SEPARATORS = ",;\t"
_COLUMNS = {
    "student": "name", "name": "name", "full name": "name", "fullname": "name",
    "student name": "name", "first name": "first_name", "first_name": "first_name",
    "firstname": "first_name", "given name": "first_name", "last name": "last_name",
    "last_name": "last_name", "lastname": "last_name", "surname": "last_name",
    "family name": "last_name", "email": "email", "e-mail": "email", "email address": "email",
    "e-mail address": "email", "login": "login", "sis login id": "login", "username": "login",
    "login id": "login", "id": "id", "sid": "student_id", "student id": "student_id",
    "student_id": "student_id", "id number": "student_id", "idnumber": "student_id",
    "sis user id": "sis_id", "sis id": "sis_id", "canvas_id": "canvas_id",
    "identifier": "moodle_participant", "submitted": "submitted", "submission time": "submitted",
    "last modified (submission)": "submitted", "role": "role",
}  # fmt: skip
_CANVAS = frozenset({"student", "id", "section"})
_CANVAS_ROWS = ("points possible", "student, test", "test student")
_TIMES = ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d %B %Y, %I:%M %p", "%d %B %Y, %H:%M")


@dataclass(frozen=True)
class Student:
    """A student of the course; `identity` has the keys of `Upload`, `submitted` is in UTC.

    `id` is what a column that is called just `id` says: the student's number or the upload's id.
    """

    identity: Mapping[str, str]
    submitted: datetime | None = None
    id: str = ""


@dataclass(frozen=True)
class Roster:
    """The students of a course, and sentences on what could not be read."""

    students: tuple[Student, ...]
    receipts: tuple[str, ...] = field(default=())


def read_roster(path: Path, zone: tzinfo | None = None) -> Roster:
    """Read a CSV with a header, separated by `,`, `;` or tabs, in any encoding that Excel writes.

    Exports of Canvas (gradebook), Moodle (grading worksheet), Gradescope (roster) and nbgrader are
    known by their columns, and so are plain names for them. Columns that are not known are left
    alone, staff and Canvas's test student left out. A time without a zone is one of `zone`, by
    default this machine's.

    Raises UsageError where it cannot be read or no column names the students.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the roster cannot be read: {error.strerror}.") from error
    text, receipts = _text(content)
    rows = _rows(text)
    columns = _columns(rows[0]) if rows else {}
    if not set(columns.values()) - {"submitted", "role"}:
        found = ", ".join(cell.strip()[:40] for cell in rows[0][:12]) if rows else ""
        raise UsageError(
            f"{path}: expected a roster whose first line names columns such as "
            f"{', '.join(sorted(_COLUMNS)[:24])}; found {found or 'nothing'}."
        )
    students: dict[tuple[tuple[str, str], ...], Student] = {}
    unread = 0
    for row in rows[1:]:
        cells = {key: row[place].strip() for place, key in columns.items() if place < len(row)}
        identity = _identity(cells)
        if not identity or _is_nobody(cells, rows[0]):
            continue
        time = cells.get("submitted", "")
        submitted = read_time(time, zone)
        unread += submitted is None and time not in ("", "-")
        student = Student(identity, submitted, cells.get("id", ""))
        students.setdefault(tuple(sorted(identity.items())), student)
    if unread:
        receipts.append(f"{path.name}: the time of submission of {unread} rows cannot be read.")
    if not students:
        raise UsageError(f"{path}: expected a line a student, found none below the header.")
    return Roster(tuple(students.values()), tuple(receipts))


def read_time(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Return a time in UTC: ISO 8601, or as Moodle writes it in English; None if it is neither."""
    text = text.strip()
    found = None
    try:
        found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        for form in _TIMES:
            try:
                found = datetime.strptime(text, form)
                break
            except ValueError:
                continue
    try:
        if found is not None and found.tzinfo is None and zone is not None:
            found = found.replace(tzinfo=zone)
        return found.astimezone(UTC) if found else None
    except (OverflowError, ValueError):
        return None


def _text(content: bytes) -> tuple[str, list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace"), []
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), [
            "the roster is not in UTF-8; it was read as Windows-1252. If names look wrong, save it "
            "as CSV UTF-8."
        ]


def _rows(text: str) -> list[list[str]]:
    """Return the rows under the separator by which most columns are known."""
    # Excel may say its separator in a line before the header.
    text = re.sub(r"\Asep=.\r?\n", "", text).replace("\0", "")

    def read(separator: str) -> list[list[str]]:
        try:
            reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
            return [row for row in reader if any(cell.strip() for cell in row)]
        except csv.Error:
            return []

    def known(rows: list[list[str]]) -> int:
        return len(_columns(rows[0])) if rows else -1

    return max((read(separator) for separator in SEPARATORS), key=known)


def _columns(header: Sequence[str]) -> dict[int, str]:
    """Return which key each known column gives; of two for one key the first."""
    names = [" ".join(cell.split()).casefold() for cell in header]
    known = dict(_COLUMNS)
    if "student" in names and set(names) >= _CANVAS:
        known["id"] = "canvas_id"
    columns: dict[int, str] = {}
    for place, name in enumerate(names):
        key = known.get(name)
        if key and key not in columns.values():
            columns[place] = key
    return columns


def _identity(cells: Mapping[str, str]) -> dict[str, str]:
    identity = {
        key: value
        for key, value in cells.items()
        if value and value != "-" and key not in ("submitted", "role", "id")
    }
    if cells.get("id"):
        identity.setdefault("student_id", cells["id"])
    if "moodle_participant" in identity:
        # "Participant 123", in the site's language.
        number = re.search(r"(\d+)$", identity.pop("moodle_participant"))
        if number:
            identity["moodle_participant"] = number[1]
    last, comma, first = identity.get("name", "").partition(",")
    if comma and "," not in first and first.strip() and last.strip():
        identity["name"] = f"{first.strip()} {last.strip()}"
        identity.setdefault("first_name", first.strip())
        identity.setdefault("last_name", last.strip())
    parts = [identity[key] for key in ("first_name", "last_name") if key in identity]
    if "name" not in identity and parts:
        identity["name"] = " ".join(parts)
    return identity


def _is_nobody(cells: Mapping[str, str], header: Sequence[str]) -> bool:
    """Return whether a row is no student: staff, or one of the rows that Canvas adds."""
    canvas = "canvas_id" in _columns(header).values()
    added = canvas and cells.get("name", "").strip().casefold() in _CANVAS_ROWS
    return added or cells.get("role", "student").casefold() not in ("", "student")
