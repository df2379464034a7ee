"""Trees: a folder of files in a platform's layout, as uploads that lie on the disk."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath

from grader.intake.layouts import LAYOUTS, Arrangement, HandIn, Identity
from grader.intake.places import is_debris, uploads
from grader.intake.unpack import emerging, locked
from grader.intake.upload import Upload
from grader.text import file_text

_MAX_METADATA = 64 * 1024 * 1024
_LISTED = 6


@dataclass(frozen=True)
class Entry:
    """An upload, the stem of the path it came with, and how it stands among the owner's others.

    An `owner` has the layout's name in it; "" where the layout knows none. See `HandIn`.
    """

    upload: Upload
    source: str
    owner: str = ""
    order: float = 0
    group: tuple[Identity, ...] = ()


@dataclass(frozen=True)
class Source:
    """All that lies at one path. The fields are those of `Collection`."""

    entries: tuple[Entry, ...]
    layout: str = "plain"
    odd: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()


def arranged(root: Path, files: Sequence[str], unpacked: Path, stem: str) -> Source | None:
    """Return a tree in the first layout that knows it, be it wrapped in a folder or not."""
    found = recognise(root, files)
    if found is None:
        return None
    layout, names, arrangement = found
    used: set[str] = set(arrangement.odd)
    below = _below(files)
    entries = []
    for handin in arrangement.handins:
        used |= set(handin.files.values())
        paths = {name: names[path] for name, path in handin.files.items()}
        entries.append(
            Entry(
                _upload(handin, _materialised(paths, root, below, unpacked)),
                stem,
                f"{layout} {handin.owner}",
                handin.order,
                handin.group,
            )
        )
    rest = [names[name] for name in names if name not in used]
    hidden = [name for name in rest if PurePosixPath(name).name.startswith(".")]
    strays = [
        Entry(upload, stem)
        for upload in _strays(root, below, [name for name in rest if name not in hidden])
    ]
    receipts = arrangement.receipts
    if strays:
        receipts += (
            f"{len(strays)} entries are not named as {layout} names them and are graded under "
            f"their own names: {few([each.upload.id for each in strays])}.",
        )
    odd = tuple(file_text(name) for name in (*(names[name] for name in arrangement.odd), *hidden))
    return Source((*entries, *strays), layout, odd, receipts)


def recognise(
    root: Path, files: Sequence[str]
) -> tuple[str, Mapping[str, str], Arrangement] | None:
    """Return the layout of a tree: its name, the path of each name in it, and the hand-ins."""
    trees = [
        {name.removeprefix(top): name for name in files if name.startswith(top)}
        for top in tops_of(files)
    ]
    if root.name == "submitted":
        trees.append({f"{root.name}/{name}": name for name in files})
    for names in trees:
        for layout in LAYOUTS:
            metadata = {
                name: _head(root / path)
                for name, path in names.items()
                if layout.metadata and PurePosixPath(name).name == layout.metadata
            }
            arrangement = layout.arrange(list(names), metadata)
            if arrangement is not None:
                return layout.name, names, arrangement
    return None


def _upload(handin: HandIn, path: Path) -> Upload:
    return Upload(
        id=file_text(handin.id),
        path=path,
        identity={key: file_text(value) for key, value in handin.identity.items()},
        submitted=handin.submitted,
        late=handin.late,
        attempt=handin.attempt,
    )


def _materialised(
    paths: Mapping[str, str], root: Path, below: Mapping[str, int], unpacked: Path
) -> Path:
    """Return a file or folder that holds just these files; it is made where there is none."""
    if len(paths) == 1:
        return root / next(iter(paths.values()))
    tops = {path.removesuffix(name) for name, path in paths.items()}
    top = next(iter(tops), "")
    if len(tops) == 1 and top.endswith("/") and below[top] == len(paths):
        return root / top
    return _assembled({name: root / path for name, path in paths.items()}, unpacked)


def _assembled(files: Mapping[str, Path], unpacked: Path) -> Path:
    """Return a folder of these files, made once for these names and bytes."""
    total = sha256()
    for name, path in sorted(files.items()):
        with path.open("rb") as file:
            total.update(f"{len(name)} {name!a} {file_digest(file, 'sha256').hexdigest()}".encode())
    place = unpacked / f"upload-{total.hexdigest()}"
    with locked(unpacked):
        if place.is_dir():
            return place
        with emerging(place) as growing:
            for name, path in files.items():
                target = growing / name
                target.parent.mkdir(parents=True, exist_ok=True)
                # What we unpacked never changes; what others own might, so it is copied.
                if not path.is_relative_to(unpacked) or not _linked(path, target):
                    shutil.copyfile(path, target)
    return place


def _linked(path: Path, target: Path) -> bool:
    try:
        target.hardlink_to(path)
    except OSError:
        return False
    return True


def _strays(root: Path, below: Mapping[str, int], rest: Sequence[str]) -> Iterator[Upload]:
    """Yield what follows no naming: a folder of its own is one upload, or as many as it holds."""
    tops = {name: PurePosixPath(name).parts[0] for name in rest}
    for top in sorted(set(tops.values())):
        own = [name for name in rest if tops[name] == top]
        folder = root / top
        if folder.is_dir() and len(own) == below[f"{top}/"]:
            for each in uploads(folder):
                name = file_text(top) if each.path == folder else f"{file_text(top)}/{each.id}"
                yield Upload(name, each.path)
        else:
            for name in own:
                yield Upload(file_text(PurePosixPath(name).with_suffix("").as_posix()), root / name)


def tops_of(files: Sequence[str]) -> list[str]:
    """Return the prefixes under which all files lie: "", then folders that hold everything."""
    tops = [""]
    while True:
        rest = [name.removeprefix(tops[-1]).split("/", 1) for name in files]
        firsts = {each[0] for each in rest}
        if len(firsts) != 1 or any(len(each) == 1 for each in rest):
            return tops
        tops.append(f"{tops[-1]}{firsts.pop()}/")


def _below(files: Sequence[str]) -> Mapping[str, int]:
    """Return how many files lie below each folder, whose name ends in `/`."""
    return Counter(f"{place}/" for name in files for place in PurePosixPath(name).parents)


def _head(path: Path) -> bytes:
    return path.read_bytes() if path.stat().st_size <= _MAX_METADATA else b""


def files_of(root: Path) -> list[str]:
    """Return all regular files below a folder, but for what editors and systems leave there."""
    found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    names = (path.relative_to(root).as_posix() for path in found)
    return sorted(name for name in names if not is_debris(name))


def few(names: Sequence[str]) -> str:
    """Return the first of many names, for a sentence."""
    listed = ", ".join(file_text(name)[:80] for name in names[:_LISTED])
    return listed + (", …" if len(names) > _LISTED else "")
