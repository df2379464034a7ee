"""Soak: thousands of submissions, one in ten hostile, through one grader; what is left afterwards.

    python -m benchmarks.soak [--submissions 2000] [--workers 2]

Grades them in this process with the tiny course (a notebook takes milliseconds there) and prints,
before, during and after: processes, descriptors, mounts, namespaces, temporary files, memory. Fails
where a submission was not graded, where an honest one did not earn what it deserves, or where
anything is left.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat

from benchmarks import measure
from grader.assignment import Assignment, Course
from grader.intake import Upload
from grader.pipeline import Settings, grade_all
from grader.sandbox.worker import Pool

TINY = Path(__file__).resolve().parent.parent / "tests" / "courses" / "tiny"
HONEST = ("import torch\ndef mean(values):\n    return values.mean()", 2.0)
HOSTILE = {
    "endless": "while True: pass",
    "deaf": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "exit": "import os; os._exit(0)",
    "crash": "import ctypes; ctypes.string_at(0)",
    "kill all": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "fork bomb": "import os\nwhile True: os.fork()",
    "threads": "from threading import Thread\nimport time\n"
    "while True: Thread(target=time.sleep, args=(9,)).start()",
    "memory": "a = [bytes(1 << 30) for _ in range(64)]",
    "disk": "for i in range(999): open(f'/tmp/{i}', 'wb').write(bytes(50_000_000))",
    "inodes": "for i in range(10**6): open(f'/tmp/{i}', 'w').close()",
    "output": "while True: print('x' * 10**6)",
    "closed pipe": "import os; os.closerange(3, 99)",
    "garbage": "import os; os.write(3, b'garbage' * 99)",
    "patched": "import torch, builtins, json\ntorch.clone = json.dumps = builtins.len = None",
    "lingering": "from threading import Thread\n"
    "Thread(target=lambda: [0 for _ in iter(int, 1)]).start()",
}  # fmt: skip


def limited(assignment: Assignment) -> Assignment:
    """Return the assignment with limits of a second, so that a soak ends."""
    limits = assignment.limits.model_copy(
        update={"cell_seconds": 1, "total_seconds": 5, "probe_seconds": 1, "output_bytes": 1 << 20}
    )
    settings = assignment.settings.model_copy(update={"limits": limits})
    return Assignment(assignment.name, settings, assignment.public, assignment.hidden)


def uploads(folder: Path, count: int) -> list[Upload]:
    """Write `count` notebooks, one in ten hostile, and return them in a mixed order."""
    found = []
    hostile = list(HOSTILE.items())
    for number in range(count):
        name, cells = f"honest-{number}", [HONEST[0]]
        if number % 10 == 0:
            kind, attack = hostile[number // 10 % len(hostile)]
            name, cells = f"{kind}-{number}", [*cells, 'check("mean")', attack]
        cells.append(f"# {number}")
        node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        path = folder / f"{number}.ipynb"
        nbformat.write(node, path)
        found.append(Upload(name, path))
    random.Random(1).shuffle(found)
    return found


def state(temporary: Path) -> dict[str, int]:
    """Return what could leak, counted."""
    namespaces = set()
    for pid in [each for each in os.listdir("/proc") if each.isdigit()]:
        for kind in ("mnt", "pid", "net", "ipc", "uts", "user"):
            try:
                namespaces.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
            except OSError:
                continue
    return {
        "processes": len(measure.tree(os.getpid())) - 1,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "mounts": len(Path("/proc/self/mounts").read_text().splitlines()),
        "namespaces": len(namespaces),
        "temporary entries": len(list(temporary.iterdir())),
        "memory (MB)": measure.memory(os.getpid()) // 1_000_000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    assignment = limited(Course(TINY).assignment("averages"))
    base = Path(tempfile.mkdtemp(prefix="soak-"))
    temporary = base / "tmp"
    temporary.mkdir()
    tempfile.tempdir = str(temporary)
    handed_in = uploads(base, asked.submissions)
    faults: list[str] = []
    statuses: Counter[str] = Counter()
    before = state(temporary)
    print(f"{asked.submissions} submissions, {asked.workers} workers, {measure.machine()}")
    print("before:", before)
    began = time.perf_counter()
    with Pool(assignment, "cpu", warm=True) as pool:
        pool.start(asked.workers)
        graded = grade_all(handed_in, assignment, Settings(), pool, asked.workers)
        for done, each in enumerate(graded, start=1):
            report = each.report
            kind = report.submission.id.rsplit("-", 1)[0]
            ending = report.execution.status if report.execution else report.status
            statuses[f"{kind}: {ending}"] += 1
            if report.status != "graded" or report.score != HONEST[1]:
                faults.append(
                    f"{report.submission.id}: {report.status} {report.score} {report.message}"
                )
            if done in (50, 100) or done % 500 == 0:
                print(f"after {done}:", state(temporary))
    seconds = time.perf_counter() - began
    after = state(temporary)
    print("at the end:", after)
    leaks = {
        name: (before[name], after[name])
        for name in before
        if name != "memory (MB)" and after[name] > before[name]
    }
    for status, count in sorted(statuses.items()):
        print(f"{count:6} {status}")
    print(f"{seconds:.0f} s; {len(faults)} faults; leaks: {leaks or 'none'}")
    for fault in faults[:20]:
        print("  ", fault)
    shutil.rmtree(base)
    sys.exit(1 if faults or leaks else 0)


if __name__ == "__main__":
    main()
