"""Regrade: how long a preview of 1,000 kept snapshots of the convolution course takes.

    .venv/bin/python benchmarks/regrade.py

Every notebook in tests/submissions is graded once. The class is made of copies with fingerprints
of their own, so that nothing is judged once for several; then `grader regrade` is timed after a
change of one test file, of q3, and after one of the reference, which every question may depend on.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from grader.assignment import Course
from grader.batch.names import snapshot_name, upload_name
from grader.gradebook import Marking, Run, open_gradebook, settings_digest
from grader.settings import Settings, inputs_digest

ROOT = Path(__file__).parent.parent
COPIES = 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for part in ("assignments", "reference"):
            shutil.copytree(ROOT / part, home / part)
        _grader("grade", ROOT / "tests" / "submissions", "-o", home / "out", "--course", home)
        _multiply(home)
        tests = home / "reference" / "convolution" / "tests" / "q3_activations.py"
        for what, path in (
            ("one test file", tests),
            ("reference", tests.parent.parent / "layer.py"),
        ):
            with path.open("a") as file:
                file.write("\n# changed\n")
            start = time.perf_counter()
            _grader("regrade", home / "out", "--course", home)
            seconds = time.perf_counter() - start
            print(f"{COPIES} snapshots, {what} changed: {seconds:.1f} s")


def _multiply(home: Path) -> None:
    """Add copies of what was graded until there are as many as are asked for."""
    assignment = Course(home).assignment("convolution")
    out = home / "out"
    book = open_gradebook(out / "gradebook.sqlite")
    command = book.begin("benchmark")
    version = book.version(command, assignment)
    inputs = inputs_digest(assignment, Settings())
    digest = settings_digest(version.digest, inputs, "cpu")
    models = [each for each in book.current("convolution") if each[1].status == "graded"]
    copies = []
    for number in range(COPIES - len(models)):
        facts, report = models[number % len(models)]
        own = replace(
            facts,
            id=f"copy{number}",
            fingerprint=sha256(f"{number}".encode()).hexdigest(),
        )
        for old, new in (
            (snapshot_name(facts.id), snapshot_name(own.id)),
            (upload_name(facts.fingerprint), upload_name(own.fingerprint)),
        ):
            shutil.copyfile(out / old, out / new)
        record = report.submission.model_copy(update={"id": own.id})
        made = report.model_copy(update={"submission": record})
        copies.append(Marking(own, made, Run(inputs, "cpu", "ok", 1.0)))
    book.add_marks(command, version, digest, copies)
    book.close()


def _grader(*arguments: object) -> None:
    line = [sys.executable, "-m", "grader", *map(str, arguments), "-a", "convolution", "-j", "2"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise SystemExit(done.stderr)


if __name__ == "__main__":
    main()
