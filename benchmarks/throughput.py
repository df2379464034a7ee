"""Throughput: one cold `grader grade` against the same notebook in a bare Jupyter kernel.

    python benchmarks/throughput.py [--runs 5]

The two alternate in one run; medians with minimum and maximum, and the ratio. Writes
benchmarks/results.md. CPU seconds are those of the command and everything it has started.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
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
PEERS = {
    "grader grade (isolated, checked)": [sys.executable, "-m", "grader", "grade", str(NOTEBOOK)],
    "nbclient (runs the cells, checks nothing)": [sys.executable, "-c", NBCLIENT, str(NOTEBOOK)],
}


@dataclass(frozen=True)
class Sample:
    wall: float
    cpu: float


def measure(command: list[str]) -> Sample:
    """Run a command once."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=HERE.parent)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall, used)


def row(name: str, values: list[float], base: float) -> str:
    middle = statistics.median(values)
    spread = f"{middle:.1f} [{min(values):.1f}–{max(values):.1f}]"
    return f"| {name} | {spread} | {middle / base:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    samples: dict[str, list[Sample]] = {name: [] for name in PEERS}
    for command in PEERS.values():
        measure(command)  # a warm-up that is not counted
    for _ in range(runs):
        for name, command in PEERS.items():
            samples[name].append(measure(command))
    lines = [
        "# Measured",
        "",
        f"`python benchmarks/throughput.py --runs {runs}` on {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}: the solved convolution notebook, cold; median [min–max].",
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
