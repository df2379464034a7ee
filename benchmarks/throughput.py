"""Throughput: the solved tutorial through this grader and its peers, alternating, in one run.

    python -m benchmarks.throughput [--runs 3] [--copies 100] [--growth 500]

Prints tables and writes benchmarks/results.md: CPU and wall seconds a submission with ratios, 1 and
2 workers, one cold `grader grade`, memory, what isolation alone costs, and how the grader's memory
grows over many submissions. Needs the extra `benchmark`. The peers get the same cells and equal
tests (peers.py, judge.py); figures of a folder hold everything from start to end, divided by the
number of submissions.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from benchmarks import inside, measure, peers
from benchmarks.measure import Sample

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
GRADE = [sys.executable, "-m", "grader", "grade"]
FOLDER = "this grader, a folder, 1 worker"
FOLDER_2 = "this grader, a folder, 2 workers"
COLD = "this grader, one notebook, cold"
OTTER, NBGRADER, KERNEL = "otter run", "nbgrader autograde", "nbclient: cells only, no checks"
BARE = "bare warm child: cells only, no isolation, no checks"


@dataclass(frozen=True)
class Target:
    """A figure that the project has set itself."""

    what: str
    found: float
    limit: float
    at_least: bool
    form: str

    def row(self) -> str:
        good = self.found >= self.limit if self.at_least else self.found <= self.limit
        sign, verdict = ("≥" if self.at_least else "≤"), ("yes" if good else "**no**")
        found, limit = (self.form.format(value) for value in (self.found, self.limit))
        return f"| {self.what} | {found} | {sign} {limit} | {verdict} |"


def copies(folder: Path, count: int) -> None:
    """Write copies of the solved notebook, each with a line of its own."""
    node = nbformat.read(peers.SOLVED, as_version=4)
    for number in range(count):
        node.cells[0].source += f"\n\nCopy {number}."
        nbformat.write(node, folder / f"copy{number:04}.ipynb")


def bare() -> Sample:
    """Run the bare warm child; what its process needs to get warm is not counted."""
    command = [sys.executable, "-m", "benchmarks.bare", str(peers.SOLVED), "10"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found = json.loads(done.stdout)
    return Sample(found["wall"], found["cpu"], 0)


def contestants(base: Path, count: int) -> dict[str, Callable[[], Sample]]:
    """Return what is measured, each as a function that runs it once."""
    folders = {name: base / name for name in ("folder", "otter", "nbgrader", "kernel")}
    for folder in folders.values():
        folder.mkdir()
    copies(folders["folder"], count)
    folder_command = [*GRADE, str(folders["folder"]), "-a", "convolution"]
    otter = peers.otter(folders["otter"])
    nbgrader = peers.nbgrader(folders["nbgrader"])
    kernel = peers.kernel(folders["kernel"])
    return {
        FOLDER: lambda: measure.run([*folder_command, "-j", "1"], count, ROOT),
        FOLDER_2: lambda: measure.run([*folder_command, "-j", "2"], count, ROOT),
        COLD: lambda: measure.run([*GRADE, str(peers.SOLVED)], 1, ROOT),
        OTTER: lambda: measure.run(otter, 1, folders["otter"]),
        NBGRADER: lambda: measure.run(nbgrader, 1, folders["nbgrader"]),
        KERNEL: lambda: measure.run(kernel, 1, folders["kernel"]),
        BARE: bare,
    }


def table(samples: dict[str, list[Sample]]) -> list[str]:
    base = samples[FOLDER]
    lines = [
        "| a submission | CPU seconds | × | wall seconds | × | memory, all processes |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in samples.items():
        columns = []
        for unit in ("cpu", "wall"):
            values = [getattr(sample, unit) for sample in found]
            reference = statistics.median(getattr(sample, unit) for sample in base)
            columns += [measure.spread(values), f"{statistics.median(values) / reference:.2f}"]
        memory = max(sample.memory for sample in found)
        columns.append(f"{memory / 1e6:,.0f} MB" if memory else "")
        lines.append(f"| {name} | {' | '.join(columns)} |")
    return lines


def middle(samples: dict[str, list[Sample]], name: str, unit: str) -> float:
    return float(statistics.median(getattr(sample, unit) for sample in samples[name]))


def targets(samples: dict[str, list[Sample]], grown: inside.Growth) -> list[Target]:
    isolation = inside.isolation_milliseconds()

    def cpu(name: str) -> float:
        return middle(samples, name, "cpu")

    def wall(name: str) -> float:
        return middle(samples, name, "wall")

    memory = f"memory of the grader, submission 50 to {grown.submissions}"
    return [
        Target("CPU, otter run against a folder", cpu(OTTER) / cpu(FOLDER), 25, True, "{:.1f} ×"),
        Target("CPU, nbgrader against a folder", cpu(NBGRADER) / cpu(FOLDER), 12, True, "{:.1f} ×"),
        Target("CPU, a folder against bare", cpu(FOLDER) / cpu(BARE), 1.2, False, "{:.2f} ×"),
        Target("CPU, each further one, same", grown.cpu_each / cpu(BARE), 1.2, False, "{:.2f} ×"),
        Target("isolation, trivial notebook, wall", isolation, 10, False, "{:.1f} ms"),
        Target("private memory of a child", inside.private_bytes() / 1e6, 60, False, "{:.0f} MB"),
        Target(memory, 100 * grown.memory_growth, 5, False, "{:+.1f} %"),
        Target(
            "cold, otter run = 100, wall", 100 * wall(COLD) / wall(OTTER), 40, False, "{:.0f} %"
        ),
        Target("2 workers against 1, wall", wall(FOLDER) / wall(FOLDER_2), 1.8, True, "{:.2f} ×"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--growth", type=int, default=500)
    asked = parser.parse_args()
    samples: dict[str, list[Sample]] = {}
    with tempfile.TemporaryDirectory() as folder:
        measured = contestants(Path(folder), asked.copies)
        for number in range(asked.runs + 1):
            for name, once in measured.items():
                print(f"round {number}: {name}", file=sys.stderr, flush=True)
                sample = once()
                if number:  # the first round warms the machine and is not counted
                    samples.setdefault(name, []).append(sample)
        scores = (
            peers.otter_score(Path(folder) / "otter"),
            peers.nbgrader_score(Path(folder) / "nbgrader"),
        )
        everything = sum(peers.questions().values())
        if set(scores) != {everything}:
            raise SystemExit(f"the peers gave {scores} points for the solution, not {everything}")
    print("\n".join(table(samples)), file=sys.stderr, flush=True)
    print("growth", file=sys.stderr, flush=True)
    grown = inside.growth(asked.growth)
    lines = [
        "# Measured",
        "",
        f"`make benchmark` (`python -m benchmarks.throughput --runs {asked.runs} "
        f"--copies {asked.copies} --growth {asked.growth}`) on {measure.machine()}.",
        "",
        "The solved convolution notebook; median [min–max]. × is relative to the first row. A "
        f"folder is {asked.copies} copies, from the command's start to its end. otter run and "
        f"nbgrader gave the solution all of its {everything:g} points.",
        "",
        *table(samples),
        "",
        "| figure | found | aim | reached |",
        "|---|---|---|---|",
        *(target.row() for target in targets(samples, grown)),
        "",
        f"Growth, in one process with {grown.workers} workers: " + grown.words(),
    ]
    text = "\n".join(lines) + "\n"
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
