"""Classroom: a class of a thousand, right, wrong and hostile, into a folder, as a TA grades it.

    python -m benchmarks.classroom [--submissions 1000] [--workers 2] [--into DIR]

Prints submissions an hour, what was lost, the memory of the coordinating process and the disk that
each submission takes beyond its notebook; writes them to benchmarks/classroom.md. Fails where a
submission is missing, was not graded, or where a right one did not earn everything.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from benchmarks import measure
from benchmarks.soak import HOSTILE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SUBMISSIONS = ROOT / "tests" / "submissions"
FULL = 21.0  # points of right_solved: the solution, bonuses included


def fill(folder: Path, count: int) -> None:
    """Write `count` notebooks, no two alike: one in twenty is hostile after some right answers."""
    kinds = sorted(path.parent for path in SUBMISSIONS.glob("*/submission.ipynb"))
    texts = {kind.name: (kind / "submission.ipynb").read_bytes() for kind in kinds}
    attacks = list(HOSTILE.items())
    choose = random.Random(1)
    for number in range(count):
        kind = choose.choice(sorted(texts))
        node = nbformat.reads(texts[kind].decode(), as_version=4)
        node.cells.append(nbformat.v4.new_code_cell(f"# Copy {number}."))
        name = f"{kind}-{number:05}"
        if number % 20 == 7:
            attack, source = attacks[number // 20 % len(attacks)]
            node.cells.append(nbformat.v4.new_code_cell(source))
            name = f"hostile_{attack.replace(' ', '_')}-{number:05}"
        nbformat.write(node, folder / f"{name}.ipynb")


def graded(folder: Path, into: Path, workers: int) -> tuple[float, int]:
    """Grade the folder; return wall seconds and the coordinating process's peak in bytes."""
    command = [sys.executable, "-m", "grader", "grade", str(folder), "-a", "convolution"]
    began = time.perf_counter()
    with subprocess.Popen([*command, "-o", str(into), "-j", str(workers)], cwd=ROOT) as process:
        looking = measure.Looking(process.pid, alone=True)
        looking.start()
        process.wait()
        looking.over.set()
        looking.join()
    if process.returncode not in (0, 1):
        raise SystemExit(f"grade ended with {process.returncode}")
    return time.perf_counter() - began, looking.peak


def faults(folder: Path, into: Path) -> list[str]:
    """Return what is lost or wrong, a sentence each."""
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        report = into / "reports" / f"{path.stem}.json"
        if not report.is_file():
            found.append(f"{path.stem} has no report")
            continue
        data = json.loads(report.read_text())
        if data["status"] != "graded":
            found.append(f"{path.stem} is {data['status']}: {data['message']}")
        elif path.stem.startswith("right_solved") and data["score"] != FULL:
            found.append(f"{path.stem} earned {data['score']}")
    return found


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--into", type=Path, help="Keep what was graded in this folder.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "class"
        folder.mkdir()
        into = asked.into or Path(temporary) / "graded"
        fill(folder, asked.submissions)
        seconds, peak = graded(folder, into, asked.workers)
        wrong = faults(folder, into)
        # The notebook itself is kept in uploads/.
        kept = size(into) - size(into / "uploads")
        shutil.rmtree(folder)
    count = asked.submissions
    lines = [
        "# A class",
        "",
        f"`python -m benchmarks.classroom --submissions {count} --workers {asked.workers}` on "
        f"{measure.machine()}.",
        "",
        "| figure | found | aim |",
        "|---|---|---|",
        f"| submissions an hour, start included | {3600 * count / seconds:,.0f} | 6,000 |",
        f"| seconds in all | {seconds:,.0f} | |",
        f"| lost, not graded, or wrongly marked | {len(wrong)} | 0 |",
        f"| memory of the coordinating process, peak | {peak / 1e6:,.0f} MB | 600 MB |",
        f"| disk a submission beyond the notebook | {kept / count / 1000:,.0f} kB | 300 kB |",
    ]
    text = "\n".join(lines) + "\n"
    (HERE / "classroom.md").write_text(text, encoding="utf-8")
    print(text)
    if wrong:
        raise SystemExit("\n".join(wrong[:20]))


if __name__ == "__main__":
    main()
