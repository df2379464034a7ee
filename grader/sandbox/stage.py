"""Stage: the directory that a warm process and its children live in; nothing of the course."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import grader
from grader.runtime import FILES

_PACKAGE = Path(grader.__file__).parent
_PREFIX = "grader-stage-"
_LOCK = "grader.lock"


@dataclass(frozen=True)
class Stage:
    """`lib` holds the runtime; `work` and `home` are a notebook's; `root` is where A1 mounts."""

    place: Path
    lock: IO[bytes] = field(repr=False)

    @property
    def library(self) -> Path:
        return self.place / "lib"

    @property
    def work(self) -> Path:
        return self.place / "work"

    @property
    def home(self) -> Path:
        return self.place / "home"

    def clear(self, companions: Mapping[str, bytes]) -> None:
        """Make `work` and `home` anew, with a submission's companion files in `work`."""
        for folder in (self.work, self.home):
            shutil.rmtree(folder, ignore_errors=True)
        self.work.mkdir()
        (self.home / "tmp").mkdir(parents=True)
        for name, content in companions.items():
            # A name that this file system does not take is no reason to refuse the notebook.
            with contextlib.suppress(OSError):
                path = self.work / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.lock.close()


def make() -> Stage:
    """Return a new stage with a copy of the runtime, locked for as long as this process lives."""
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = (place / _LOCK).open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    stage = Stage(place, lock)
    for name in FILES:
        target = stage.library / "grader" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_PACKAGE / name, target)
    (stage.place / "root").mkdir()
    # Nobody's process has to pass through it on its way to the library.
    stage.place.chmod(0o755)
    stage.clear({})
    return stage


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """Give a folder that goes at the end, or, should we be killed, with the next grader."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX) as place,
        (Path(place) / _LOCK).open("wb") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(place)


def sweep() -> None:
    """Remove the stages of graders that were killed: those whose lock nobody holds any more."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), path.open("ab") as lock:
            if path.parent.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)


def environment(stage: Stage, device: str) -> dict[str, str]:
    """Return the warm process's whole environment: nothing of the grader's own reaches it."""
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    )
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(stage.home),
        "TMPDIR": str(stage.home / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONIOENCODING": "utf-8:replace",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(_font_cache()),
        **threads,
    }
    if device == "cpu":
        env["CUDA_VISIBLE_DEVICES"] = ""
    else:
        names = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "NVIDIA_VISIBLE_DEVICES")
        env |= {name: os.environ[name] for name in names if name in os.environ}
    return env


def python(stage: Stage, module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the staged runtime, and names nothing else."""
    start = (
        "import sys, runpy; "
        f"sys.path.insert(0, {str(stage.library)!r}); "
        f"sys.argv = {[module, *arguments]!r}; "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-I", "-c", start]


def _font_cache() -> Path:
    """Return a folder with matplotlib's font list, which takes seconds to make; made once."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "torch-grader" / "matplotlib"
    if not list(folder.glob("fontlist-*.json")):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                [sys.executable, "-c", "import matplotlib.font_manager"],
                env={**os.environ, "MPLCONFIGDIR": str(folder)},
                capture_output=True,
                timeout=120,
                check=False,
            )
    return folder
