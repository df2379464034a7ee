"""The command line as its users meet it: exit status, streams, one screen, no traceback."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import TINY, write_notebook

RIGHT = "import torch\ndef mean(values):\n    return values.mean()\nanswer = 8\nmodel = torch.nn.Linear(3, 2)\nword = 'mean'"
WRONG = "def mean(values):\n    return values.sum()\nanswer = 'many'"


def grader(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, from outside of any course."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture
def right(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "right.ipynb", RIGHT)


def test_one_notebook_gives_a_report_on_stdout(right):
    done = grader("grade", right, "--course", TINY)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "3.5 of 3.5 points + 1 bonus = 4.5"
    assert len(lines) <= 24
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_folder_that_is_none_of_ours_stays_as_it_is(tmp_path):
    for command in ("regrade", "export", "history"):
        more = {"export": ("--to", "csv"), "history": ("ann",)}.get(command, ())
        where = () if command == "history" else ("--course", TINY)
        done = grader(command, tmp_path, *more, *where)
        assert done.returncode == 2
        assert "expected a folder that `grader grade -o DIR` made" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_stands_in_a_file_cannot_drive_the_terminal(right, tmp_path):
    table = tmp_path / "more-time.csv"
    table.write_text("student,days\n\x1b[2J\x9b31m,2\n")
    done = grader("grade", right, "-o", tmp_path / "out", "--extensions", table, "--course", TINY)
    assert done.returncode == 2
    assert "no submission is" in done.stderr
    assert "\x1b" not in done.stderr
    assert "\x9b" not in done.stderr


def test_wrong_answers_are_graded_and_say_what_to_do(tmp_path):
    path = write_notebook(tmp_path / "wrong.ipynb", WRONG)
    done = grader("grade", path, "--course", TINY)
    assert done.returncode == 0
    assert done.stdout.startswith("0 of 3.5 points")
    assert "→ The numbers were added up and never divided." in done.stdout
    assert "answer: expected one whole number, found a str." in done.stdout


def test_json_is_one_object_for_one_and_an_array_for_several(right, tmp_path):
    one = grader("grade", right, "--course", TINY, "--format", "json")
    assert json.loads(one.stdout)["score"] == 4.5
    write_notebook(tmp_path / "wrong.ipynb", WRONG)
    two = grader("grade", tmp_path, "--course", TINY, "--format", "json")
    assert [r["submission"]["id"] for r in json.loads(two.stdout)] == ["right", "wrong"]


def test_an_ungradable_upload_exits_with_1_and_a_sentence(tmp_path):
    path = tmp_path / "essay.ipynb"
    path.write_text("Dear grader,")
    done = grader("grade", path, "--course", TINY)
    assert done.returncode == 1
    assert "could not be graded" in done.stdout
    assert "The file is not JSON" in done.stdout
    plain = json.loads(grader("grade", path, "--course", TINY, "--format", "json").stdout)
    assert (plain["status"], plain["score"], plain["execution"]) == ("ungradable", 0, None)


def test_a_broken_test_is_our_error_and_costs_nothing(right, tmp_path):
    import shutil

    course = tmp_path / "course"
    shutil.copytree(TINY, course)
    hidden = course / "reference" / "averages" / "tests" / "mean.py"
    hidden.write_text(hidden.read_text().replace("expect.close(", "1 / 0, expect.close("))
    done = grader("grade", right, "--course", course, "--format", "json")
    plain = json.loads(done.stdout)
    assert done.returncode == 1
    assert plain["status"] == "error"
    assert "its author has to act" in plain["message"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade"], "Missing argument"),
        (["grade", "nowhere.ipynb", "--course", TINY], "no such file or folder: nowhere.ipynb"),
        (["grade", "x", "--course", "/nowhere"], "no such folder: /nowhere"),
        (["grade", "x"], "no course at or above"),
        (["grade", "x", "--course", TINY, "-a", "avarages"], "did you mean `averages`?"),
        (["grade", "x", "--course", TINY, "--format", "yaml"], "'yaml' is not one of"),
        (["grade", "x", "--course", TINY, "-j", "0"], "not in the range"),
        (["frobnicate"], "No such command"),
    ],
)
def test_a_wrong_command_exits_with_2_and_a_sentence(arguments, sentence):
    done = grader(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(
    __import__("torch").cuda.is_available(), reason="looks at a machine without a GPU"
)
def test_cuda_without_a_gpu_is_a_clear_error(right):
    done = grader("grade", right, "--course", TINY, "--device", "cuda")
    assert done.returncode == 2
    assert "--device cuda: expected a CUDA GPU, found none" in done.stderr


@pytest.mark.gpu
def test_cuda_grades_on_the_gpu(right, gpu):
    done = grader("grade", right, "--course", TINY, "--device", "cuda", "--format", "json")
    assert json.loads(done.stdout)["execution"]["device"] == "cuda"


def test_torch_shows_no_gpu_to_the_notebook_on_the_cpu(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", RIGHT, "assert not torch.cuda.is_available()")
    plain = json.loads(
        grader("grade", path, "--course", TINY, "--format", "json", "--device", "cpu").stdout
    )
    assert plain["execution"]["cells"][1]["status"] == "ok"
    assert plain["execution"]["device"] == "cpu"


def test_a_class_gives_a_table_and_files(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    write_notebook(folder / "right.ipynb", RIGHT)
    write_notebook(folder / "=cmd.ipynb", WRONG)
    (folder / "broken.ipynb").write_text("{")
    out = tmp_path / "out"
    done = grader("grade", folder, "--course", TINY, "-o", out, "-j", "2")
    assert done.returncode == 1
    assert "3 submissions: 2 graded, 1 ungradable." in done.stdout
    assert "Traceback" not in done.stderr
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert len([name for name in found if name.startswith("uploads/")]) == 2
    assert {name for name in found if not name.startswith("uploads/")} == {
        ".lock", "gradebook.sqlite", "grades.csv", "intake.csv",
        "reports/right.json", "reports/broken.json", "reports/=cmd.json",
        "feedback/right.html", "feedback/broken.html", "feedback/=cmd.html",
        "staff/right.html", "staff/broken.html", "staff/=cmd.html", "index.html",
        "snapshots/right.frames.gz", "snapshots/=cmd.frames.gz",
    }  # fmt: skip
    rows = list(csv.DictReader((out / "grades.csv").open()))
    assert [row["submission"] for row in rows] == ["'=cmd", "broken", "right"]
    assert [row["score"] for row in rows] == ["0.0", "", "4.5"]


def test_html_is_self_contained_and_runs_no_script(tmp_path):
    path = write_notebook(
        tmp_path / "a.ipynb", WRONG, "raise ValueError('<script>alert(1)</script>')"
    )
    done = grader("grade", path, "--course", TINY, "--format", "html")
    assert done.returncode == 0
    assert "<script>" not in done.stdout
    assert "&lt;script&gt;" in done.stdout
    assert "http" not in done.stdout.replace("http-equiv", "")
    assert "default-src &#39;none&#39;" in done.stdout or "default-src 'none'" in done.stdout


def test_the_view_of_the_page_can_be_chosen(right):
    student, staff = (
        grader("grade", right, "--course", TINY, "--format", "html", "--view", view).stdout
        for view in ("student", "staff")
    )
    assert "for staff" not in student
    assert "for staff" in staff
    assert "SHA-256" in staff


def test_html_of_several_needs_a_folder(tmp_path):
    write_notebook(tmp_path / "a.ipynb", RIGHT)
    write_notebook(tmp_path / "b.ipynb", RIGHT)
    done = grader("grade", tmp_path, "--course", TINY, "--format", "html")
    assert done.returncode == 2
    assert "needs -o DIR" in done.stderr


def test_control_characters_of_students_do_not_reach_the_terminal(tmp_path):
    path = write_notebook(
        tmp_path / "a.ipynb", WRONG, "raise ValueError('\\x1b[2J\\x1b]0;title\\x07')"
    )
    done = grader("grade", path, "--course", TINY)
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_text_that_cannot_be_encoded_is_graded_like_any_other(tmp_path):
    name = os.fsencode(str(tmp_path)) + b"/\xff\xfe.ipynb"
    write_notebook(tmp_path / "a.ipynb", RIGHT, r"raise ValueError('\ud800')", r"word = '\udfff'")
    os.rename(tmp_path / "a.ipynb", name)
    done = grader("grade", tmp_path, "--course", TINY, "--format", "json", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["score"] == 3.5


def test_the_same_seed_and_file_draw_the_same_inputs(right):
    text = [grader("grade", right, "--course", TINY, "--seed", s, "--format", "json") for s in "12"]
    assert [json.loads(done.stdout)["score"] for done in text] == [4.5, 4.5]


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, theirs included."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_soon(tmp_path, number):
    path = write_notebook(tmp_path / "a.ipynb", "mean = 1\nimport time; time.sleep(100)")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", str(path), "--course", str(TINY)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal, even where the tests themselves run in the background of a script.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while len(started := descendants(process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(started) >= 2, "the warm process and the notebook's own"
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert process.returncode == 130
    assert "stopped" in stderr
    assert "Traceback" not in stderr


def test_doctor_says_what_there_is():
    done = grader("doctor")
    assert done.returncode == 0, done.stdout
    assert "isolation" in done.stdout
    assert "torch" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_verify_and_build_work_on_any_course(tmp_path):
    import shutil

    course = tmp_path / "course"
    shutil.copytree(TINY, course)
    (course / "assignments" / "averages" / "starter.ipynb").unlink()
    assert "run `grader build" in grader("verify", "--course", course).stdout
    assert grader("build", "--course", course).returncode == 0
    done = grader("verify", "--course", course)
    assert done.returncode == 0, done.stdout
    assert "every rule holds" in done.stdout
