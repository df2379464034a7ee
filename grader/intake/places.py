"""Places: the uploads at a path, be it a file or a folder of them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from grader.intake.upload import Upload
from grader.text import file_text

NOTEBOOK = ".ipynb"
_DEBRIS = ("__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store", "Thumbs.db")


def uploads(path: Path) -> tuple[Upload, ...]:
    """Return the uploads at `path`: the file itself, or those in a folder, sorted by id.

    A folder that holds one notebook is one upload with companion files; one that holds several
    (or folders of them) is a class. In a class, whatever else lies at the top is an upload too,
    to be refused with a sentence and not to be lost; a folder without anything is one as well.
    """
    if not path.is_dir():
        return (Upload(file_text(path.stem), path),)
    found = sorted(submitted(path))
    odd = sorted(_odd(path, found))
    if len(found) <= 1 and not (odd and found and found[0].parent != path):
        return (Upload(file_text(path.resolve().name), path),)
    together = Counter(each.parent for each in found)
    listed = [(*_named(each, together[each.parent] == 1, path), each) for each in found]
    listed += [(each.relative_to(path).with_suffix("").as_posix(), each, each) for each in odd]
    ids = Counter(name for name, _, _ in listed)
    return tuple(
        Upload(
            file_text(name if ids[name] == 1 else where.relative_to(path).as_posix()),
            target,
            notebook=where.name if target in where.parents else None,
        )
        for name, target, where in sorted(listed)
    )


def _named(each: Path, alone: bool, top: Path) -> tuple[str, Path]:
    """Return the id and the upload of one notebook or zip of a class.

    A notebook that is alone in its folder is the folder, with its companion files.
    """
    if alone and each.parent != top and each.suffix.lower() == NOTEBOOK:
        return each.parent.relative_to(top).as_posix(), each.parent
    return each.relative_to(top).with_suffix("").as_posix(), each


def _odd(top: Path, found: list[Path]) -> Iterator[Path]:
    """Yield what lies at the top of a class and is or holds no notebook."""
    holding = {place for each in found for place in (each, *each.parents)}
    for path in top.iterdir():
        if path.is_symlink() or path.name.startswith(".") or is_debris(path.name):
            continue
        if path not in holding:
            yield path


def submitted(folder: Path) -> Iterator[Path]:
    """Yield the notebooks and zips below a folder, without links and debris."""
    for path in folder.rglob("*"):
        handed_in = path.suffix.lower() in (NOTEBOOK, ".zip") and not path.is_symlink()
        if handed_in and path.is_file() and not is_debris(path.relative_to(folder).as_posix()):
            yield path


def is_debris(name: str) -> bool:
    """Return whether an editor, an operating system or git made the file, and no student."""
    parts = PurePosixPath(name).parts
    return any(part in _DEBRIS for part in parts) or parts[-1].startswith("._")
