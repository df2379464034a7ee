"""Roster: whose row of a platform's file a submission belongs to."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.platforms.base import Options, counted, label, listed, mark, points, shown
from grader.standing import Standing

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Key:
    """One way to find a row: what is known of a student equals a field of the row.

    Where a key `decides`, two values that differ are two people, whatever later keys say.
    """

    identity: str
    field: str
    decides: bool = False


@dataclass(frozen=True)
class Matches:
    """Which row each submission belongs to, and those that belong to none."""

    found: Mapping[int, Standing]
    strangers: tuple[Standing, ...]


def match(
    standings: Sequence[Standing], rows: Mapping[int, Fields], keys: Sequence[Key]
) -> Matches:
    """Find each submission's row by the first key that names exactly one.

    Raises UsageError where two submissions belong to one row, and lists them all.
    """
    index: dict[Key, dict[str, list[int]]] = {key: defaultdict(list) for key in keys}
    for number, fields in rows.items():
        for key in keys:
            if value := _normal(key, fields.get(key.field, "")):
                index[key][value].append(number)
    owners: dict[int, list[Standing]] = defaultdict(list)
    strangers = []
    for standing in standings:
        row = _row(standing, rows, keys, index)
        if row is None:
            strangers.append(standing)
        else:
            owners[row].append(standing)
    # Someone on the list of absent students whose work was found after all is not two people.
    present = {row: [s for s in each if s.status != "absent"] for row, each in owners.items()}
    if doubled := {row: each for row, each in present.items() if len(each) > 1}:
        raise UsageError(_two_on_one(doubled, rows))
    found = {row: (present[row] or owners[row])[0] for row in owners}
    return Matches(found, tuple(strangers))


def row_marks(
    matches: Matches, rows: Mapping[int, Fields], options: Options
) -> Mapping[int, float]:
    """Return the mark of each row that has one.

    With --absent-as-zero a row without a submission has 0, but not while there is a submission
    whose row is unknown: it could be that student's.
    """
    marks = {row: mark(standing, options) for row, standing in matches.found.items()}
    if options.absent_as_zero and not _unplaced(matches):
        marks |= {row: 0.0 for row in rows if row not in matches.found}
    return {row: value for row, value in marks.items() if value is not None}


def handed_in_nothing(matches: Matches, row: int) -> bool:
    """Return whether a row's student has no submission, or is known to be absent."""
    return row not in matches.found or matches.found[row].status == "absent"


def match_remarks(
    matches: Matches, rows: Mapping[int, Fields], options: Options, where: str
) -> list[str]:
    """Say which submissions have no row, and which rows no submission."""
    said = []
    if unplaced := _unplaced(matches):
        each = [
            f"{label(standing)}: {points(value)}"
            if (value := mark(standing, options)) is not None
            else label(standing)
            for standing in unplaced
        ]
        said.append(
            f"{counted(len(unplaced), 'submission has', 'submissions have')} no row in {where}: "
            f"{listed(each)}. Enter these marks by hand, or export a newer template."
        )
    empty = [
        shown(fields.get("name") or "?") for row, fields in rows.items() if row not in matches.found
    ]
    if empty and not (options.absent_as_zero and not unplaced):
        why = (
            "--absent-as-zero leaves them alone while submissions without a row could be theirs."
            if options.absent_as_zero
            else "Their cells are left as they are; --absent-as-zero fills in 0."
        )
        said.append(
            f"{counted(len(empty), 'student', 'students')} in {where} without a submission: "
            f"{listed(empty)}. {why}"
        )
    return said


def person(name: str) -> str:
    """Return a name to compare by: "Lee, Ann" and "Ann  lee" are the same person."""
    last, comma, first = unicodedata.normalize("NFKC", name).partition(",")
    return " ".join(f"{first} {last}".split() if comma else last.split()).casefold()


def _unplaced(matches: Matches) -> list[Standing]:
    return [each for each in matches.strangers if each.status != "absent"]


def _row(
    standing: Standing,
    rows: Mapping[int, Fields],
    keys: Sequence[Key],
    index: Mapping[Key, Mapping[str, list[int]]],
) -> int | None:
    for place, key in enumerate(keys):
        value = _normal(key, _known(standing, key.identity))
        candidates = index[key].get(value, []) if value else []
        if len(candidates) == 1 and not any(
            earlier.decides and _differ(standing, rows[candidates[0]], earlier)
            for earlier in keys[:place]
        ):
            return candidates[0]
    return None


def _differ(standing: Standing, fields: Fields, key: Key) -> bool:
    mine = _normal(key, _known(standing, key.identity))
    theirs = _normal(key, fields.get(key.field, ""))
    return bool(mine and theirs and mine != theirs)


def _known(standing: Standing, key: str) -> str:
    identity = standing.identity
    if key != "name" or "name" in identity:
        return identity.get(key, "")
    both = f"{identity.get('first_name', '')} {identity.get('last_name', '')}".strip()
    return both or standing.student or ""


def _normal(key: Key, text: str) -> str:
    return person(text) if key.identity == "name" else text.strip().casefold()


def _two_on_one(doubled: Mapping[int, Sequence[Standing]], rows: Mapping[int, Fields]) -> str:
    each = "; ".join(
        f"{shown(rows[row].get('name') or '?')}: "
        + ", ".join(f"{shown(standing.submission)}" for standing in standings)
        for row, standings in doubled.items()
    )
    return (
        f"expected one submission a student, found several for the same row ({each}). Nothing was "
        "written. Keep the one that counts in the folder, grade it into a new -o DIR, and export."
    )
