"""Sources: what lies at one path, in whichever layout it is, as entries of a collection."""

import mmap
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath

from grader.intake.contents import ZIP_MAGIC
from grader.intake.layouts import LAYOUTS, Arrangement, HandIn, Identity
from grader.intake.members import name_of
from grader.intake.places import NOTEBOOK, is_debris, uploads
from grader.intake.unpack import TAR_ENDINGS, damaged, emerging, locked, unpack
from grader.intake.upload import Upload
from grader.text import file_text

_MOST_NESTED = 3
_MAX_METADATA = 64 * 1024 * 1024
_LISTED = 6
_UNREADABLE = (OSError, zipfile.BadZipFile, NotImplementedError, ValueError)


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


def source(path: Path, unpacked: Path, depth: int = 0) -> Source:
    """Return what lies at a path: a notebook, a folder, or an archive of one or of many."""
    if path.is_dir():
        return _folder(path, unpacked, depth)
    if path.name.lower().endswith(TAR_ENDINGS):
        return _archive(path, unpacked, depth)
    names = _names(path)
    if names is None or _alone(names):
        return _of_uploads(uploads(path), path)
    return _archive(path, unpacked, depth)


def _folder(path: Path, unpacked: Path, depth: int) -> Source:
    files = _files(path)
    found = _arranged(path, files, unpacked, _stem(path))
    if found is not None:
        return found
    plain = _of_uploads(uploads(path), path, path, files)
    if len(files) == 1 and _is_archive(path / files[0]) and depth < _MOST_NESTED:
        inside = source(path / files[0], unpacked, depth + 1)
        if len(inside.entries) > 1 or inside.layout != "plain":
            return inside
    return plain


def _archive(path: Path, unpacked: Path, depth: int) -> Source:
    """Return what an archive holds; one that is a single submission after all stays one."""
    done = unpack(path, unpacked)
    skipped = tuple(f"{path.name}/{file_text(name)}" for name in done.skipped)
    receipts: tuple[str, ...] = ()
    if skipped:
        receipts = (
            f"{path.name}: {len(skipped)} entries were not unpacked, being links, names that lead "
            f"elsewhere or names that come twice: {_few(done.skipped)}.",
        )
    root = done.root
    files = _files(root)
    found = _arranged(root, files, unpacked, _stem(path))
    if found is None and len(files) == 1 and _is_archive(root / files[0]) and depth < _MOST_NESTED:
        inside = source(root / files[0], unpacked, depth + 1)
        found = _renamed(inside, path) if len(inside.entries) == 1 else inside
    if found is None:
        found = _plain(path, root, files)
    return Source(found.entries, found.layout, (*skipped, *found.odd), (*receipts, *found.receipts))


def _plain(path: Path, root: Path, files: Sequence[str]) -> Source:
    """Return what an archive in no known layout holds, as a folder would."""
    notebooks = [name for name in files if name.lower().endswith(NOTEBOOK)]
    inner = [root / name for name in files if name.lower().endswith(".zip")]
    if len(notebooks) == 1 and not any(map(_holds_notebook, inner)):
        whole = root if path.name.lower().endswith(TAR_ENDINGS) else path
        return _of_uploads((Upload(file_text(_stem(path)), whole),), path)
    top = root / _tops(files)[-1]
    found = uploads(top)
    if len(found) == 1 and found[0].path == top:
        return _renamed(_of_uploads(found, path), path)
    return _of_uploads(found, path, root, files)


def _arranged(root: Path, files: Sequence[str], unpacked: Path, stem: str) -> Source | None:
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
    rest += sorted(set(files) - set(names.values()))
    hidden = [name for name in rest if PurePosixPath(name).name.startswith(".")]
    strays = [
        Entry(upload, stem)
        for upload in _strays(root, below, [name for name in rest if name not in hidden])
    ]
    receipts = arrangement.receipts
    if strays:
        receipts += (
            f"{len(strays)} entries are not named as {layout} names them and are graded under "
            f"their own names: {_few([each.upload.id for each in strays])}.",
        )
    odd = tuple(file_text(name) for name in (*(names[name] for name in arrangement.odd), *hidden))
    return Source((*entries, *strays), layout, odd, receipts)


def recognise(
    root: Path, files: Sequence[str]
) -> tuple[str, Mapping[str, str], Arrangement] | None:
    """Return the layout of a tree: its name, the path of each name in it, and the hand-ins."""
    trees = [
        {name.removeprefix(top): name for name in files if name.startswith(top)}
        for top in _tops(files)
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


def _tops(files: Sequence[str]) -> list[str]:
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


def _of_uploads(
    found: Sequence[Upload], path: Path, root: Path = Path(), files: Sequence[str] = ()
) -> Source:
    """Return uploads as a source; those of its files that are in none of them are odd."""
    places = {each.path for each in found}
    odd = (
        name
        for name in files
        if not any(place in places for place in (root / name, *(root / name).parents))
    )
    stem = file_text(_stem(path))
    return Source(tuple(Entry(each, stem) for each in found), odd=tuple(map(file_text, odd)))


def _renamed(found: Source, path: Path) -> Source:
    """Return a source of one plain upload under the name of the archive that was given."""
    if found.layout != "plain":
        return found
    (entry,) = found.entries
    upload = Upload(file_text(_stem(path)), entry.upload.path)
    return Source((Entry(upload, file_text(_stem(path))),), "plain", found.odd, found.receipts)


def _files(root: Path) -> list[str]:
    """Return all regular files below a folder, but for what editors and systems leave there."""
    found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    names = (path.relative_to(root).as_posix() for path in found)
    return sorted(name for name in names if not is_debris(name))


def _stem(path: Path) -> str:
    if path.is_dir():
        return path.resolve().name
    ending = next((each for each in TAR_ENDINGS[::-1] if path.name.lower().endswith(each)), "")
    return path.name[: -len(ending)] if ending else path.stem


def _few(names: Sequence[str]) -> str:
    listed = ", ".join(file_text(name)[:80] for name in names[:_LISTED])
    return listed + (", …" if len(names) > _LISTED else "")


def _is_archive(path: Path) -> bool:
    return path.name.lower().endswith((".zip", *TAR_ENDINGS))


def _names(path: Path) -> list[str] | None:
    """Return the names in a zip, None where the file is none or cannot be opened.

    Raises UsageError for a damaged one that held many notebooks: a single student's is refused
    when it is read.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) not in ZIP_MAGIC:
                return None
        with zipfile.ZipFile(path) as archive:
            names = [name_of(each) for each in archive.infolist() if not each.is_dir()]
    except _UNREADABLE as error:
        if path.is_file() and _remains(path) > 1:
            raise damaged(path, error) from error
        return None
    return [name for name in names if not is_debris(name)]


def _remains(path: Path) -> int:
    """Return how many notebooks and zips a zip names whose directory is lost."""
    names: set[bytes] = set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in re.finditer(rb"PK\x03\x04.{22}(..)..", data, re.DOTALL):
            size = int.from_bytes(found[1], "little")
            name = bytes(data[found.end() : found.end() + size])
            if name.lower().endswith((NOTEBOOK.encode(), b".zip")) and b"__MACOSX" not in name:
                names.add(name)
    return len(names)


def _alone(names: Sequence[str]) -> bool:
    """Return whether a zip holds what one student handed in, told by its names alone."""
    notebooks = sum(name.lower().endswith(NOTEBOOK) for name in names)
    inner = sum(_is_archive(Path(name)) for name in names)
    if notebooks > 1 or inner:
        return False
    trees = ([name.removeprefix(top) for name in names] for top in _tops(names))
    return not any(layout.arrange(tree, {}) for tree in trees for layout in LAYOUTS)


def _holds_notebook(path: Path) -> bool:
    """Return whether a zip is a hand-in: it holds a notebook, or is too damaged to tell."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(NOTEBOOK) for name in archive.namelist())
    except _UNREADABLE:
        return True
