"""Throughput: `grader grade`, cold and for a folder, against the same notebook in a bare kernel.

    python benchmarks/throughput.py [--runs 5]

They alternate in one run; medians with minimum and maximum, and the ratio. Writes
benchmarks/results.md. CPU seconds are those of the command and everything it has started. The
folder holds 20 copies and is graded by one worker; its figures are divided by 20.
"""

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

HERE = Path(__file__).parent
NOTEBOOK = HERE.parent / "tests" / "submissions" / "right_solved" / "submission.ipynb"
NBCLIENT = (
    "import sys, nbformat; from nbclient import NotebookClient; "
    "NotebookClient(nbformat.read(sys.argv[1], 4), timeout=300, allow_errors=True, "
    "kernel_name='python3').execute()"
)
COPIES = 20
GRADE = [sys.executable, "-m", "grader", "grade"]


@dataclass(frozen=True)
class Peer:
    """A command and how many submissions it gets through."""

    command: list[str]
    submissions: int = 1


def peers(folder: Path) -> dict[str, Peer]:
    """Return what is measured; `folder` is filled with copies of the notebook."""
    for number in range(COPIES):
        shutil.copyfile(NOTEBOOK, folder / f"copy{number:02}.ipynb")
    return {
        "grader grade, one notebook, cold": Peer([*GRADE, str(NOTEBOOK)]),
        "grader grade, a folder, per notebook": Peer([*GRADE, str(folder), "-j", "1"], COPIES),
        "nbclient (runs the cells, checks nothing)": Peer(
            [sys.executable, "-c", NBCLIENT, str(NOTEBOOK)]
        ),
    }


@dataclass(frozen=True)
class Sample:
    wall: float
    cpu: float


def measure(peer: Peer) -> Sample:
    """Run a command once; return what one submission cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(peer.command, check=True, capture_output=True, cwd=HERE.parent)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall / peer.submissions, used / peer.submissions)


def row(name: str, values: list[float], base: float) -> str:
    middle = statistics.median(values)
    spread = f"{middle:.2f} [{min(values):.2f}–{max(values):.2f}]"
    return f"| {name} | {spread} | {middle / base:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    samples: dict[str, list[Sample]] = {}
    with tempfile.TemporaryDirectory() as folder:
        measured = peers(Path(folder))
        for peer in measured.values():
            measure(peer)  # a warm-up that is not counted
        for _ in range(runs):
            for name, peer in measured.items():
                samples.setdefault(name, []).append(measure(peer))
    lines = [
        "# Measured",
        "",
        f"`python benchmarks/throughput.py --runs {runs}` on {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}: the solved convolution notebook; median [min–max].",
    ]
    for unit in ("wall", "cpu"):
        base = statistics.median(getattr(s, unit) for s in next(iter(samples.values())))
        lines += ["", f"| {unit} seconds a submission | | ratio |", "|---|---|---|"]
        lines += [row(n, [getattr(s, unit) for s in found], base) for n, found in samples.items()]
    text = "\n".join(lines) + "\n"
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
