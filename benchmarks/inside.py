"""Inside: figures taken within one process: what isolation costs, memory of a child, growth."""

import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import torch

from benchmarks import measure
from benchmarks.peers import SOLVED
from grader.assignment import Assignment, Course
from grader.intake import Upload
from grader.pipeline import Settings, grade, grade_all
from grader.sandbox import isolation
from grader.sandbox.isolation import Isolation
from grader.sandbox.worker import Pool

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = 40
WAIT = "import time; time.sleep(3)"


@dataclass(frozen=True)
class Growth:
    """How the grader's own process fared over many submissions."""

    submissions: int
    workers: int
    memory: tuple[tuple[int, int], ...]  # submissions done, resident bytes
    cpu_each: float

    @property
    def memory_growth(self) -> float:
        """Largest growth of the resident memory from the 50th submission on, as a fraction."""
        start = next(size for done, size in self.memory if done >= min(50, self.submissions))
        later = [size for done, size in self.memory if done >= 50] or [start]
        return max(later) / start - 1

    def words(self) -> str:
        points = ", ".join(f"{done}: {size / 1e6:.0f} MB" for done, size in self.memory)
        return (
            f"resident memory of the grader after so many submissions: {points}. "
            f"CPU of each further submission, all processes: {self.cpu_each:.2f} s."
        )


def isolation_milliseconds() -> float:
    """Return how much longer a trivial notebook takes with isolation than without: medians."""
    assignment = Course(ROOT / "tests" / "courses" / "tiny").assignment("averages")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trivial.ipynb"
        nbformat.write(
            nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("mean = 1")]), path
        )
        found: dict[str, list[float]] = {"on": [], "off": []}
        pools = {
            "on": Pool(assignment, "cpu", warm=True),
            "off": Pool(assignment, "cpu", warm=True, separated=Isolation("none", ())),
        }
        with pools["on"], pools["off"]:
            for _ in range(SAMPLES):
                for name, pool in pools.items():
                    began = time.perf_counter()
                    report = grade(Upload("a", path), assignment, Settings(), pool).report
                    found[name].append(time.perf_counter() - began)
                    assert report.status == "graded", report.message
    if isolation.available().tier == "none":
        raise SystemExit("this machine has no isolation to measure")
    return 1000 * (statistics.median(found["on"]) - statistics.median(found["off"]))


def private_bytes() -> int:
    """Return how much memory (Private_Dirty) is a child's own at most, running the tutorial."""
    node = nbformat.read(SOLVED, as_version=4)
    node.cells.append(nbformat.v4.new_code_cell(WAIT))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.ipynb"
        nbformat.write(node, path)
        with (
            Pool(_convolution(), "cpu", warm=True) as pool,
            ThreadPoolExecutor(max_workers=1) as thread,
        ):
            pool.start(1)
            done = thread.submit(grade, Upload("a", path), _convolution(), Settings(), pool)
            largest = 0
            while not done.done():
                # The last of the tree is the child, once there is one; before, the warm process.
                *_, warm, last = (0, *measure.tree(os.getpid()))
                if warm != os.getpid():
                    largest = max(largest, measure.memory(last, "Private_Dirty"))
                time.sleep(0.1)
    return largest


def growth(submissions: int, workers: int = 2) -> Growth:
    """Grade copies of the tutorial in this process; return its memory along the way."""
    torch.set_num_threads(1)
    assignment = _convolution()
    node = nbformat.read(SOLVED, as_version=4)
    points: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        uploads = []
        for number in range(submissions):
            node.cells[0].source = f"Copy {number}."
            uploads.append(Upload(f"{number}", Path(folder) / f"{number}.ipynb"))
            nbformat.write(node, uploads[-1].path)
        with Pool(assignment, "cpu", warm=True) as pool:
            pool.start(workers)
            began = 0.0
            all_graded = grade_all(uploads, assignment, Settings(), pool, workers)
            for done, graded in enumerate(all_graded, start=1):
                assert graded.report.status == "graded", graded.report.message
                if done == 10:
                    began = _cpu()
                if done in (10, 50) or done % 100 == 0:
                    points.append((done, _resident()))
            each = (_cpu() - began) / max(1, submissions - 10)
    return Growth(submissions, workers, tuple(points), each)


def _convolution() -> Assignment:
    return Course(ROOT).assignment("convolution")


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpu() -> float:
    """Return the CPU seconds of this process and of all that it has started and that still run.

    Children that have ended are in the figures of the warm process that waited for them.
    """
    total = 0.0
    for pid in measure.tree(os.getpid()):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
    return total
