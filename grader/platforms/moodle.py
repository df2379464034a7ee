"""Moodle: marks in its offline grading worksheet, and feedback pages in the zip that it takes."""

import html
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from grader.errors import UsageError
from grader.platforms.base import (
    Content,
    Export,
    Options,
    counted,
    full_marks,
    listed,
    number,
    points,
    shown,
    status_remarks,
)
from grader.platforms.roster import (
    Key,
    Matches,
    handed_in_nothing,
    match,
    match_remarks,
    row_marks,
)
from grader.platforms.table import Row, Table, read
from grader.standing import Standing
from grader.store import harmless

_KEYS = (
    Key("moodle_participant", "participant", decides=True),
    Key("email", "email", decides=True),
    Key("login", "login", decides=True),
    Key("student_id", "number"),
    Key("name", "name"),
)
# Moodle writes and reads its column titles in the language of whoever is logged in.
_TITLES = {
    "participant": ("Identifier", "ID"),
    "name": ("Full name", "Vollständiger Name"),
    "email": ("Email address", "E-Mail-Adresse"),
    "login": ("Username", "Anmeldename"),
    "number": ("ID number", "ID-Nummer"),
    "grade": ("Grade", "Bewertung"),
    "maximum": ("Maximum Grade", "Bestwertung"),
    "changeable": ("Grade can be changed", "Bewertung kann geändert werden"),
    "modified": ("Last modified (grade)", "Zuletzt geändert (Bewertung)"),
    "comment": ("Feedback comments", "Feedback als Kommentar"),
    "scale": ("Scale", "Skala"),
}
_LOCKED = ("no", "nein")
_OURS = re.compile(r"[\d.]+ of [\d.]+ points\b|Not graded: ")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f&<>\"`|':\\/]")


@dataclass(frozen=True)
class _Worksheet:
    """A worksheet: its table, where its columns are, and who each row is about."""

    table: Table
    columns: Mapping[str, int]
    rows: Mapping[int, Mapping[str, str]]

    def text(self, row: int, name: str) -> str:
        column = self.columns.get(name)
        return "" if column is None else self.table.rows[row].text(column).strip()


def export(standings: Sequence[Standing], options: Options) -> Export:
    """Fill in `Grade` and `Feedback comments` of a grading worksheet; the rest stays as it is.

    Rows that Moodle would skip without a word (locked, out of range) are left as they are and
    named. A comment that a person wrote is kept. With pages, `-feedback.zip` holds a page a
    student, under the names that "Upload multiple feedback files in a zip" asks for. Names are not
    guarded against formulas: cells other than those two stay byte for byte.

    Raises UsageError where the template is missing or is no worksheet, and where two submissions
    belong to one participant.
    """
    if options.template is None:
        raise UsageError(
            "Moodle takes marks back in its own grading worksheet. Name it with --template FILE: "
            "in Moodle, open the assignment, Submissions, Actions (or Grading action) > Download "
            "grading worksheet. The feedback type “Offline grading worksheet” has to be on in the "
            "assignment's settings."
        )
    sheet = _worksheet(read(options.template))
    matches = match(standings, sheet.rows, _KEYS)
    full = full_marks(standings)
    marks = {}
    skipped = _Skipped([], [])
    for row, value in row_marks(matches, sheet.rows, options).items():
        most = number(sheet.text(row, "maximum"))
        scaled = value * most / full if options.scale and most and full else value
        name = shown(sheet.rows[row]["name"])
        if sheet.text(row, "changeable").casefold() in _LOCKED:
            skipped.locked.append(f"{name}: {points(scaled)}")
        elif most is not None and not 0 <= round(scaled, 5) <= most:
            skipped.outside.append(f"{name}: {points(scaled)} of {points(most)}")
        elif not (handed_in_nothing(matches, row) and sheet.text(row, "grade")):
            marks[row] = scaled
    comments, kept = _comments(sheet, matches, marks, full)
    files: dict[str, Content] = {
        ".csv": sheet.table.to_bytes(_filled(sheet, marks, comments)),
    }
    remarks = [
        *status_remarks(standings, options),
        *match_remarks(matches, sheet.rows, options, "the worksheet"),
        *skipped.remarks(),
        *_scale_remarks(sheet, full, options),
    ]
    if kept:
        remarks.append(
            f"{counted(kept, 'feedback comment', 'feedback comments')} written in Moodle are kept."
        )
    then = (
        "in Moodle, Submissions > Actions (or Grading action) > Upload grading worksheet, in the "
        "language in which it was downloaded. Moodle skips without a word each row whose grade was "
        "changed in Moodle since the download: compare the number of updates it reports with the "
        "number above."
    )
    if options.page is not None:
        pages = _pages(sheet, matches)
        lacking = [shown(name) for name, id in pages.items() if options.page(id) is None]
        if lacking:
            remarks.append(f"No feedback page was found for {listed(lacking)}.")
        files["-feedback.zip"] = _zipped(pages, options.page)
        then += (
            " Then Upload multiple feedback files in a zip, with the zip (the feedback type "
            "“Feedback files” has to be on)."
        )
    return Export(files, len(marks), tuple(remarks), then)


@dataclass(frozen=True)
class _Skipped:
    """Rows that Moodle would not take, each with its mark."""

    locked: list[str]
    outside: list[str]

    def remarks(self) -> Iterator[str]:
        if self.outside:
            yield (
                f"{counted(len(self.outside), 'mark is', 'marks are')} more than the maximum grade "
                f"in Moodle, which would skip the row: {listed(self.outside)}. Left as it was. "
                "Raise the maximum grade in Moodle and download the worksheet again, or use "
                "--scale, or cap the score in assignment.toml."
            )
        if self.locked:
            yield (
                f"{counted(len(self.locked), 'grade', 'grades')} may not be changed in Moodle "
                f"(locked or overridden in the gradebook): {listed(self.locked)}. Left as it was. "
                "Unlock it there, or enter the mark by hand."
            )


def folder_name(name: str, participant: str) -> str:
    """Return a student's folder in the zip: underscores part its fields, so a name has none."""
    clean = _UNSAFE.sub("", name.replace("_", " ")).strip() or "Participant"
    return f"{clean}_{participant}_assignsubmission_file"


def _worksheet(table: Table) -> _Worksheet:
    # Moodle's versions differ in capitals: "Maximum grade", "Maximum Grade".
    header = [
        table.rows[0].text(place).strip().casefold() for place in range(len(table.rows[0].cells))
    ]
    columns = {
        name: header.index(title.casefold())
        for name, titles in _TITLES.items()
        for title in titles
        if title.casefold() in header
    }
    missing = [
        _TITLES[name][0] for name in ("participant", "grade", "modified") if name not in columns
    ]
    if missing:
        raise UsageError(
            f"the template is no grading worksheet: expected {', '.join(missing)}, found the "
            f"columns {listed([shown(title) for title in header])}. Moodle names columns in your "
            "language, and English and German are known here: choose English (or German) in "
            "Moodle's user menu, then download, export and upload in it."
        )
    if "scale" in columns:
        raise UsageError(
            "this Moodle assignment is graded on a scale of words, and points cannot be imported "
            "into it. Set its grade type to Point and download the worksheet again."
        )
    rows = {
        place: {name: row.text(column) for name, column in columns.items()}
        for place, row in enumerate(table.rows)
        if place and row.text(columns["participant"]).strip()
    }
    return _Worksheet(table, columns, {place: _who(fields) for place, fields in rows.items()})


def _who(fields: dict[str, str]) -> dict[str, str]:
    """Return a row's fields with the participant's number alone; blind marking hides the name."""
    identifier = fields["participant"].strip()
    digits = re.search(r"\d+\Z", identifier)
    return {
        "name": fields.get("name") or identifier,
        **{key: fields.get(key, "") for key in ("email", "login", "number")},
        "participant": digits[0] if digits else "",
    }


def _comments(
    sheet: _Worksheet, matches: Matches, marks: Mapping[int, float], full: float | None
) -> tuple[dict[int, str], int]:
    """Return the comments to write by row, and how many of a person's are kept."""
    comments: dict[int, str] = {}
    kept = 0
    if "comment" not in sheet.columns:
        return comments, kept
    for row, standing in matches.found.items():
        comment = _comment(standing, full) if row in marks or standing.status != "graded" else ""
        there = sheet.text(row, "comment")
        if comment and there and not _OURS.match(there):
            kept += 1
        elif comment:
            comments[row] = comment
    return comments, kept


def _comment(standing: Standing, full: float | None) -> str:
    """Return what a student reads beside the grade, as the HTML that Moodle keeps comments in."""
    if standing.status == "ungradable":
        return html.escape(f"Not graded: {standing.message or 'ask your teacher.'}", quote=False)
    if standing.status != "graded":
        return ""
    lines = [f"{points(standing.score)} of {points(standing.max_score or full or 0)} points"]
    lines += [f"{name}: {points(value)}" for name, value in standing.questions.items()]
    if standing.penalty:
        lines.append(f"Handed in late: {points(-standing.penalty)}")
    if standing.pending:
        lines.append(f"Up to {points(standing.pending)} more for written answers")
    if standing.message:
        lines.append(standing.message)
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def _filled(
    sheet: _Worksheet, marks: Mapping[int, float], comments: Mapping[int, str]
) -> Iterator[Row]:
    comma = any(
        re.fullmatch(r"-?\d+,\d+", sheet.text(row, name))
        for row in sheet.rows
        for name in ("maximum", "grade")
    )
    for place, row in enumerate(sheet.table.rows):
        cells = list(row.cells)
        if place in marks:
            _put(cells, sheet, "grade", points(marks[place], comma=comma))
        if place in comments:
            _put(cells, sheet, "comment", harmless(comments[place]))
        yield Row(tuple(cells), row.end)


def _put(cells: list[str], sheet: _Worksheet, name: str, text: str) -> None:
    column = sheet.columns[name]
    cells.extend([""] * (column + 1 - len(cells)))
    cells[column] = sheet.table.cell(text)


def _scale_remarks(sheet: _Worksheet, full: float | None, options: Options) -> list[str]:
    found = {number(sheet.text(row, "maximum")) for row in sheet.rows} - {None, full}
    if full is None or not found:
        return []
    most = ", ".join(points(each) for each in sorted(each for each in found if each is not None))
    done = (
        "marks are multiplied to fit."
        if options.scale
        else "marks are written as they are. Change the maximum grade in Moodle, or use --scale."
    )
    return [f"The maximum grade is {most} in Moodle, here {points(full)}: {done}"]


def _pages(sheet: _Worksheet, matches: Matches) -> dict[str, str]:
    """Return the submissions whose page goes back, by the folder's name in the zip."""
    return {
        folder_name(
            fields["name"] if "name" in sheet.columns else "", fields["participant"]
        ): standing.submission
        for row, standing in matches.found.items()
        if standing.status in ("graded", "ungradable")
        and (fields := sheet.rows[row])["participant"]
    }


def _zipped(
    pages: Mapping[str, str], page: Callable[[str], bytes | None]
) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for folder, submission in pages.items():
                content = page(submission)
                if content is not None:
                    # A fixed date: the same marks give the same file.
                    entry = zipfile.ZipInfo(f"{folder}/feedback.html")
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, content)

    return write
