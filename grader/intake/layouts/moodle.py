"""Moodle: `{Full Name}_{participantid}_assignsubmission_file/{path}`, a folder a student.

Before 4.1 the folder's name ends in `_`. Without folders: `…_assignsubmission_file_{file}`. What
was typed in (`…_assignsubmission_onlinetext`) holds no notebook.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.intake.layouts.handin import Arrangement, HandIn

_WHO = r"(?P<name>.+?)(?:_(?P<id>\d+))?_assignsubmission_"
_FOLDER = re.compile(rf"{_WHO}(?P<plugin>[a-z]+)_?", re.DOTALL)
_FLAT = re.compile(rf"{_WHO}(?P<plugin>file|onlinetext)_(?P<file>(?!\.{1, 2}\Z).+)", re.DOTALL)


@dataclass(frozen=True)
class MoodleFile:
    """One file as its path tells it; without a participant's id (a default team) that is ""."""

    path: str
    name: str
    participant: str
    plugin: str
    file: str

    @property
    def owner(self) -> str:
        return self.participant or self.name


def parse(path: str) -> MoodleFile | None:
    """Return what Moodle's path for a file says, or None where it is no such path."""
    first, _, rest = path.partition("/")
    found = (_FOLDER if rest else _FLAT).fullmatch(first)
    if found is None:
        return None
    file = rest or found["file"]
    return MoodleFile(path, found["name"], found["id"] or "", found["plugin"], file)


def arrange(files: Sequence[str], metadata: Mapping[str, bytes]) -> Arrangement | None:
    """Return the hand-ins of a download of all submissions; None where it is none."""
    found = [each for path in files if (each := parse(path))]
    if not found:
        return None
    students: dict[str, list[MoodleFile]] = defaultdict(list)
    for each in found:
        students[each.owner].append(each)
    # Blind marking calls everybody the same, in the site's language.
    hidden = len(students) > 1 and len({each.name for each in found}) == 1
    handins, odd = [], []
    for owner, own in students.items():
        uploaded = [each for each in own if each.plugin == "file"]
        odd += [each.path for each in own if uploaded and each not in uploaded]
        kept = uploaded or own
        identity = {} if hidden else {"name": own[0].name}
        if own[0].participant:
            identity["moodle_participant"] = own[0].participant
        handins.append(HandIn(owner, _named(kept), owner, identity))
    receipts = []
    if hidden:
        receipts.append("Moodle hid the students' names.")
    if odd:
        receipts.append(
            f"{len(odd)} online texts of students who also handed in files were not read: "
            "they hold no notebook."
        )
    return Arrangement(tuple(handins), tuple(odd), tuple(receipts))


def _named(files: Sequence[MoodleFile]) -> dict[str, str]:
    """Return the files by name; two downloads put together can hold one name twice."""
    named: dict[str, str] = {}
    for each in files:
        folder = PurePosixPath(each.path).parts[0]
        named[each.file if each.file not in named else f"{folder}/{each.file}"] = each.path
    return named
