"""Contents: the notebooks of an upload and the files that came with them."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.filekind import kind, not_a_notebook, zipped_kind
from grader.intake.members import is_link, is_outside, name_of
from grader.intake.places import NOTEBOOK, is_debris, submitted
from grader.intake.upload import Upload
from grader.text import file_text

MAX_NOTEBOOK = 50 * 1024 * 1024
MAX_UPLOAD = 200 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
MAX_MEMBERS = 2000
MAX_COMPANION = 64 * 1024 * 1024
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Contents:
    """All that an upload brings, by name: its notebooks (one, if all is well), its other files.

    `where` is the word for what they lie in; `receipts` tell what was left out.
    """

    where: str
    notebooks: Mapping[str, bytes]
    others: Mapping[str, bytes]
    receipts: tuple[str, ...] = ()

    def companions(self, notebook: str) -> dict[str, bytes]:
        """Return what lies beside a notebook or below it, by the name it has from there."""
        base = PurePosixPath(notebook).parent
        files = {**self.others, **self.notebooks}
        return {
            PurePosixPath(name).relative_to(base).as_posix(): content
            for name, content in files.items()
            if name != notebook and PurePosixPath(name).is_relative_to(base)
        }


def contents(path: Path) -> Contents:
    """Read an upload. Raises SubmissionError, with a sentence for the student, where it cannot."""
    if path.is_dir():
        return _folder(path)
    data = _bytes(path, MAX_UPLOAD)
    if data[:4] in ZIP_MAGIC:
        return _archive(data)
    _check_size(data)
    return Contents("file", {path.name: data}, {})


def digest(upload: Upload) -> str:
    """Return the SHA-256 of what was uploaded: a file's bytes, a folder's notebook."""
    path = upload.path
    if path.is_dir():
        found = [path / upload.notebook] if upload.notebook else _handed_in(path)
        if len(found) != 1:
            return hashlib.sha256(b"").hexdigest()
        path = found[0]
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(b"").hexdigest()


def fingerprint(upload: Upload) -> str:
    """Return the SHA-256 of everything that is executed: notebook, companions and their names.

    Two uploads with the same one do the same. The names of student, file and archive do not count.
    One that is refused has the fingerprint of its own place and bytes.
    """
    try:
        found = contents(upload.path)
    except SubmissionError:
        return _sum([("refused", str(upload.path).encode()), ("", digest(upload).encode())])
    name = upload.notebook if upload.notebook in found.notebooks else None
    if name is None and len(found.notebooks) == 1:
        (name,) = found.notebooks
    if name is not None:
        return _sum([("", found.notebooks[name]), *sorted(found.companions(name).items())])
    return _sum([*sorted(found.notebooks.items()), ("", b""), *sorted(found.others.items())])


def _sum(parts: list[tuple[str, bytes]]) -> str:
    # Each part goes in with its length: where one ends and the next begins is part of the sum.
    total = hashlib.sha256()
    for name, content in parts:
        for each in (name.encode("utf-8", "surrogateescape"), content):
            total.update(len(each).to_bytes(8, "big") + each)
    return total.hexdigest()


def _handed_in(folder: Path) -> list[Path]:
    """Return a folder's notebooks; where there is none, its zips."""
    found = sorted(submitted(folder))
    return [path for path in found if path.suffix.lower() == NOTEBOOK] or found


def _bytes(path: Path, most: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > most:
            raise SubmissionError(_too_large(size, most))
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(
            f"The file {file_text(path.name)} cannot be read: {error.strerror}."
        ) from error


def _folder(folder: Path) -> Contents:
    found = _handed_in(folder)
    if not found:
        raise SubmissionError(
            f"There is no notebook in the folder {file_text(folder.name)}; "
            f"{_whatever(folder)}. Hand in the .ipynb file that Jupyter saves."
        )
    if found[0].suffix.lower() != NOTEBOOK:
        if len(found) > 1:
            raise SubmissionError(
                which_counts([each.name for each in found], "zip files", "folder")
            )
        return contents(found[0])
    room = MAX_UNPACKED
    notebooks: dict[str, bytes] = {}
    for path in found:
        name = path.relative_to(folder).as_posix()
        notebooks[name] = _bytes(path, min(MAX_NOTEBOOK, room))
        room -= len(notebooks[name])
    others: dict[str, bytes] = {}
    left_out: list[str] = []
    room = MAX_COMPANION
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name in notebooks:
            continue
        if path.stat().st_size > room:
            left_out.append(name)
            continue
        others[name] = _bytes(path, room)
        room -= len(others[name])
    return Contents("folder", notebooks, others, _left_out(left_out))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        regular = path.is_file() and not path.is_symlink()
        if regular and not is_debris(path.relative_to(folder).as_posix()):
            yield path


def _whatever(folder: Path) -> str:
    """Return what a folder without a notebook holds."""
    found = list(_files(folder))
    if not found:
        return "it is empty"
    listed = [f"{file_text(path.name)[:60]}{_called(path)}" for path in found[:4]]
    return f"it holds {', '.join(listed)}{', …' if len(found) > 4 else ''}"


def _called(path: Path) -> str:
    words = None
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        words = kind(head)
        if head[:4] in ZIP_MAGIC:
            with zipfile.ZipFile(path) as archive:
                words = zipped_kind(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        pass
    return f" ({words})" if words else ""


def _archive(data: bytes) -> Contents:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = {
                name_of(member): member
                for member in archive.infolist()
                if not member.is_dir() and not is_debris(name_of(member))
            }
            _check_members(members)
            notebooks = [name for name in members if name.lower().endswith(NOTEBOOK)]
            if not notebooks:
                raise SubmissionError(_without(members))
            room = MAX_UNPACKED
            files: dict[str, bytes] = {}
            for name, member in members.items():
                files[name] = _unpacked(archive, member, room)
                room -= len(files[name])
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise SubmissionError(
            f"The zip file is damaged and cannot be opened ({error}). "
            "Hand in the .ipynb file itself."
        ) from error
    except RuntimeError as error:
        raise SubmissionError(
            "The zip file is locked with a password. Hand in the .ipynb file itself."
        ) from error
    found = {name: files.pop(name) for name in sorted(notebooks)}
    for content in found.values():
        _check_size(content)
    large = [name for name, content in files.items() if len(content) > MAX_COMPANION]
    for name in large:
        del files[name]
    return Contents("zip file", found, files, _left_out(large))


def _without(names: Mapping[str, object]) -> str:
    words = zipped_kind(names)
    if words:
        return not_a_notebook(words)
    return "There is no notebook in the zip file. Hand in the .ipynb file that Jupyter saves."


def _check_members(members: Mapping[str, zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise SubmissionError(
            f"The zip file holds {len(members):,} files, and at most {MAX_MEMBERS:,} can be taken. "
            "Hand in the .ipynb file itself."
        )
    for name, member in members.items():
        if is_outside(name):
            raise SubmissionError(
                f"The zip file names a file outside of itself ({name[:80]}). Make a new zip of "
                "your folder, or hand in the .ipynb file itself."
            )
        if is_link(member):
            raise SubmissionError(
                f"The zip file holds a link ({name[:80]}) where a file is expected. Put the file "
                "itself in, or hand in the .ipynb file alone."
            )
    size = sum(member.file_size for member in members.values())
    if size > MAX_UNPACKED:
        raise SubmissionError(
            f"The zip file unpacks to {size / 2**20:,.0f} MB, and at most "
            f"{MAX_UNPACKED / 2**20:,.0f} MB can be taken. Hand in the .ipynb file itself."
        )


def which_counts(names: list[str], what: str, where: str) -> str:
    """Return the sentence for a student who handed in several things of which one should count."""
    listed = ", ".join(name[:60] for name in sorted(names)[:4])
    return (
        f"There are {len(names)} {what} in the {where} ({listed}), and it is not clear "
        "which one counts. Hand in the one .ipynb file."
    )


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    """Return a member's bytes; its header may lie about the size, so the reading is capped too."""
    with archive.open(member) as file:
        content = file.read(room + 1)
    if len(content) > room:
        raise SubmissionError(
            f"The zip file unpacks to more than {MAX_UNPACKED / 2**20:,.0f} MB. "
            "Hand in the .ipynb file itself."
        )
    return content


def _left_out(names: list[str]) -> tuple[str, ...]:
    most = MAX_COMPANION // 2**20
    return tuple(
        f"`{file_text(name)[:80]}` was left out: companion files may take {most} MB"
        for name in names[:8]
    )


def _check_size(data: bytes) -> None:
    if len(data) > MAX_NOTEBOOK:
        raise SubmissionError(_too_large(len(data), MAX_NOTEBOOK))


def _too_large(size: int, most: int) -> str:
    return (
        f"The file is {size / 2**20:,.0f} MB large, and at most {most / 2**20:,.0f} MB can be "
        "taken. Clear the outputs (Edit > Clear Outputs of All Cells), save and hand it in again."
    )
