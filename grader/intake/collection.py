"""Collection: whatever a course platform gave, as uploads, and nothing of it lost."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from grader.errors import UsageError
from grader.intake.layouts import LAYOUTS, Identity
from grader.intake.matching import Person, match
from grader.intake.roster import Roster, Student
from grader.intake.sources import source
from grader.intake.trees import Entry, Source
from grader.intake.upload import Upload
from grader.text import file_text

MAX_SUBMISSIONS = 20_000


@dataclass(frozen=True)
class Superseded:
    """An attempt that a newer one replaced, and the id of the upload that counts."""

    upload: Upload
    by: str


@dataclass(frozen=True)
class Collection:
    """All that was given: what is to be graded, and what is not, each with its place.

    `layout` names the platforms whose shape was recognised, else it is "plain". `groups` holds the
    members of uploads that several students handed in. `unmatched` are ids of uploads that are not
    on the roster (they are graded like all others), `absent` the students of whom nothing was
    found. `odd` are paths that are no student's: metadata, online texts, what could not be
    unpacked. `receipts` are sentences about the whole.
    """

    uploads: tuple[Upload, ...]
    layout: str = "plain"
    superseded: tuple[Superseded, ...] = ()
    groups: Mapping[str, tuple[Identity, ...]] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    absent: tuple[Student, ...] = ()
    odd: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()

    @property
    def strays(self) -> tuple[str, ...]:
        """The odd files without a platform's own lists, which were read."""
        found = self.layout.split(", ")
        lists = {layout.metadata for layout in LAYOUTS if layout.name in found}
        return tuple(each for each in self.odd if PurePosixPath(each).name not in lists)


def handed_in_before(collection: Collection, before: Mapping[str, Identity]) -> Collection:
    """Return the collection without absent students of whom something was handed in `before`.

    `before` are the identities of earlier submissions, by id.
    """
    now = {upload.id for upload in collection.uploads}
    people = [Person(name, identity) for name, identity in before.items() if name not in now]
    found = set(match(people, collection.absent).values())
    absent = (each for place, each in enumerate(collection.absent) if place not in found)
    return replace(collection, absent=tuple(absent))


def collect(paths: Sequence[Path], unpacked: Path, roster: Roster | None = None) -> Collection:
    """Return what lies at `paths`: notebooks, folders, and archives as platforms give them.

    Archives of a class are unpacked below `unpacked`, once. Of several attempts the newest counts.

    Raises UsageError where an archive of a class is damaged or larger than a class can be; OSError
    where the disk is full.
    """
    sources = [source(path, unpacked) for path in {each.resolve(): each for each in paths}.values()]
    counted, replaced, doubts = _newest(list(_once(sources)))
    if len(counted) > MAX_SUBMISSIONS:
        raise UsageError(
            f"expected a class, found {len(counted):,} submissions; at most {MAX_SUBMISSIONS:,} "
            "can be graded at once. Name fewer paths."
        )
    entries = _told_apart(counted)
    by = {id(old): new.upload.id for old, new in zip(counted, entries, strict=True)}
    collection = Collection(
        uploads=tuple(each.upload for each in entries),
        layout=", ".join(sorted({each.layout for each in sources})),
        superseded=tuple(
            Superseded(_older(each.upload, number, by[id(new)]), by[id(new)])
            for each, number, new in replaced
        ),
        groups={each.upload.id: each.group for each in entries if each.group},
        odd=tuple(each for source in sources for each in source.odd),
        receipts=(*(each for source in sources for each in source.receipts), *doubts),
    )
    return collection if roster is None else _with_names(collection, roster)


def _once(sources: Sequence[Source]) -> Iterator[Entry]:
    """Yield each entry once: the same folder or archive may have been named twice."""
    seen: set[Path] = set()
    for each in sources:
        for entry in each.entries:
            place = entry.upload.path.resolve()
            if place not in seen:
                seen.add(place)
                yield entry


def _newest(
    entries: list[Entry],
) -> tuple[list[Entry], list[tuple[Entry, int, Entry]], list[str]]:
    """Return the entries that count; those replaced, which attempt each was, and by which.

    Where the platform does not say which is newer, all of them count, and a sentence says so.
    """
    owners: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.owner:
            owners[entry.owner].append(entry)
    newer: dict[int, Entry] = {}
    replaced, doubts = [], []
    for own in owners.values():
        if len(own) == 1:
            continue
        known = sorted((each for each in own if each.order), key=lambda each: each.order)
        if len(known) < len(own):
            name = own[0].upload.student or own[0].upload.id
            doubts.append(
                f"{name} handed in {len(own)} times, and it is not said which is the newest: all "
                "are graded. Choose by hand."
            )
            continue
        *older, last = known
        earlier = f"{len(older)} earlier attempt{'s' if len(older) > 1 else ''} of"
        receipt = f"{earlier} this student {'were' if len(older) > 1 else 'was'} not graded"
        counts = replace(
            last,
            upload=replace(
                last.upload,
                attempt=max(last.upload.attempt, len(own)),
                receipts=(*last.upload.receipts, receipt),
            ),
        )
        newer[id(last)] = counts
        replaced += [(each, number, counts) for number, each in enumerate(older, 1)]
    old = {id(each) for each, _, _ in replaced}
    counted = [newer.get(id(each), each) for each in entries if id(each) not in old]
    return counted, replaced, doubts


def _older(upload: Upload, number: int, by: str) -> Upload:
    name = f"{upload.id} (attempt {number})" if upload.id == by else upload.id
    return replace(upload, id=name, attempt=number)


def _told_apart(entries: list[Entry]) -> list[Entry]:
    """Return the entries with ids that differ: by their source, else by their whole path."""
    told = entries
    for name in (_by_source, _by_path):
        ids = Counter(entry.upload.id for entry in told)
        told = [
            entry
            if ids[entry.upload.id] == 1
            else replace(entry, upload=replace(entry.upload, id=name(first)))
            for entry, first in zip(told, entries, strict=True)
        ]
    return told


def _by_source(entry: Entry) -> str:
    return f"{entry.source}/{entry.upload.id}"


def _by_path(entry: Entry) -> str:
    return file_text(entry.upload.path.resolve().as_posix()).lstrip("/")


def _with_names(collection: Collection, roster: Roster) -> Collection:
    """Return the collection with what the roster knows of each student."""
    people: list[Person] = []
    owners: list[int] = []
    for number, upload in enumerate(collection.uploads):
        group = collection.groups.get(upload.id)
        for identity in group or (upload.identity,):
            people.append(Person("" if group else upload.id, identity))
            owners.append(number)
    found = match(people, roster.students)
    groups: dict[str, list[Identity]] = defaultdict(list)
    uploads = list(collection.uploads)
    unmatched: dict[str, None] = {}
    for place, (person, number) in enumerate(zip(people, owners, strict=True)):
        upload = uploads[number]
        student = roster.students[found[place]] if place in found else None
        known = student.identity if student else {}
        if student is None:
            unmatched[upload.id] = None
        elif upload.submitted is None:
            upload = replace(upload, submitted=student.submitted)
        if upload.id in collection.groups:
            groups[upload.id].append({**person.identity, **known})
        else:
            upload = replace(upload, identity={**upload.identity, **known})
        uploads[number] = upload
    absent = tuple(
        student for place, student in enumerate(roster.students) if place not in set(found.values())
    )
    return replace(
        collection,
        uploads=tuple(uploads),
        groups={name: tuple(members) for name, members in groups.items()},
        unmatched=tuple(unmatched),
        absent=absent,
        receipts=(
            *collection.receipts,
            *roster.receipts,
            *_remarks(found, owners, collection.uploads, roster.students, absent),
        ),
    )


def _remarks(
    found: Mapping[int, int],
    owners: Sequence[int],
    uploads: Sequence[Upload],
    students: Sequence[Student],
    absent: Sequence[Student],
) -> Iterator[str]:
    of_student: dict[int, list[str]] = defaultdict(list)
    for place, student in found.items():
        of_student[student].append(uploads[owners[place]].id)
    for student, names in of_student.items():
        if len(names) > 1:
            yield (
                f"{_called(students[student])} has {len(names)} submissions, all graded: "
                f"{', '.join(names[:6])}. Choose by hand."
            )
    for each in absent:
        if each.submitted is not None:
            yield (
                f"{_called(each)} handed in on {each.submitted:%Y-%m-%d} according to the roster, "
                "but nothing of theirs was found."
            )


def _called(student: Student) -> str:
    return student.identity.get("name") or next(iter(student.identity.values()))
