"""`grader regrade`: what a changed assignment does to a class; shown first, written when accepted."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from making import report
from support import RIGHT, TINY, WRONG, write_notebook

from grader.cli import main
from grader.feedback.difference import Differences
from grader.gradebook import open_gradebook

HIDDEN = Path("reference", "averages")
PUBLIC = Path("assignments", "averages")
CLASS = {
    "ann": RIGHT,
    "bob": WRONG,
    "cy": RIGHT,  # identical to ann's
    "dee": RIGHT.replace("answer = 8", "answer = 6"),
}


def grader(*arguments: object):
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return a folder with a course, and a class of it that was graded."""
    home = tmp_path_factory.mktemp("class")
    shutil.copytree(TINY, home / "course")
    (home / "hw").mkdir()
    for name, source in CLASS.items():
        write_notebook(home / "hw" / f"{name}.ipynb", source)
    done = grader("grade", home / "hw", "-o", home / "out", "--course", home / "course", "-j", 1)
    assert done.exit_code == 0, done.output
    return home


@pytest.fixture
def home(graded, tmp_path):
    """Return a copy of it, for one test to change."""
    shutil.copytree(graded, tmp_path / "home")
    return tmp_path / "home"


def regrade(home: Path, *more: str):
    return grader("regrade", home / "out", "--course", home / "course", "-j", 1, *more)


def change(home: Path, path: Path, old: str, new: str) -> None:
    text = (home / "course" / path).read_text()
    assert old in text
    (home / "course" / path).write_text(text.replace(old, new))


def everything(home: Path) -> dict[str, bytes]:
    """Return every byte of the folder; of the database its rows, as its journal may come and go."""
    files = {
        str(path.relative_to(home)): path.read_bytes()
        for path in (home / "out").rglob("*")
        if path.is_file() and not path.name.startswith("gradebook.sqlite")
    }
    return files | {"rows": repr(rows(home)).encode()}


def rows(home: Path) -> list[str]:
    import sqlite3

    with sqlite3.connect(home / "out" / "gradebook.sqlite") as book:
        return list(book.iterdump())


def scores(home: Path) -> dict[str, float]:
    book = open_gradebook(home / "out" / "gradebook.sqlite")
    found = {each.submission: each.score for each in book.standings("averages")}
    book.close()
    return found


def agrees(home: Path) -> dict[str, float]:
    """Return the marks, where gradebook, reports, pages, table and history say the same."""
    found = scores(home)
    table = (home / "out" / "grades.csv").read_text().splitlines()
    assert {line.split(",")[0]: float(line.split(",")[2]) for line in table[1:]} == found
    for name, score in found.items():
        made = json.loads((home / "out" / "reports" / f"{name}.json").read_text())
        assert made["score"] == score
        assert (home / "out" / "feedback" / f"{name}.html").is_file()
        told = json.loads(grader("history", home / "out", name, "--format", "json").stdout)
        assert told[0]["steps"][-1]["after"] == score
    return found


def test_changed_points_are_shown_then_written_then_nothing_is_left_to_do(home):
    change(home, HIDDEN / "tests" / "mean.py", "points=1.5", "points=1")
    change(home, PUBLIC / "assignment.toml", "points = 2\n", "points = 1.5\n")
    before = everything(home)
    shown = regrade(home)
    assert shown.exit_code == 0, shown.output
    assert everything(home) == before
    assert "Nothing is written yet" in shown.stderr
    assert re.search(
        r"3 × +mean: the mean of fifty numbers +passed 1.5 → passed 1 *$", shown.stdout, re.M
    )
    assert "reference/tests/mean.py changed" in shown.stdout
    assert all(len(line) <= 80 for line in shown.output.splitlines())
    accepted = regrade(home, "--accept")
    assert accepted.stdout == shown.stdout
    assert agrees(home) == {"ann": 3, "bob": 0.5, "cy": 3, "dee": 2}
    written = everything(home)
    again = regrade(home, "--accept")
    assert again.stdout == "No mark to change.\n"
    assert everything(home) == written


@pytest.mark.parametrize(
    ("path", "old", "new", "expected", "why"),
    [
        pytest.param(
            HIDDEN / "tests" / "why.py", 'word == "mean"', 'word == "median"',
            {"ann": 4.5, "bob": 0.5, "cy": 4.5, "dee": 3.5}, "reference/tests/why.py changed",
            id="check",
        ),
        pytest.param(
            HIDDEN / "tests" / "mean.py", "bound = ", "bound = 1e9 + ",
            {"ann": 3.5, "bob": 2, "cy": 3.5, "dee": 2.5}, "reference/tests/mean.py changed",
            id="tolerance",
        ),
        pytest.param(
            HIDDEN / "__init__.py", ".mean()", ".sum()",
            {"ann": 2, "bob": 2, "cy": 2, "dee": 1}, "reference/__init__.py changed",
            id="reference",
        ),
        pytest.param(
            HIDDEN / "tests" / "mean.py", "the mean of fifty numbers", "many numbers",
            {"ann": 3.5, "bob": 0.5, "cy": 3.5, "dee": 2.5}, "reference/tests/mean.py changed",
            id="label",
        ),
    ],
)  # fmt: skip
def test_a_change_does_what_it_says_and_names_its_file(home, path, old, new, expected, why):
    change(home, path, old, new)
    done = regrade(home, "--accept")
    assert done.exit_code == 0, done.output
    assert agrees(home) == expected
    assert why in done.stdout
    assert "run again" not in done.output


def test_a_new_check_and_changed_misconceptions_reach_reports(home):
    change(home, PUBLIC / "tests" / "mean.py", '"the mean of ones is one", points=0.5',
           '"the mean of ones is one", points=0.25')  # fmt: skip
    test = (home / "course" / PUBLIC / "tests" / "mean.py").read_text()
    new = test[test.index("@test_case") :].replace("is one", "is 1").replace("def ones", "def two")
    (home / "course" / PUBLIC / "tests" / "mean.py").write_text(test + "\n\n" + new)
    change(home, HIDDEN / "misconceptions.py", "never divided", "not divided at all")
    # In a process of its own: this one has loaded misconceptions of that name already.
    line = [sys.executable, "-m", "grader", "regrade", home / "out", "--course", home / "course"]
    done = subprocess.run([*line, "--accept"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"mean: the mean of ones is 1 +- → passed 0.25 *$", done.stdout, re.M)
    assert agrees(home) == {"ann": 3.5, "bob": 0.5, "cy": 3.5, "dee": 2.5}
    assert "not divided at all" in (home / "out" / "feedback" / "bob.html").read_text()


def test_a_removed_question_runs_nothing_again(home):
    toml = home / "course" / PUBLIC / "assignment.toml"
    toml.write_text(toml.read_text().split('[[questions]]\nname = "why"')[0])
    done = regrade(home, "--accept")
    assert done.exit_code == 0, done.output
    assert "run again" not in done.output
    assert agrees(home) == {"ann": 3.5, "bob": 0.5, "cy": 3.5, "dee": 2.5}
    assert "- " in done.stdout


def test_a_new_question_whose_names_were_never_captured_is_run_again(home):
    toml = home / "course" / PUBLIC / "assignment.toml"
    toml.write_text(
        f'{toml.read_text()}\n[[questions]]\nname = "late"\ntitle = "L"\npoints = 1\n'
        'captures = ["answer"]\n'
    )
    for folder, worth in ((PUBLIC, 0), (HIDDEN, 1)):
        (home / "course" / folder / "tests" / "late.py").write_text(
            'from otter.test_files import test_case\n\nOK_FORMAT = False\nname = "late"\n\n\n'
            f'@test_case(name="eight {worth}", points={worth})\ndef eight(answer):\n'
            "    assert answer == 8\n"
        )
    shown = regrade(home)
    assert shown.exit_code == 0, shown.output
    assert "3 to run" in shown.stderr
    accepted = regrade(home, "--accept")
    assert "0 to run" in accepted.stderr
    assert accepted.stdout == shown.stdout
    assert agrees(home) == {"ann": 4.5, "bob": 0.5, "cy": 4.5, "dee": 2.5}
    assert not (home / "out" / ".regrade").exists()
    change(home, HIDDEN / "tests" / "late.py", "== 8", "== 6")
    done = regrade(home, "--accept")
    assert "to run" not in done.stderr
    assert agrees(home) == {"ann": 3.5, "bob": 0.5, "cy": 3.5, "dee": 3.5}


def test_a_broken_test_file_writes_nothing(home):
    change(home, HIDDEN / "tests" / "mean.py", "expected = ", "expected = 1 / 0 + ")
    before = everything(home)
    for more in ((), ("--accept",)):
        done = regrade(home, *more)
        assert done.exit_code == 2
        assert "mean.py" in done.stderr
        assert "ZeroDivisionError" in done.stderr
        assert everything(home) == before


@pytest.mark.parametrize("damage", [None, b"", b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xff\xff", b"no gzip"])
def test_a_damaged_snapshot_keeps_its_mark_and_is_said(home, damage):
    path = home / "out" / "snapshots" / "ann.frames.gz"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    change(home, HIDDEN / "tests" / "why.py", 'word == "mean"', 'word == "median"')
    done = regrade(home, "--accept")
    assert done.exit_code == 1, done.output
    assert "ann: keeps its mark." in done.stdout
    assert scores(home) == {"ann": 3.5, "bob": 0.5, "cy": 4.5, "dee": 3.5}


def test_killed_while_accepting_marks_are_old_or_new_and_the_next_command_mends_the_files(home):
    change(home, PUBLIC / "probes.py", "randn(50", "randn(51")
    change(home, HIDDEN / "tests" / "why.py", 'word == "mean"', 'word == "median"')
    assert regrade(home).exit_code == 0
    old, new = scores(home), {"ann": 4.5, "bob": 0.5, "cy": 4.5, "dee": 3.5}
    line = ["regrade", home / "out", "--course", home / "course", "-j", 1, "--accept"]
    for module, name, expected in (
        ("grader.gradebook.queries", "runs", old),
        ("grader.batch.kept", "snapshot_name", new),
    ):
        died = (
            f"import os, signal, {module} as m\n"
            f"m.{name} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
            "from grader.cli import main\nmain()"
        )
        copy = home / name
        shutil.copytree(home / "out", copy / "out")
        shutil.copytree(home / "course", copy / "course")
        line[1], line[3] = copy / "out", copy / "course"
        ended = subprocess.run(
            [sys.executable, "-c", died, *map(str, line)], capture_output=True, check=False
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert scores(copy) in (old, new)
        assert scores(copy) == expected
        assert regrade(copy, "--accept").exit_code == 0
        assert agrees(copy) == new
        assert not (copy / "out" / ".regrade").exists()


def test_changed_late_rules_are_applied_although_no_mark_changes(home):
    change(home, PUBLIC / "assignment.toml", "[limits]", "[score]\ncap = 3\n\n[limits]")
    shown = regrade(home)
    assert "rounding has changed" in shown.stderr
    assert scores(home)["ann"] == 3.5
    assert regrade(home, "--accept").exit_code == 0
    assert agrees(home) == {"ann": 3, "bob": 0.5, "cy": 3, "dee": 2.5}


POINTS = st.sampled_from([0.0, 0.25, 1.0, 3.0, 4.0])


@settings(deadline=None)
@given(st.lists(st.tuples(st.tuples(POINTS, POINTS), st.tuples(POINTS, POINTS)), max_size=8))
def test_totals_count_every_check_that_moved_once(marks):
    found = Differences()
    for number, (before, now) in enumerate(marks):
        found.add(report(str(number), before), report(str(number), now), {"x.py": "changed"})
    moved = sum(a != b for before, now in marks for a, b in zip(before, now, strict=True))
    assert sum(found.checks.values()) == len(found.changes) == moved
    assert found.total == len(marks) == found.up + found.down + found.same
    assert found.after - found.before == pytest.approx(sum(sum(n) - sum(b) for b, n in marks))
    up = sum(sum(now) > sum(before) for before, now in marks)
    assert found.up == up
    assert {move.why for move in found.checks} <= {"x.py changed"}
