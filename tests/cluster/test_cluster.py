"""The workers of a Dask scheduler give what this machine gives, and lose nothing when they die."""

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support import RIGHT, ROOT, TINY, WRONG, write_notebook

from grader.assignment import Assignment, Course
from grader.batch.grading import ClassGrading
from grader.batch.plan import assigned
from grader.batch.publish import publish
from grader.errors import UsageError
from grader.gradebook import Gradebook, open_gradebook
from grader.intake import collect
from grader.pipeline import Settings
from grader.wire import FrameReader

pytest.importorskip("distributed", reason="needs the extra `cluster`")

import cloudpickle
from distributed import Client

from grader.batch.cluster import Patience, check_versions, connected

SETTINGS = Settings(secret="a secret")
SEED = "import torch\ntorch.manual_seed(0)"
# The workers do not have this module: what is asked of them travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
FATAL = f"{RIGHT}\nanswer = 666"


def workers_say(scheduler: str, function) -> dict:
    with Client(scheduler, set_as_default=False) as client:
        return client.run(function)


def left_on(dask_worker) -> tuple[list[str], list[str], list[str]]:
    """Return a worker's plugins for grading, its courses' folders, and its running processes."""
    import psutil

    return (
        [name for name in dask_worker.plugins if name.startswith("torch-grader")],
        [str(path) for path in Path(dask_worker.local_directory).glob("grader-course-*")],
        [str(each) for each in psutil.Process().children(recursive=True)],
    )


@contextlib.contextmanager
def classroom(folder: Path, output: Path, assignment: Assignment):
    """Give a class's grading and its gradebook."""
    output.mkdir(exist_ok=True)
    with contextlib.closing(open_gradebook(output / "gradebook.sqlite")) as book:
        uploads = collect((folder,), output / ".unpacked").uploads
        command = book.begin("grader grade")
        yield ClassGrading(assigned(uploads, assignment, SETTINGS, output, book, command)), book


def graded_there(
    scheduler: str, folder: Path, output: Path, assignment: Assignment, meanwhile=None
):
    """Grade a class on the workers; `meanwhile` is called once, after the first result."""
    with (
        classroom(folder, output, assignment) as (work, book),
        connected(scheduler, assignment, SETTINGS) as cluster,
    ):
        reports = []
        for report in work.run(lambda many: cluster.grade(many, work.extensions)):
            if meanwhile and not reports:
                meanwhile()
            reports.append(report)
        publish(book, assignment, SETTINGS, output)
        return reports, marks(book, assignment)


def marks(book: Gradebook, assignment: Assignment) -> dict[str, int]:
    """Return how many marks each submission has in the gradebook's history."""
    return {
        facts.id: sum(
            entry.marking is not None for entry in book.history(assignment.name, facts.id)
        )
        for facts in book.facts(assignment.name)
    }


def a_class(folder: Path) -> Path:
    """Write one of each kind: right, wrong, zips, folders, refused in every way, copies."""
    folder.mkdir()
    write_notebook(folder / "ann.ipynb", SEED, RIGHT)
    write_notebook(folder / "bob.ipynb", SEED, WRONG)
    write_notebook(folder / "copy of ann.ipynb", SEED, RIGHT)
    (folder / "cid.ipynb").write_bytes(b"%PDF-1.7")
    (folder / "dee.ipynb").write_bytes(b'{"cells": [')
    (folder / "eve.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4, "metadata": {}}))
    notebook = write_notebook(
        folder / "in.ipynb", SEED, f"{RIGHT}\nanswer = len(open('data/x.csv').read())"
    )
    with zipfile.ZipFile(folder / "fay.zip", "w") as archive:
        archive.write(notebook, "hw.ipynb")
        archive.writestr("data/x.csv", "12345678")
    shutil.copytree(folder, folder / "nested" / "gus", ignore=lambda *_: ["nested"])
    for name in ("hal", "ian"):
        (folder / name / "data").mkdir(parents=True)
        shutil.copy(notebook, folder / name / "hw.ipynb")
    (folder / "hal" / "data" / "x.csv").write_text("12345678")
    with (folder / "hal" / "huge.bin").open("wb") as file:
        file.truncate((64 << 20) + 1)
    notebook.unlink()
    return folder


def timeless(path: Path) -> object:
    """Return what a file says but for what differs between two runs: seconds and isolation."""
    if path.name.endswith(".frames.gz"):
        frames = FrameReader(1 << 26).feed(gzip.decompress(path.read_bytes()))
        return [
            ({k: v for k, v in f.document.items() if k != "seconds"}, bytes(f.blob)) for f in frames
        ]
    if path.suffix == ".json":
        report = json.loads(path.read_text())
        if report["execution"]:
            report["execution"] |= {"seconds": 0, "isolation": []}
        return report
    if path.suffix == ".html":
        return re.sub(r"\d+\.\d+ s\b", "", path.read_text())
    return path.read_bytes()


def files(folder: Path) -> dict[str, object]:
    kinds = ("reports", "feedback", "staff", "snapshots", "uploads")
    found = {p for kind in kinds for p in (folder / kind).rglob("*") if p.is_file()}
    found.add(folder / "grades.csv")
    return {path.relative_to(folder).as_posix(): timeless(path) for path in found}


def test_the_result_is_the_same_as_on_this_machine(scheduler, averages, averages_pool, tmp_path):
    folder = a_class(tmp_path / "class")
    with classroom(folder, tmp_path / "here", averages) as (work, book):
        list(work.run(work.local(averages_pool, 1)))
        publish(book, averages, SETTINGS, tmp_path / "here")
        expected = list(book.facts(averages.name))
    graded_there(scheduler, folder, tmp_path / "there", averages)

    here, there = files(tmp_path / "here"), files(tmp_path / "there")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
    statuses = Counter(v["status"] for k, v in here.items() if k.startswith("reports/"))
    assert statuses["graded"] >= 5
    assert statuses["ungradable"] >= 3
    assert statuses["error"] == 0
    with contextlib.closing(open_gradebook(tmp_path / "there" / "gradebook.sqlite")) as book:
        assert list(book.facts(averages.name)) == expected
    assert all(left == ([], [], []) for left in workers_say(scheduler, left_on).values())


def test_a_lost_worker_loses_no_submission_and_doubles_none(scheduler, averages, tmp_path):
    (tmp_path / "class").mkdir()
    for number in range(12):
        write_notebook(tmp_path / "class" / f"s{number:02}.ipynb", f"{RIGHT}\nmine = {number}")
    killed = []

    def meanwhile():
        pid = next(iter(workers_say(scheduler, os.getpid).values()))
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    reports, marked = graded_there(
        scheduler, tmp_path / "class", tmp_path / "out", averages, meanwhile
    )

    assert len(killed) == 1
    assert marked == {f"s{number:02}": 1 for number in range(12)}
    assert {(r.status, r.score) for r in reports} == {("graded", 3.5)}


def test_a_submission_that_kills_its_workers_is_an_error_and_the_others_are_graded(
    scheduler, tmp_path
):
    shutil.copytree(TINY, tmp_path / "course")
    test = tmp_path / "course" / "reference" / "averages" / "tests" / "model.py"
    fatal = "    import os\n    if answer == 666:\n        os._exit(1)\n    if not hasattr"
    test.write_text(test.read_text().replace("    if not hasattr", fatal))
    (tmp_path / "class").mkdir()
    write_notebook(tmp_path / "class" / "a_fatal.ipynb", FATAL)
    for number in range(4):
        write_notebook(tmp_path / "class" / f"s{number}.ipynb", f"{RIGHT}\nmine = {number}")

    reports, marked = graded_there(
        scheduler,
        tmp_path / "class",
        tmp_path / "out",
        Course(tmp_path / "course").assignment("averages"),
    )

    found = {report.submission.id: report for report in reports}
    assert {name: report.status for name, report in found.items()} == {
        "a_fatal": "error", "s0": "graded", "s1": "graded", "s2": "graded", "s3": "graded"
    }  # fmt: skip
    assert "every worker that graded it was lost" in found["a_fatal"].message
    assert set(marked.values()) == {1}


def test_a_changed_assignment_is_graded_as_it_is_now(scheduler, averages, tmp_path):
    (tmp_path / "class").mkdir()
    write_notebook(tmp_path / "class" / "ann.ipynb", RIGHT)
    shutil.copytree(TINY, tmp_path / "course")
    test = tmp_path / "course" / "reference" / "averages" / "tests" / "model.py"
    test.write_text(
        test.read_text().replace("for p in model.parameters()", "for p in [model.bias]")
    )
    changed = Course(tmp_path / "course").assignment("averages")

    (before,), _ = graded_there(scheduler, tmp_path / "class", tmp_path / "out1", averages)
    (now,), _ = graded_there(scheduler, tmp_path / "class", tmp_path / "out2", changed)

    assert (before.score, now.score) == (3.5, 2.5)


def test_ctrl_c_ends_what_runs_on_the_workers_and_leaves_nothing(scheduler, tmp_path):
    (tmp_path / "class").mkdir()
    for number in range(4):
        source = f"mean = {number}\nimport time\ntime.sleep(600)"
        write_notebook(tmp_path / "class" / f"s{number}.ipynb", source)
    command = (
        *(sys.executable, "-m", "grader", "grade", str(tmp_path / "class"), "--course", str(TINY)),
        *("-o", str(tmp_path / "out"), "--scheduler", scheduler),
    )
    with (
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process,
        Client(scheduler, set_as_default=False) as client,
    ):
        while not any(client.processing().values()):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "0 of 4 are graded" in said
        assert not any(client.processing().values())
    assert all(left == ([], [], []) for left in workers_say(scheduler, left_on).values())


def test_an_address_without_a_scheduler_is_a_wrong_command(averages):
    patience = Patience(scheduler=0.5)
    with (
        pytest.raises(UsageError, match=r"expected a Dask scheduler at tcp://127"),
        connected("tcp://127.0.0.1:9", averages, SETTINGS, patience),
    ):
        pass
    with (
        pytest.raises(UsageError, match="expected a Dask scheduler"),
        connected("nonsense://x", averages, SETTINGS, patience),
    ):
        pass


def test_an_address_without_a_port_is_one_sentence(tmp_path):
    write_notebook(tmp_path / "ann.ipynb", RIGHT)
    command = ("grade", tmp_path / "ann.ipynb", "-o", tmp_path / "out", "--scheduler", "here")
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, command), "--course", str(TINY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "expected a Dask scheduler at here" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_scheduler_without_workers_is_a_wrong_command(averages, scheduler_alone):
    with (
        pytest.raises(UsageError, match=r"expected a worker at the scheduler .* `dask worker"),
        connected(scheduler_alone, averages, SETTINGS, Patience(workers=0.5)),
    ):
        pass


def test_a_worker_that_cannot_grade_says_why(scheduler, averages):
    with (
        pytest.raises(UsageError, match=r"the worker tcp.* cannot grade: --device cuda"),
        connected(scheduler, averages, replace(SETTINGS, device="cuda")),
    ):
        pass


@pytest.mark.parametrize(
    ("package", "version", "words"),
    [
        ("torch", "1.0", "expected torch 2.5.1, as it is here, found 1.0"),
        ("torch-grader", None, "expected torch-grader 0.1.0, as it is here, found none"),
        ("python", "3.9.1.final.0", "expected Python 3.11, as it is here, found 3.9"),
    ],
)
def test_a_worker_with_another_version_is_named(package, version, words):
    own = {"python": "3.11.4.final.0", "torch": "2.5.1+cu124", "torch-grader": "0.1.0"}
    near = {**own, "python": "3.11.9.final.0", "torch": "2.5.1+cpu"}
    check_versions({"packages": own}, {"tcp://a:1": {"packages": near}})
    with pytest.raises(UsageError, match=words):
        check_versions({"packages": own}, {"tcp://a:1": {"packages": {**near, package: version}}})
