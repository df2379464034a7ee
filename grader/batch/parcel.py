"""Parcel: an assignment and uploads as values that another machine makes the same files of."""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.assignment import Assignment, AssignmentFile
from grader.facts import Extension
from grader.intake import Upload
from grader.intake.contents import contents
from grader.intake.places import is_debris, submitted


@dataclass(frozen=True)
class CoursePart:
    """An assignment's settings, and its public and hidden folders as a zip each."""

    name: str
    settings: AssignmentFile
    public: bytes = field(repr=False)
    hidden: bytes = field(repr=False)


@dataclass(frozen=True)
class Parcel:
    """An upload with all of its files by name; None is the name of one that is no folder.

    A file that intake leaves out travels as its length: intake says of it that it was too large.
    """

    upload: Upload
    fingerprint: str
    extension: Extension | None
    files: Mapping[str | None, bytes | int] = field(repr=False)


def pack_course(assignment: Assignment) -> CoursePart:
    """Return what a machine needs to grade this assignment."""
    return CoursePart(
        assignment.name,
        assignment.settings,
        _zipped(assignment.public),
        _zipped(assignment.hidden),
    )


def unpack_course(part: CoursePart, place: Path) -> Assignment:
    """Write an assignment below an empty folder, under names that no other one has."""
    public = Path(tempfile.mkdtemp(prefix="public_", dir=place))
    # A reference is imported under its folder's name: another version must not be found there.
    hidden = Path(tempfile.mkdtemp(prefix=f"{part.name}_", dir=place))
    for folder, data in ((public, part.public), (hidden, part.hidden)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(folder)
    return Assignment(part.name, part.settings, public, hidden)


def pack(upload: Upload, fingerprint: str, extension: Extension | None) -> Parcel:
    """Return an upload that can travel.

    Raises SubmissionError where it cannot be read, and so need not.
    """
    path = upload.path
    found = contents(path)
    files: dict[str | None, bytes | int]
    if path.is_dir():
        taken = {**found.notebooks, **found.others} if found.where == "folder" else {}
        files = dict(_of_folder(path, taken))
    else:
        files = {None: path.read_bytes()}
    return Parcel(replace(upload, path=Path(path.name)), fingerprint, extension, files)


def unpack(parcel: Parcel, place: Path) -> Upload:
    """Write an upload below an empty folder, under its own name, so that it reads the same."""
    path = place / (parcel.upload.path.name or "upload")
    for name, content in parcel.files.items():
        target = path if name is None else path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            if isinstance(content, int):
                file.truncate(content)  # a hole: it takes no room on the disk
            else:
                file.write(content)
    return replace(parcel.upload, path=path)


def _of_folder(
    folder: Path, taken: Mapping[str, bytes]
) -> Iterator[tuple[str | None, bytes | int]]:
    whole = set(submitted(folder)) if not taken else set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.is_symlink() or is_debris(name):
            continue
        if path in whole:
            yield name, path.read_bytes()
        else:
            yield name, taken[name] if name in taken else path.stat().st_size


def _zipped(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
            if path.is_file() and not hidden:
                archive.write(path, "/".join(parts))
    return out.getvalue()
