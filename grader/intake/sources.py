"""Sources: what lies at one path, be it a notebook, a folder, or an archive of one or of many."""

from collections.abc import Sequence
from pathlib import Path

from grader.intake.layouts import LAYOUTS
from grader.intake.peek import holds_notebook, is_archive, names_in
from grader.intake.places import NOTEBOOK, uploads
from grader.intake.trees import Entry, Source, arranged, few, files_of, tops_of
from grader.intake.unpack import TAR_ENDINGS, unpack
from grader.intake.upload import Upload
from grader.text import file_text

_MOST_NESTED = 3


def source(path: Path, unpacked: Path, depth: int = 0) -> Source:
    """Return what lies at a path: a notebook, a folder, or an archive of one or of many."""
    if path.is_dir():
        return _folder(path, unpacked, depth)
    if path.name.lower().endswith(TAR_ENDINGS):
        return _archive(path, unpacked, depth)
    names = names_in(path)
    if names is None or _alone(names):
        return _of_uploads(uploads(path), path)
    return _archive(path, unpacked, depth)


def _folder(path: Path, unpacked: Path, depth: int) -> Source:
    files = files_of(path)
    found = arranged(path, files, unpacked, _stem(path))
    if found is not None:
        return found
    plain = _of_uploads(uploads(path), path, path, files)
    if len(files) == 1 and is_archive(path / files[0]) and depth < _MOST_NESTED:
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
            f"elsewhere or names that come twice: {few(done.skipped)}.",
        )
    root = done.root
    files = files_of(root)
    found = arranged(root, files, unpacked, _stem(path))
    if found is None and len(files) == 1 and is_archive(root / files[0]) and depth < _MOST_NESTED:
        inside = source(root / files[0], unpacked, depth + 1)
        found = _renamed(inside, path) if len(inside.entries) == 1 else inside
    if found is None:
        found = _plain(path, root, files)
    return Source(found.entries, found.layout, (*skipped, *found.odd), (*receipts, *found.receipts))


def _plain(path: Path, root: Path, files: Sequence[str]) -> Source:
    """Return what an archive in no known layout holds, as a folder would."""
    notebooks = [name for name in files if name.lower().endswith(NOTEBOOK)]
    inner = [root / name for name in files if name.lower().endswith(".zip")]
    if len(notebooks) == 1 and not any(map(holds_notebook, inner)):
        whole = root if path.name.lower().endswith(TAR_ENDINGS) else path
        return _of_uploads((Upload(file_text(_stem(path)), whole),), path)
    top = root / tops_of(files)[-1]
    found = uploads(top)
    if len(found) == 1 and found[0].path == top:
        return _renamed(_of_uploads(found, path), path)
    return _of_uploads(found, path, root, files)


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


def _stem(path: Path) -> str:
    if path.is_dir():
        return path.resolve().name
    ending = next((each for each in TAR_ENDINGS[::-1] if path.name.lower().endswith(each)), "")
    return path.name[: -len(ending)] if ending else path.stem


def _alone(names: Sequence[str]) -> bool:
    """Return whether a zip holds what one student handed in, told by its names alone."""
    notebooks = sum(name.lower().endswith(NOTEBOOK) for name in names)
    inner = sum(is_archive(Path(name)) for name in names)
    if notebooks > 1 or inner:
        return False
    trees = ([name.removeprefix(top) for name in names] for top in tops_of(names))
    return not any(layout.arrange(tree, {}) for tree in trees for layout in LAYOUTS)
