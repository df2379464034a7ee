"""Canvas: `{sortablename}[_LATE]_{userid}_{attachmentid}_{file}`, all in one folder.

Anonymous: `[LATE_]anon_{id}_{attachmentid}_{file}`. A text or a link that was handed in has no
attachment: `…_{userid}_text.html`, `…_{userid}_link.html`. A file whose name the student has used
before gets `-1`, `-2` before its ending; attachment ids grow with time.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.intake.layouts.handin import Arrangement, HandIn

_WHAT = r"_(?:(?P<attachment>\d+)_(?P<file>(?!\.{1,2}\Z).+)|(?P<entry>(?:text|link)\.html))"
_NAMED = re.compile(rf"(?P<name>[^/]*?)_(?P<late>LATE_)?(?P<id>\d+){_WHAT}", re.DOTALL)
_ANONYMOUS = re.compile(
    rf"(?P<late>LATE_)?(?P<id>anon_[1-9A-HJ-NP-Za-km-z]{{5}}){_WHAT}", re.DOTALL
)
_VERSION = re.compile(r"(?P<stem>.+)-(?P<number>[1-9]\d*)", re.DOTALL)
_MAIN = (".ipynb", ".zip")


@dataclass(frozen=True)
class CanvasFile:
    """One file as its name tells it."""

    path: str
    student: str
    name: str
    late: bool
    attachment: int
    file: str

    @property
    def version(self) -> tuple[str, int]:
        """The name that the student gave the file, and which file of that name it is, from 0."""
        path = PurePosixPath(self.file)
        found = _VERSION.fullmatch(path.stem)
        if not found:
            return self.file, 0
        return f"{found['stem']}{path.suffix}", int(found["number"])


def parse(path: str, *, anonymous: bool = False) -> CanvasFile | None:
    """Return what Canvas's name for a file says, or None where it is no such name."""
    found = (_ANONYMOUS if anonymous else _NAMED).fullmatch(path)
    if found is None or "/" in path:
        return None
    return CanvasFile(
        path=path,
        student=found["id"],
        name="" if anonymous else found["name"],
        late=found["late"] is not None,
        attachment=int(found["attachment"] or 0),
        file=found["file"] or found["entry"],
    )


def arrange(files: Sequence[str], metadata: Mapping[str, bytes]) -> Arrangement | None:
    """Return the hand-ins of a bulk download; None where it is none, or of one student alone."""
    anonymous = all(parse(path, anonymous=True) for path in files)
    found = [each for path in files if (each := parse(path, anonymous=anonymous))]
    if not _convincing(found, files):
        return None
    students: dict[str, list[CanvasFile]] = defaultdict(list)
    for each in found:
        students[each.student].append(each)
    receipts = ("Canvas hid the students' names: they cannot be matched.",) if anonymous else ()
    handins = [each for own in students.values() for each in _attempts(own, anonymous=anonymous)]
    return Arrangement(tuple(handins), receipts=receipts)


def _convincing(found: list[CanvasFile], files: Sequence[str]) -> bool:
    """Return whether the names are Canvas's: `lab_2_10_final.ipynb` looks like one too."""
    top = {PurePosixPath(path).parts[0] for path in files}
    names = {(each.student, each.name) for each in found}
    students = {each.student for each in found}
    attachments = [each.attachment for each in found if each.attachment]
    return (
        2 * len(found) >= len(top)
        and len(names) == len(students) >= 2
        and len(set(attachments)) == len(attachments)
    )


def _attempts(own: list[CanvasFile], *, anonymous: bool) -> Iterator[HandIn]:
    """Yield one student's attempts, oldest first; all but the last hold what was replaced."""
    named: dict[str, list[CanvasFile]] = defaultdict(list)
    for each in sorted(own, key=lambda each: each.version[1]):
        named[each.version[0]].append(each)
    versions = {name: each for name, each in named.items() if len(each) > 1 and _grows(each)}
    if not any(name.lower().endswith(_MAIN) for name in versions):
        versions = {}
    count = max((len(each) for each in versions.values()), default=1)
    replaced = {each.path for several in versions.values() for each in several[:-1]}
    for number in range(count - 1):
        old = {name: each[number] for name, each in versions.items() if number < len(each) - 1}
        yield _handin(old, number + 1, anonymous=anonymous)
    newest = {each.file: each for each in own if each.path not in replaced}
    for name, several in named.items():
        # What the notebook opens is called as the student called it; Canvas's name stays as well.
        current = [each for each in several if each.path not in replaced]
        if len(current) == 1 and not name.lower().endswith(_MAIN):
            newest.setdefault(name, current[0])
    yield _handin(newest, count, anonymous=anonymous)


def _grows(versions: list[CanvasFile]) -> bool:
    attachments = [each.attachment for each in versions]
    return attachments == sorted(set(attachments)) and attachments[0] > 0


def _handin(files: Mapping[str, CanvasFile], attempt: int, *, anonymous: bool) -> HandIn:
    last = max(files.values(), key=lambda each: each.attachment)
    identity = {"canvas_id": last.student}
    if last.name:
        identity["name"] = last.name
    return HandIn(
        id=last.student,
        files={name: each.path for name, each in files.items()},
        owner=last.student,
        identity={} if anonymous else identity,
        late=last.late,
        attempt=attempt,
        order=last.attachment,
    )
