"""Listing: intake.csv, which names everything that was handed in and is not graded under its id."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from grader.intake.collection import Collection
from grader.store import harmless, write

COLUMNS = ("what", "id", "student", "path", "note")


def save(collection: Collection, folder: Path) -> None:
    """Write intake.csv: earlier attempts, who is on no roster, who is absent, what is no one's."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in _rows(collection):
        table.writerow([harmless(cell) for cell in row])
    write(folder / "intake.csv", out.getvalue().encode("utf-8-sig"))


def _rows(collection: Collection) -> Iterator[tuple[str, ...]]:
    for each in collection.superseded:
        upload = each.upload
        note = f"attempt {upload.attempt}; what counts is {each.by}"
        yield "earlier attempt", upload.id, upload.student or "", upload.path.name, note
    students = {upload.id: upload for upload in collection.uploads}
    for name in collection.unmatched:
        yield "not on the roster", name, students[name].student or "", "", "graded all the same"
    for student in collection.absent:
        known = student.identity
        who = student.id or next(iter(known.values()), "")
        yield "handed in nothing", who, known.get("name", ""), "", known.get("email", "")
    for name, members in sorted(collection.groups.items()):
        for member in members:
            yield "member of a group", name, member.get("name", ""), "", member.get("email", "")
    for path in collection.odd:
        yield "no submission", "", "", path, ""
