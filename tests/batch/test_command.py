"""The command over a class: killed, stopped, out of room, twice at once, and with nothing to do."""

import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from batch.conftest import classroom, command, grader
from intake.archives import zip_at
from support import RIGHT, TINY, WRONG, write_notebook

from grader.batch.folder import alone


def kept(out: Path) -> dict[str, Any]:
    """Return what a folder says of its class, without what differs from run to run."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items() if key != "seconds"}
        return [plain(each) for each in value] if isinstance(value, list) else value

    reports = {
        path.name: plain(json.loads(path.read_text())) for path in (out / "reports").glob("*.json")
    }
    with contextlib.closing(sqlite3.connect(out / "gradebook.sqlite")) as book:
        rows = book.execute(
            "SELECT s.identifier, s.fingerprint, m.settings, m.status, m.score, m.reason, e.status "
            "FROM marks m JOIN submissions s ON s.id = m.submission "
            "LEFT JOIN executions e ON e.id = m.execution ORDER BY s.identifier"
        ).fetchall()
    names = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    # Their bytes differ: the weights of an untrained model are drawn anew in each run.
    snapshots = sorted(p.name for p in (out / "snapshots").iterdir())
    table = (out / "grades.csv").read_bytes()
    partial = [name for name in names if ".partial-" in name]
    return {
        "reports": reports, "rows": rows, "table": table, "names": sorted({*names} - {*partial}),
        "snapshots": snapshots,
    }  # fmt: skip


def started(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal, even where the tests themselves run in the background of a script.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options,
    )


def marks(out: Path) -> int:
    """Return how many marks there are, 0 before there is a gradebook."""
    with contextlib.suppress(sqlite3.Error):
        uri = f"file:{out / 'gradebook.sqlite'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as book:
            return int(book.execute("SELECT count(*) FROM marks").fetchone()[0])
    return 0


def until_marks(process: subprocess.Popen[str], out: Path, count: int) -> None:
    """Wait until that many marks are there, or the command has ended."""
    while process.poll() is None and marks(out) < count:
        time.sleep(0.01)


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_what_one_run_would_give(tmp_path, monkeypatch):
    """kill -9 of the whole command, at random moments of the class."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    folder = classroom(tmp_path / "class", 60)
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    assert grader("grade", folder, "-o", whole, "-j", 2).returncode == 1
    chance, kills = random.Random(), 0
    for _ in range(8):
        process = started("grade", folder, "-o", torn, "-j", 2)
        until_marks(process, torn, marks(torn) + chance.randrange(1, 9))
        time.sleep(chance.random() * 0.05)
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    assert kills == 8
    done = grader("grade", folder, "-o", torn, "-j", 2)
    assert done.returncode == 1, done.stderr
    one, many = kept(whole), kept(torn)
    assert many == one
    with contextlib.closing(sqlite3.connect(torn / "gradebook.sqlite")) as book:
        # A run is kept together with its mark: what was in flight when killed has left no row.
        assert book.execute("SELECT count(*) FROM executions").fetchone()[0] == 53
    assert [p.name for p in temporary.iterdir() if p.name.startswith("grader-")] == []


def test_an_interrupt_says_what_is_kept_and_the_same_command_ends_it(tmp_path):
    folder, out = classroom(tmp_path / "class", 24), tmp_path / "out"
    slow = "mean = 1\nimport time; time.sleep(100)"
    write_notebook(folder / "student_004.ipynb", slow)
    process = started("grade", folder, "-o", out, "-j", 2)
    until_marks(process, out, 5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"grader: stopped. {marks(out)} of 24 are graded and kept in {out}; the same" in stderr
    assert "Traceback" not in stderr
    write_notebook(folder / "student_004.ipynb", RIGHT, "# 4")
    done = grader("grade", folder, "-o", out, "-j", 9)
    assert done.returncode == 1, done.stderr
    assert "24 submissions: 21 graded, 3 ungradable (" in done.stdout
    assert marks(out) == 24


def test_a_folder_is_written_by_one_command_at_a_time(tmp_path):
    notebook = write_notebook(tmp_path / "a.ipynb", RIGHT)
    with alone(tmp_path / "out"):
        done = grader("grade", notebook, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "another grader is writing to" in done.stderr


def test_what_a_killed_command_left_half_written_goes_and_nothing_else(tmp_path):
    """A student may hand in a file of such a name, and DIR may hold files that are not ours."""
    out = tmp_path / "out"
    ours = [out / "reports" / "ann" / ".partial-abc", out / ".partial-def"]
    theirs = [out / ".unpacked" / "a" / ".partial-notes", out / "mine" / ".partial-draft"]
    for path in (*ours, *theirs):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with alone(out):
        pass
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in theirs)


def test_a_damaged_gradebook_is_one_sentence(tmp_path):
    out = tmp_path / "out"
    assert grader("grade", classroom(tmp_path / "class", 4), "-o", out).returncode == 0
    book = out / "gradebook.sqlite"
    with contextlib.closing(sqlite3.connect(book)) as each:
        each.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = each.execute("PRAGMA page_size").fetchone()[0]
        root = each.execute("SELECT rootpage FROM sqlite_master WHERE name = 'marks'").fetchone()[0]
    with book.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    done = subprocess.run(
        [sys.executable, "-m", "grader", "history", str(out), "student_000"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "gradebook.sqlite could not be used" in done.stderr


def test_a_full_disk_is_one_sentence_and_what_was_graded_stays(small_disk, tmp_path):
    disk = small_disk("700k")
    folder, out = classroom(tmp_path / "class", 30), disk / "out"
    done = grader("grade", folder, "-o", out, "-j", 2)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    sentence = done.stderr.strip().splitlines()[-1]
    assert "No space left on device" in sentence or "disk is full" in sentence
    before = marks(out)
    assert 0 < before < 30
    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
    done = grader("grade", folder, "-o", out, "-j", 2)
    assert done.returncode == 1, done.stderr
    assert f"({30 - before} now, {before} before)" in done.stdout
    assert len(kept(out)["rows"]) == 30


def test_nothing_to_do_starts_no_process_and_imports_no_torch(tmp_path):
    notebook, out = write_notebook(tmp_path / "a.ipynb", RIGHT), tmp_path / "out"
    assert grader("grade", notebook, "-o", out).returncode == 0
    line = command("grade", notebook, "-o", out)
    line[1:1] = ["-X", "importtime"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0
    assert done.stdout.startswith("3.5 of 3.5 points")
    imported = {each.rsplit("|", 1)[-1].strip() for each in done.stderr.splitlines()}
    assert "grader.batch.plan" in imported
    assert not {"torch", "otter", "grader.sandbox.worker"} & imported


def test_another_assignment_is_not_graded_into_the_same_folder(tmp_path):
    import shutil

    course = tmp_path / "course"
    shutil.copytree(TINY, course)
    for part in ("assignments", "reference"):
        (course / part / "averages").rename(course / part / "medians")
    notebook, out = write_notebook(tmp_path / "a.ipynb", RIGHT), tmp_path / "out"
    assert grader("grade", notebook, "-o", out).returncode == 0
    line = [*command("grade", notebook, "-o", out)[:-1], str(course)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 2
    assert "holds marks of averages: name another folder with -o for medians" in done.stderr


def test_an_archive_of_canvas_from_end_to_end(tmp_path):
    members = {}
    for number in range(30):
        late = "LATE_" if number % 10 == 0 else ""
        source = RIGHT if number % 3 else WRONG
        path = write_notebook(tmp_path / "one.ipynb", source, f"# {number}")
        members[f"student{chr(97 + number % 26)}{chr(97 + number // 26)}_{late}{900 + number}_"
                f"{7000 + number}_hw.ipynb"] = path.read_bytes()  # fmt: skip
    archive, out = zip_at(tmp_path / "submissions.zip", members), tmp_path / "out"
    roster = tmp_path / "roster.csv"
    known = "".join(f"Student {n},{900 + n},,,1\n" for n in range(1, 32))
    roster.write_text(f"Student,ID,SIS User ID,SIS Login ID,Section\n{known}")
    done = grader("grade", archive, archive, "-o", out, "-j", 2, "--roster", roster)
    assert done.returncode == 0, done.stderr
    assert "30 submissions: 30 graded." in done.stdout
    assert len(done.stdout.splitlines()) <= 24
    assert all(len(line) <= 80 for line in done.stdout.splitlines()[:-1])
    with contextlib.closing(sqlite3.connect(out / "gradebook.sqlite")) as book:
        facts = book.execute("SELECT identity, late FROM submissions").fetchall()
        assert book.execute("SELECT count(*) FROM executions").fetchone()[0] == 30
    assert sum(bool(late) for _, late in facts) == 3
    assert {json.loads(identity)["canvas_id"] for identity, _ in facts} == {
        str(900 + n) for n in range(30)
    }
    listed = (out / "intake.csv").read_text(encoding="utf-8-sig")
    assert listed.count("not on the roster") == 1
    assert listed.count("handed in nothing") == 2
    assert "2 students of the roster handed in nothing" in " ".join(done.stdout.split())
