"""Cluster: two Dask workers on this machine against the embedded pool with two, alternating.

    python -m benchmarks.cluster [--runs 3] [--copies 40]

Grades distinct copies of the solved tutorial both ways, each time into a new folder, and prints
submissions a second and their ratio: as a whole, and from the first result to the last, which
leaves out what it takes to get warm. The workers are processes of their own with one thread each,
started once and before anything is measured; each command starts its own warm processes.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.throughput import ROOT, copies
from grader.assignment import Course
from grader.batch.cluster import connected
from grader.batch.grading import ClassGrading
from grader.batch.plan import assigned
from grader.gradebook import open_gradebook
from grader.intake import collect
from grader.pipeline import Settings
from grader.sandbox.worker import Pool

WORKERS = 2


@dataclass(frozen=True)
class Rate:
    """Submissions a second: of a whole command, and between its first and its last result."""

    whole: float
    warm: float


Graders = Callable[[ClassGrading], "contextlib.AbstractContextManager[Iterator[object]]"]


@contextlib.contextmanager
def here(work: ClassGrading) -> Iterator[Iterator[object]]:
    with Pool(work.assignment, "cpu", warm=True) as pool:
        pool.start(WORKERS)
        yield work.run(work.local(pool, WORKERS))


def there(address: str) -> Graders:
    @contextlib.contextmanager
    def grade(work: ClassGrading) -> Iterator[Iterator[object]]:
        with connected(address, work.assignment, Settings()) as cluster:
            yield work.run(lambda many: cluster.grade(many, work.extensions))

    return grade


def rate(folder: Path, count: int, way: Graders) -> Rate:
    """Grade the folder once; the clock starts once the uploads are read."""
    assignment = Course(ROOT).assignment("convolution")
    with (
        tempfile.TemporaryDirectory() as output,
        contextlib.closing(open_gradebook(Path(output) / "gradebook.sqlite")) as book,
    ):
        uploads = collect((folder,), Path(output) / ".unpacked").uploads
        command = book.begin("benchmark")
        work = ClassGrading(assigned(uploads, assignment, Settings(), Path(output), book, command))
        began = time.perf_counter()
        with way(work) as reports:
            at = [time.perf_counter() for _ in reports]
        ended = time.perf_counter()
    if len(at) != count:
        raise SystemExit(f"expected {count} results, found {len(at)}")
    return Rate(count / (ended - began), (count - 1) / (at[-1] - at[0]))


@contextlib.contextmanager
def workers() -> Iterator[str]:
    """Give the address of a scheduler with workers of one thread each."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory())
        said = Path(place) / "scheduler.json"

        def start(*line: str) -> None:
            command = [sys.executable, "-m", *line, "--no-dashboard"]
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start(
            *("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--scheduler-file", str(said)),
        )
        while not said.is_file() or not said.read_text():
            time.sleep(0.1)
        address = str(json.loads(said.read_text())["address"])
        start(
            *("distributed.cli.dask_worker", address, "--local-directory", place),
            *("--nthreads", "1", "--nworkers", str(WORKERS)),
        )
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=60)
        yield address


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--copies", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, workers() as address:
        copies(Path(folder), asked.copies)
        ways: dict[str, Graders] = {"embedded, -j 2": here, "2 Dask workers": there(address)}
        found: dict[str, list[Rate]] = {name: [] for name in ways}
        for number in range(asked.runs + 1):
            for name, way in ways.items():
                once = rate(Path(folder), asked.copies, way)
                print(f"round {number}: {name}: {once}", file=sys.stderr, flush=True)
                if number:  # the first round warms the machine and is not counted
                    found[name].append(once)
    print(f"submissions a second, median of {asked.runs}, {asked.copies} copies")
    for unit, words in (("whole", "as a whole"), ("warm", "first result to last")):
        middle = {
            name: statistics.median(getattr(each, unit) for each in rates)
            for name, rates in found.items()
        }
        base, other = middle.values()
        figures = ", ".join(f"{name} {value:.2f}" for name, value in middle.items())
        print(f"{words}: {figures}, ratio {other / base:.2f}")


if __name__ == "__main__":
    main()
