"""Unpack: an archive of a class to a folder, whole or not at all, and nothing outside of it."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import UsageError
from grader.intake.members import is_link, is_outside, name_of

MAX_CLASS_BYTES = 20 * 1024**3
MAX_CLASS_MEMBERS = 400_000
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_BLOCK = 1024 * 1024
_LONGEST_NAME = 240
_LONGEST_PATH = 4000
_PARTIAL = ".partial-"
_SKIPPED = "not-unpacked"
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, ValueError)


@dataclass(frozen=True)
class Unpacked:
    """Where an archive was unpacked to, and the names of members that were left in it."""

    root: Path
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class _Member:
    name: str
    folder: bool
    plain: bool
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: Path) -> Unpacked:
    """Unpack a zip or tar archive below `folder`, once: what is there and complete is used again.

    It lies under the SHA-256 of its bytes and appears there only once all of it is written.
    Links, devices, and names that lead elsewhere or come twice stay in the archive and are listed.

    Raises UsageError where the archive is damaged, locked or larger than a class can be; OSError
    where the disk is full.
    """
    with archive.open("rb") as file:
        place = folder / hashlib.file_digest(file, "sha256").hexdigest()
    with locked(folder):
        if not place.is_dir():
            with emerging(place) as growing:
                skipped = _extract(archive, growing / "files")
                text = "\n".join(name.encode("unicode_escape").decode() for name in skipped)
                (growing / _SKIPPED).write_text(text, encoding="ascii")
    kept = (place / _SKIPPED).read_text(encoding="ascii").splitlines()
    names = tuple(name.encode().decode("unicode_escape") for name in kept)
    return Unpacked(place / "files", names)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time write below a folder, and clear what a killed one left there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("wb") as lock:
        # The kernel lets go of it even after kill -9: whoever holds it is the only one alive.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for rest in folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(rest, ignore_errors=True)
        yield


@contextlib.contextmanager
def emerging(place: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `place` once the block has filled it, or vanishes."""
    growing = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=place.parent))
    try:
        yield growing
        growing.chmod(0o755)
        growing.rename(place)
    except BaseException:
        shutil.rmtree(growing, ignore_errors=True)
        raise


def _extract(archive: Path, root: Path) -> list[str]:
    root.mkdir()
    skipped = []
    room = MAX_CLASS_BYTES
    try:
        for number, member in enumerate(_members(archive)):
            if number >= MAX_CLASS_MEMBERS:
                raise UsageError(
                    f"{archive}: holds more than {MAX_CLASS_MEMBERS:,} files, which is no class. "
                    "Name an archive of submissions."
                )
            target = _target(root, member)
            if target is None:
                skipped.append(member.name)
            elif not member.folder:
                with member.open() as source, target.open("xb") as file:
                    room -= _copied(source, file, room, archive)
    except (*_DAMAGE, OSError) as error:
        # A fault of the disk has a number of its own; the unpackers' own OSErrors have none.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise damaged(archive, error) from error
    except NotImplementedError as error:
        raise UsageError(
            f"{archive}: is packed in a way that cannot be read here ({error}). Unpack it with "
            "another program and name the folder."
        ) from error
    except RuntimeError as error:
        raise UsageError(
            f"{archive}: is locked with a password. Unpack it and name the folder."
        ) from error
    return skipped


def damaged(archive: Path, error: Exception) -> UsageError:
    """Return the error for an archive of a class that cannot be unpacked."""
    return UsageError(
        f"{archive}: expected a whole archive, found a damaged one ({error}). Download it again."
    )


def _target(root: Path, member: _Member) -> Path | None:
    """Return where a member goes, its folder made; None where it must not or cannot go there."""
    if not (member.plain or member.folder) or is_outside(member.name):
        return None
    target = root.joinpath(*(_fitting(part) for part in PurePosixPath(member.name).parts))
    if len(os.fsencode(target)) > _LONGEST_PATH:
        return None
    try:
        (target if member.folder else target.parent).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return None
    if not member.folder and target.exists():
        return None
    return target


def _fitting(part: str) -> str:
    """Return a name that the file system takes: 255 bytes are the most, a title can have more."""
    encoded = os.fsencode(part)
    if len(encoded) <= _LONGEST_NAME:
        return part
    ending = PurePosixPath(part).suffix[:10].encode("utf-8", "replace")
    mark = b"~" + hashlib.sha256(encoded).hexdigest()[:8].encode() + ending
    return (encoded[: _LONGEST_NAME - len(mark)] + mark).decode("utf-8", "ignore")


def _copied(source: IO[bytes], file: IO[bytes], room: int, archive: Path) -> int:
    size = 0
    while block := source.read(_BLOCK):
        size += len(block)
        if size > room:
            raise _too_large(archive)
        file.write(block)
    return size


def _too_large(archive: Path) -> UsageError:
    return UsageError(
        f"{archive}: unpacks to more than {MAX_CLASS_BYTES / 2**30:,.0f} GiB, which is no class. "
        "Name an archive of submissions."
    )


def _members(archive: Path) -> Iterator[_Member]:
    if archive.name.lower().endswith(TAR_ENDINGS):
        yield from _of_tar(archive)
    else:
        yield from _of_zip(archive)


def _of_zip(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MAX_CLASS_BYTES:
            raise _too_large(path)
        for member in members:
            plain = not member.is_dir() and not is_link(member)
            yield _Member(name_of(member), member.is_dir(), plain, partial(archive.open, member))


def _of_tar(path: Path) -> Iterator[_Member]:
    with tarfile.open(path) as archive:
        for member in archive:
            yield _Member(
                member.name, member.isdir(), member.isfile(), partial(_opened, archive, member)
            )


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise tarfile.TarError(f"{member.name} holds nothing")
    return file
