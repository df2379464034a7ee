"""Contents: the notebook of an upload and the files that came with it."""

import hashlib
import stat
import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.intake.places import NOTEBOOK, is_debris, submitted
from grader.intake.upload import Upload
from grader.text import file_text

MAX_NOTEBOOK = 50 * 1024 * 1024
MAX_UPLOAD = 200 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
MAX_MEMBERS = 2000
MAX_COMPANION = 64 * 1024 * 1024


def digest(upload: Upload) -> str:
    """Return the SHA-256 of what was uploaded: a file's bytes, a folder's notebook."""
    path = upload.path
    if path.is_dir():
        found = sorted(submitted(path))
        if len(found) != 1:
            return hashlib.sha256(b"").hexdigest()
        path = found[0]
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(b"").hexdigest()


def contents(path: Path) -> tuple[bytes, dict[str, bytes]]:
    """Return the notebook's bytes and the files that came with it."""
    if path.is_dir():
        return _folder(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SubmissionError(f"The file {path.name} cannot be read: {error.strerror}.") from error
    if size > MAX_UPLOAD:
        raise SubmissionError(_too_large(size, MAX_UPLOAD))
    data = path.read_bytes()
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _archive(data)
    _check_size(data)
    return data, {}


def _folder(folder: Path) -> tuple[bytes, dict[str, bytes]]:
    found = sorted(submitted(folder))
    if not found:
        raise SubmissionError(
            f"There is no notebook in the folder {file_text(folder.name)}. Hand in the .ipynb file "
            "that Jupyter saves."
        )
    if found[0].suffix.lower() != NOTEBOOK:
        return contents(found[0])
    size = found[0].stat().st_size
    if size > MAX_NOTEBOOK:
        raise SubmissionError(_too_large(size, MAX_NOTEBOOK))
    companions: dict[str, bytes] = {}
    room = MAX_COMPANION
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        regular = path.is_file() and not path.is_symlink() and path != found[0]
        if regular and not is_debris(name) and path.stat().st_size <= room:
            companions[name] = path.read_bytes()
            room -= len(companions[name])
    return found[0].read_bytes(), companions


def _archive(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = [
                m for m in archive.infolist() if not m.is_dir() and not is_debris(m.filename)
            ]
            _check_members(members)
            notebooks = [m for m in members if m.filename.lower().endswith(NOTEBOOK)]
            _check_notebooks([m.filename for m in notebooks])
            room = MAX_UNPACKED
            files: dict[str, bytes] = {}
            for member in members:
                files[member.filename] = _unpacked(archive, member, room)
                room -= len(files[member.filename])
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise SubmissionError(
            f"The zip file is damaged and cannot be opened ({error}). "
            "Hand in the .ipynb file itself."
        ) from error
    except RuntimeError as error:
        raise SubmissionError(
            "The zip file is locked with a password. Hand in the .ipynb file itself."
        ) from error
    content = files.pop(notebooks[0].filename)
    _check_size(content)
    base = PurePosixPath(notebooks[0].filename).parent
    return content, {
        PurePosixPath(name).relative_to(base).as_posix(): text
        for name, text in files.items()
        if PurePosixPath(name).is_relative_to(base) and len(text) <= MAX_COMPANION
    }


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise SubmissionError(
            f"The zip file holds {len(members):,} files, and at most {MAX_MEMBERS:,} can be taken. "
            "Hand in the .ipynb file itself."
        )
    for member in members:
        name = member.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if ".." in path.parts or path.is_absolute() or ":" in path.parts[0]:
            raise SubmissionError(
                f"The zip file names a file outside of itself ({name[:80]}). Make a new zip of "
                "your folder, or hand in the .ipynb file itself."
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise SubmissionError(
                f"The zip file holds a link ({name[:80]}) where a file is expected. Put the file "
                "itself in, or hand in the .ipynb file alone."
            )
    size = sum(member.file_size for member in members)
    if size > MAX_UNPACKED:
        raise SubmissionError(
            f"The zip file unpacks to {size / 2**20:,.0f} MB, and at most "
            f"{MAX_UNPACKED / 2**20:,.0f} MB can be taken. Hand in the .ipynb file itself."
        )


def _check_notebooks(names: list[str]) -> None:
    if not names:
        raise SubmissionError(
            "There is no notebook in the zip file. Hand in the .ipynb file that Jupyter saves."
        )
    if len(names) > 1:
        listed = ", ".join(name[:60] for name in sorted(names)[:4])
        raise SubmissionError(
            f"There are {len(names)} notebooks in the zip file ({listed}), and it is not clear "
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


def _check_size(data: bytes) -> None:
    if len(data) > MAX_NOTEBOOK:
        raise SubmissionError(_too_large(len(data), MAX_NOTEBOOK))


def _too_large(size: int, most: int) -> str:
    return (
        f"The file is {size / 2**20:,.0f} MB large, and at most {most / 2**20:,.0f} MB can be "
        "taken. Clear the outputs (Edit > Clear Outputs of All Cells), save and hand it in again."
    )
