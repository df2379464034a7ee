"""Intake: turn an upload into a Submission, or refuse it with a sentence for the student."""

import hashlib
import stat
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath

from grader.assignment import Assignment
from grader.errors import SubmissionError
from grader.notebook import CodeCell, Notebook, parse
from grader.text import file_text

MAX_NOTEBOOK = 50 * 1024 * 1024
MAX_UPLOAD = 200 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
MAX_MEMBERS = 2000
MAX_COMPANION = 64 * 1024 * 1024
NOTEBOOK = ".ipynb"
_DEBRIS = ("__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git")
_KEPT_RECEIPTS = 8


@dataclass(frozen=True)
class Upload:
    """Something handed in: where it lies, what it is called, and what the platform says of it.

    `identity` holds what is known of the student under these keys, and no others: `name`,
    `first_name`, `last_name`, `email`, `login`, `student_id`, `sis_id`, `canvas_id`,
    `moodle_participant`, `gradescope_submission`, `gradescope_user`. `submitted` is in UTC. `late`
    is the platform's own word, None where it has none; `attempt` counts from 1.
    """

    id: str
    path: Path
    identity: Mapping[str, str] = field(default_factory=dict)
    submitted: datetime | None = None
    late: bool | None = None
    attempt: int = 1
    receipts: tuple[str, ...] = ()

    @property
    def student(self) -> str | None:
        """The student's name, else the best that is known of them."""
        keys = ("name", "email", "login", "student_id")
        return next((self.identity[key] for key in keys if key in self.identity), None)


@dataclass(frozen=True)
class Submission:
    """An upload that can be graded: its code cells, its companion files, what was repaired."""

    id: str
    student: str | None
    sha256: str
    cells: tuple[CodeCell, ...]
    answers: Mapping[str, str]
    receipts: tuple[str, ...]
    notebook: Notebook = field(repr=False)
    companions: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def uploads(path: Path) -> tuple[Upload, ...]:
    """Return the uploads at `path`: the file itself, or those in a folder, sorted by id.

    A folder that holds one notebook is one upload with companion files; one that holds several
    (or folders of them) is a class. In a class, whatever else lies at the top is an upload too,
    to be refused with a sentence and not to be lost; a folder without anything is one as well.
    """
    if not path.is_dir():
        return (Upload(file_text(path.stem), path),)
    found = sorted(_submitted(path))
    odd = sorted(_odd(path, found))
    if len(found) <= 1 and not (odd and found and found[0].parent != path):
        return (Upload(file_text(path.resolve().name), path),)
    listed = [(*_named(each, found, path), each) for each in found]
    listed += [(each.relative_to(path).with_suffix("").as_posix(), each, each) for each in odd]
    ids = Counter(name for name, _, _ in listed)
    return tuple(
        Upload(file_text(name if ids[name] == 1 else where.relative_to(path).as_posix()), target)
        for name, target, where in sorted(listed)
    )


def _named(each: Path, found: list[Path], top: Path) -> tuple[str, Path]:
    """Return the id and the upload of one notebook or zip of a class.

    A notebook that is alone in its folder is the folder, with its companion files.
    """
    alone = sum(1 for other in found if other.parent == each.parent) == 1
    if alone and each.parent != top and each.suffix.lower() == NOTEBOOK:
        return each.parent.relative_to(top).as_posix(), each.parent
    return each.relative_to(top).with_suffix("").as_posix(), each


def _odd(top: Path, found: list[Path]) -> Iterator[Path]:
    """Yield what lies at the top of a class and is or holds no notebook."""
    for path in top.iterdir():
        if path.is_symlink() or path.name.startswith(".") or _is_debris(path.name):
            continue
        holds = path in found or any(path in each.parents for each in found)
        if not holds:
            yield path


def gather(paths: Iterable[Path]) -> tuple[Upload, ...]:
    """Return the uploads at all of `paths`, each once, with ids that differ."""
    found = {each.path.resolve(): each for path in paths for each in uploads(path)}
    ids = Counter(each.id for each in found.values())
    return tuple(
        each if ids[each.id] == 1 else Upload(file_text(where.as_posix()).lstrip("/"), each.path)
        for where, each in found.items()
    )


def digest(upload: Upload) -> str:
    """Return the SHA-256 of what was uploaded: a file's bytes, a folder's notebook."""
    path = upload.path
    if path.is_dir():
        found = sorted(_submitted(path))
        if len(found) != 1:
            return hashlib.sha256(b"").hexdigest()
        path = found[0]
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(b"").hexdigest()


def read(upload: Upload, assignment: Assignment) -> Submission:
    """Read an upload.

    Raises SubmissionError, whose message is for the student, where it cannot be graded.
    """
    data, companions = _contents(upload.path)
    notebook = parse(data)
    _check_assignment(notebook, assignment)
    cells = notebook.code_cells()
    _check_names(cells, assignment)
    return Submission(
        id=upload.id,
        student=upload.student,
        sha256=digest(upload),
        cells=cells,
        answers=_answers(notebook, assignment),
        receipts=upload.receipts
        + notebook.receipts
        + tuple(_receipts(notebook, cells, assignment)),
        notebook=notebook,
        companions=companions,
    )


def _submitted(folder: Path) -> Iterator[Path]:
    """Yield the notebooks and zips below a folder, without links and editors' debris."""
    for path in folder.rglob("*"):
        handed_in = path.suffix.lower() in (NOTEBOOK, ".zip") and not path.is_symlink()
        if handed_in and path.is_file() and not _is_debris(path.relative_to(folder).as_posix()):
            yield path


def _is_debris(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part in _DEBRIS for part in parts) or parts[-1].startswith("._")


def _contents(path: Path) -> tuple[bytes, dict[str, bytes]]:
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
    found = sorted(_submitted(folder))
    if not found:
        raise SubmissionError(
            f"There is no notebook in the folder {file_text(folder.name)}. Hand in the .ipynb file "
            "that Jupyter saves."
        )
    if found[0].suffix.lower() != NOTEBOOK:
        return _contents(found[0])
    size = found[0].stat().st_size
    if size > MAX_NOTEBOOK:
        raise SubmissionError(_too_large(size, MAX_NOTEBOOK))
    companions: dict[str, bytes] = {}
    room = MAX_COMPANION
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        regular = path.is_file() and not path.is_symlink() and path != found[0]
        if regular and not _is_debris(name) and path.stat().st_size <= room:
            companions[name] = path.read_bytes()
            room -= len(companions[name])
    return found[0].read_bytes(), companions


def _archive(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = [
                m for m in archive.infolist() if not m.is_dir() and not _is_debris(m.filename)
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


def _check_assignment(notebook: Notebook, assignment: Assignment) -> None:
    if notebook.assignment not in (None, assignment.name):
        raise SubmissionError(
            f"This is the notebook of another assignment, `{str(notebook.assignment)[:60]}`; "
            f"expected `{assignment.name}` ({assignment.settings.title})."
        )


def _check_names(cells: tuple[CodeCell, ...], assignment: Assignment) -> None:
    """Refuse a notebook in which nothing that the assignment asks for is ever named."""
    asked = set(assignment.captures)
    if any(asked & cell.names for cell in cells):
        return
    some = ", ".join(assignment.captures[:3])
    raise SubmissionError(
        f"This seems to be another notebook: expected `{assignment.name}` "
        f"({assignment.settings.title}), but none of the names it asks for ({some}, …) is in it. "
        "Hand in that notebook."
    )


def _answers(notebook: Notebook, assignment: Assignment) -> dict[str, str]:
    """Return the written answers by question, for a person to read; untouched ones are left out."""
    cells = {q.name: q.manual.cell for q in assignment.questions if q.manual}
    if not cells:
        return {}
    blank = parse(assignment.starter.read_bytes()) if assignment.starter.is_file() else None
    written = {}
    for question, cell in cells.items():
        if _lost_answer(notebook, cell, assignment):
            written[question] = ""
            continue
        text = (notebook.text_of(cell) or "").strip()
        untouched = (blank.text_of(cell) or "").strip() if blank else ""
        if text and text != untouched:
            written[question] = text
    return written


def _lost_answer(notebook: Notebook, cell: str, assignment: Assignment) -> bool:
    """Return whether this assignment's own notebook came back without the cell of an answer."""
    return notebook.assignment == assignment.name and notebook.text_of(cell) is None


def _receipts(
    notebook: Notebook, cells: tuple[CodeCell, ...], assignment: Assignment
) -> Iterator[str]:
    if notebook.version not in (None, assignment.version):
        yield (
            f"the notebook was handed out as version {str(notebook.version)[:20]}; it was graded "
            f"as version {assignment.version}"
        )
    for question in assignment.questions:
        if question.manual and _lost_answer(notebook, question.manual.cell, assignment):
            yield (
                f"the cell of the written answer to {question.name} could not be found; a person "
                "has to look for it"
            )
    skipped = [(cell.index, command) for cell in cells for command in cell.commands]
    for index, command in skipped[:_KEPT_RECEIPTS]:
        yield f"cell {index}: `{command[:80]}` was not run: no shell commands while grading"
    if len(skipped) > _KEPT_RECEIPTS:
        yield f"{len(skipped) - _KEPT_RECEIPTS} more shell commands were not run"
