"""Listing: intake.csv, which names everything that was handed in and is not graded under its id.

Its last column holds all that is known of a person, as JSON, for `grader export` to read back.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.standing import Standing
from grader.store import harmless, write

if TYPE_CHECKING:  # slow to import, and reading the list does not need it
    from grader.intake.collection import Collection

NAME = "intake.csv"
COLUMNS = ("what", "id", "student", "path", "note", "identity")
ABSENT, MEMBER = "handed in nothing", "member of a group"


def save(collection: "Collection", folder: Path) -> None:
    """Write intake.csv: earlier attempts, who is on no roster, who is absent, what is no one's."""
    out = io.StringIO()
    # With another line end the csv module would leave a carriage return in a name unquoted.
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in _rows(collection):
        table.writerow([harmless(cell) for cell in row])
    write(folder / NAME, out.getvalue().encode("utf-8-sig"))


def _rows(collection: "Collection") -> Iterator[tuple[str, ...]]:
    for each in collection.superseded:
        upload = each.upload
        note = f"attempt {upload.attempt}; what counts is {each.by}"
        yield "earlier attempt", upload.id, upload.student or "", upload.path.name, note, ""
    students = {upload.id: upload for upload in collection.uploads}
    for name in collection.unmatched:
        yield "not on the roster", name, students[name].student or "", "", "graded all the same", ""
    for student in collection.absent:
        known = student.identity
        who = student.id or next(iter(known.values()), "")
        yield (
            ABSENT,
            who,
            known.get("name", ""),
            "",
            known.get("email", ""),
            json.dumps(dict(known)),
        )
    for name, members in sorted(collection.groups.items()):
        for member in members:
            who, about = member.get("name", ""), member.get("email", "")
            yield MEMBER, name, who, "", about, json.dumps(dict(member))
    for path in collection.odd:
        note = "" if path in collection.strays else "read for names and times"
        yield "no submission", "", "", path, note, ""


def everybody(standings: Iterable[Standing], folder: Path, *, members: bool) -> Iterator[Standing]:
    """Yield the standings, then who is absent, as the folder's intake.csv knows them.

    With `members` a group's submission stands once for each of its members. Raises UsageError
    where intake.csv is not what `save` wrote.
    """
    absent, groups = _read(folder / NAME)
    for each in standings:
        own = groups.get(each.submission, ()) if members else ()
        if not own:
            yield each
        for identity in own:
            yield replace(
                each, student=identity.get("name"), identity={**each.identity, **identity}
            )
    for name, identity in absent:
        yield Standing(name, "absent", identity.get("name"), identity)


def _read(
    path: Path,
) -> tuple[list[tuple[str, Mapping[str, str]]], Mapping[str, list[Mapping[str, str]]]]:
    """Return who is absent, by id, and the members of groups by their submission's id."""
    absent: list[tuple[str, Mapping[str, str]]] = []
    groups: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    if not path.is_file():
        return absent, groups
    try:
        text = path.read_bytes().decode("utf-8-sig")
        for row in csv.DictReader(io.StringIO(text, newline="")):
            if row["what"] == ABSENT:
                absent.append((_plain(row["id"]), json.loads(row["identity"])))
            elif row["what"] == MEMBER:
                groups[_plain(row["id"])].append(json.loads(row["identity"]))
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise UsageError(
            f"{path} is not as `grader grade` wrote it ({error!r}). The same `grader grade` "
            "command writes it again."
        ) from error
    return absent, groups


def _plain(text: str) -> str:
    """Return what `harmless` was given."""
    return text[1:] if text[:1] == "'" and harmless(text[1:]) == text else text
