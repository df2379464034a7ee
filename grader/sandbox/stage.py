"""Stage: the directory that a child process lives in, with nothing of the course in it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import grader
from grader.runtime import FILES

_PACKAGE = Path(grader.__file__).parent


@dataclass(frozen=True)
class Stage:
    """`library` holds the runtime, `work` is the child's directory; all of `root` is removed."""

    root: Path
    library: Path
    work: Path
    home: Path


@contextlib.contextmanager
def staged(companions: Mapping[str, bytes]) -> Iterator[Stage]:
    """Make a stage whose working directory holds the submission's companion files."""
    root = Path(tempfile.mkdtemp(prefix="grader-"))
    try:
        stage = Stage(root, root / "lib", root / "work", root / "home")
        for name in FILES:
            target = stage.library / "grader" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_PACKAGE / name, target)
        stage.work.mkdir()
        (stage.home / "tmp").mkdir(parents=True)
        for name, content in companions.items():
            # A name that this file system does not take is no reason to refuse the notebook.
            with contextlib.suppress(OSError):
                path = stage.work / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        _copy_font_cache(stage.home / "matplotlib")
        yield stage
    finally:
        shutil.rmtree(root, ignore_errors=True)


def environment(stage: Stage, device: str) -> dict[str, str]:
    """Return the child's whole environment: nothing of the grader's own reaches it."""
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
        "MPLCONFIGDIR": str(stage.home / "matplotlib"),
        **threads,
    }
    if device == "cpu":
        env["CUDA_VISIBLE_DEVICES"] = ""
    else:
        names = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "NVIDIA_VISIBLE_DEVICES")
        env |= {name: os.environ[name] for name in names if name in os.environ}
    return env


def command(stage: Stage, results: int) -> list[str]:
    """Return the child's command line; it names the staged runtime and nothing else."""
    start = (
        "import sys, runpy; "
        f"sys.path.insert(0, {str(stage.library)!r}); "
        f"sys.argv = ['grader.runtime', '--results', '{results}']; "
        "runpy.run_module('grader.runtime', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-I", "-c", start]


def _copy_font_cache(target: Path) -> None:
    """Give the child matplotlib's list of fonts, which takes a second to make anew."""
    target.mkdir(parents=True)
    for path in _font_cache().glob("fontlist-*.json"):
        shutil.copyfile(path, target / path.name)


def _font_cache() -> Path:
    """Return a folder with matplotlib's font list, made on first use."""
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
