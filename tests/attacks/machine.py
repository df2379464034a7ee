"""Machine: what an attack could have left behind, as the trusted side sees it."""

import ctypes
import hashlib
import os
import site
import tempfile
from pathlib import Path

# Of this process alone: others may run the same attacks on this machine at the same time.
MARK = f"attack-mark-{os.getpid()}"
SYSV_KEY = 0x41000000 + os.getpid()


def state(course: Path, stages: list[Path]) -> dict[str, object]:
    """Return processes, mounts, marks and the files that no notebook may touch.

    `stages` are the warm processes' folders. What a notebook wrote into its own working directory
    and home stays there until the next one begins, so those two are left out.
    """
    mounts = Path("/proc/self/mounts").read_text()
    library = [path / name for path in stages for name in ("lib", "root")]
    return {
        "processes": sorted(descendants(os.getpid())),
        "mounts": [line for line in mounts.splitlines() if tempfile.gettempdir() in line],
        "marks": sorted(_marks()),
        "course": digest([course]),
        "library": digest(library),
        "stages": [sorted(os.listdir(path)) for path in stages],
        "temporary": sorted(os.listdir(tempfile.gettempdir())),
    }


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def digest(folders: list[Path]) -> str:
    """Return a digest of all names, modes, times and contents below `folders`."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            # The trusted side compiles the reference; students cannot reach there.
            if "__pycache__" in path.parts:
                continue
            about = path.lstat()
            times = about.st_mtime_ns if path.is_file() else 0
            total.update(repr((str(path), about.st_mode, about.st_uid, times)).encode())
            if path.is_file() and about.st_mode & 0o400:
                total.update(path.read_bytes())
    return total.hexdigest()


def remove_marks() -> None:
    """Remove what an attack did leave behind, so that it is held against that attack alone."""
    libc = ctypes.CDLL(None)
    for get, end, more in (
        ("shmget", "shmctl", (0, 0)),
        ("msgget", "msgctl", (0,)),
        ("semget", "semctl", (0, 0)),
    ):
        number = getattr(libc, get)(SYSV_KEY, *more)
        if number >= 0:
            getattr(libc, end)(number, *([0] if get == "semget" else []), 0, 0)
    libc.mq_unlink(f"/{MARK}".encode())
    for path in _marks():
        Path(path).unlink(missing_ok=True)


def _marks() -> list[str]:
    places = {
        *("/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/usr", "/usr/local/lib", "/run", "/etc"),
        *(tempfile.gettempdir(), str(Path.home()), os.getcwd(), *site.getsitepackages()),
        *(str(Path(os.__file__).parent), str(Path(site.getsitepackages()[0]) / "torch")),
    }
    found = []
    for place in places:
        if os.path.isdir(place) and os.access(place, os.R_OK):
            found += [f"{place}/{name}" for name in os.listdir(place) if name.startswith(MARK)]
    for kind in ("shm", "msg", "sem"):
        keys = [line.split()[:1] for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()]
        found += [f"SysV {kind}"] if [str(SYSV_KEY)] in keys else []
    queue = ctypes.CDLL(None).mq_open(f"/{MARK}".encode(), os.O_RDONLY)
    if queue >= 0:
        os.close(queue)
        found.append("POSIX queue")
    return found
