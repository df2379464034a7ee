"""Each tier that this machine allows confines, and what one notebook did the next does not see."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import TINY, write_notebook

from grader.assignment import Assignment
from grader.intake import Upload
from grader.pipeline import Settings, grade
from grader.sandbox import isolation, stage
from grader.sandbox.isolation import Isolation
from grader.sandbox.worker import Pool

SECRET = TINY / "reference" / "averages" / "solution.py"
LOOK = f"""
import ctypes, os, socket, subprocess, threading
mean, found = 1, []
def attempt(name, action):
    try:
        action()
    except OSError:
        return
    found.append(name)
attempt("hidden file", lambda: open({str(SECRET)!r}).read())
attempt("shadow", lambda: open("/etc/shadow").read())
attempt("write /usr", lambda: open("/usr/grader-was-here", "w"))
attempt("write python", lambda: open(os.__file__, "a"))
attempt("fork", os.fork)
attempt("command", lambda: subprocess.run(["true"]))
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", 9), timeout=1))
udp = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
attempt("udp", udp)
attempt("signal parent", lambda: os.kill(os.getppid(), 0) if os.getppid() else os.stat("/nowhere"))
attempt("environ of parent", lambda: open(f"/proc/{{os.getppid() or 2}}/environ").read())
open("mine.txt", "w").write("1")
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
assert not found, found
"""


def tiers() -> list[Isolation]:
    """Return every tier that works here but `none`."""
    found = [isolation.available(), isolation.without_namespaces()]
    place = stage.make()
    try:
        user = isolation._try(place, "A1", isolation._user_namespace())
    finally:
        place.remove()
    found += [user] if user else []
    return list({(each.tier, each.prefix): each for each in found if each.tier != "none"}.values())


TIERS = tiers()


@pytest.fixture(params=TIERS, ids=lambda each: each.tier + ("-user" if each.prefix else ""))
def pool(request, averages: Assignment, monkeypatch):
    monkeypatch.setattr(isolation, "for_device", lambda device: request.param)
    with Pool(averages, "cpu", warm=False) as made:
        yield made


@pytest.mark.skipif(not TIERS, reason="this machine allows no isolation")
def test_nothing_outside_is_in_reach(pool, averages, tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", LOOK)
    again = write_notebook(
        tmp_path / "b.ipynb", LOOK, "import os\nassert os.listdir('.') == ['mine.txt']"
    )
    for each in (path, again):
        report = grade(Upload("a", each), averages, Settings(), pool).report
        assert report.execution is not None, report.message
        assert [cell.error for cell in report.execution.cells if cell.error] == []


def test_a_warm_process_that_dies_is_replaced(averages, tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "def mean(values):\n    return values.mean()")
    with Pool(averages, "cpu", warm=False) as pool:
        for _ in range(2):
            report = grade(Upload("a", path), averages, Settings(), pool).report
            assert report.status == "graded", report.message
            with pool.lend() as worker:
                worker._process.kill()
                worker._process.wait()


def test_without_isolation_it_has_to_be_asked_for(averages, tmp_path, monkeypatch):
    monkeypatch.setattr(isolation, "for_device", lambda device: Isolation("none", ()))
    path = write_notebook(tmp_path / "a.ipynb", "def mean(values):\n    return values.mean()")
    refused = grade(Upload("a", path), averages, Settings()).report
    assert refused.status == "error"
    assert "--allow-unsandboxed" in str(refused.message)
    allowed = grade(Upload("a", path), averages, Settings(unsandboxed=True)).report
    assert allowed.score == 2
    assert allowed.execution is not None
    assert allowed.execution.isolation == ("tier none",)


def test_nothing_is_left_of_a_pool(averages, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    descriptors = len(os.listdir("/proc/self/fd"))
    mounts = Path("/proc/self/mounts").read_text()
    path = write_notebook(tmp_path / "a.ipynb", "mean = 1\nopen('x', 'w').write('1')")
    with Pool(averages, "cpu", warm=False) as pool:
        for _ in range(3):
            grade(Upload("a", path), averages, Settings(), pool)
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 1
    assert Path("/proc/self/mounts").read_text() == mounts
    assert [p.name for p in tmp_path.iterdir()] == ["a.ipynb"]


def test_a_killed_grader_leaves_no_process(tmp_path):
    from test_cli import descendants

    path = write_notebook(tmp_path / "a.ipynb", "mean = 1\nwhile True: pass")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", str(path), "--course", str(TINY)],
        stdout=subprocess.DEVNULL,
    )
    started: list[int] = []
    while len(started) < 2 and process.poll() is None:
        started = descendants(process.pid)
    process.kill()
    process.wait()
    for _ in range(100):
        if not [pid for pid in started if Path(f"/proc/{pid}").exists()]:
            break
        time.sleep(0.1)
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []


def test_what_a_killed_grader_left_behind_is_swept_by_the_next(averages, tmp_path, monkeypatch):
    path = write_notebook(tmp_path / "a.ipynb", "mean = 1\nwhile True: pass")
    place = tmp_path / "tmp"
    place.mkdir()
    (place / "grader-stage-mine").mkdir()  # no grader's: it has no lock
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", str(path), "--course", str(TINY)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(place)},
    )
    monkeypatch.setattr("tempfile.tempdir", str(place))
    while not list(place.glob("*/grader.lock")) and process.poll() is None:
        time.sleep(0.05)
    with Pool(averages, "cpu", warm=False):
        assert list(place.glob("*/grader.lock")), "it was taken from a grader that is alive"
    process.kill()
    process.wait()
    assert list(place.glob("*/grader.lock"))
    with Pool(averages, "cpu", warm=False):
        assert [each.name for each in place.iterdir()] == ["grader-stage-mine"]


def test_a_cell_can_be_stopped_where_the_grader_ignores_interrupts(tmp_path):
    """As in the background of a script: a shell starts such commands with SIGINT ignored."""
    course = tmp_path / "course"
    shutil.copytree(TINY, course)
    settings = course / "assignments" / "averages" / "assignment.toml"
    settings.write_text(settings.read_text().replace("cell_seconds = 20", "cell_seconds = 1"))
    path = write_notebook(
        tmp_path / "a.ipynb", "while True: pass", "def mean(values):\n    return values.mean()"
    )
    done = subprocess.run(
        [sys.executable, "-m", "grader", "grade", str(path), "--course", str(course)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert done.stdout.startswith("2 of 3.5 points"), done.stdout + done.stderr
