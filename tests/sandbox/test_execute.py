"""Running notebooks for real: as Jupyter would, within limits, with nothing of ours in reach."""

import os
import time
from pathlib import Path

import pytest
from support import GradeCells, write_notebook

from grader.assignment import Assignment, AssignmentFile
from grader.intake import Upload
from grader.pipeline import Settings, grade
from grader.sandbox import isolation

RIGHT = "import torch\ndef mean(values):\n    return values.mean()"


def cells(graded) -> dict[int, str | None]:
    """Return the errors of the cells, by index."""
    assert graded.report.execution is not None, graded.report.message
    return {c.index: c.error for c in graded.report.execution.cells}


def scores(graded) -> dict[str, float]:
    return {q.name: q.score for q in graded.report.questions}


def limited(averages: Assignment, **limits: float) -> Assignment:
    """Return the assignment with other limits."""
    found = averages.limits.model_copy(update=limits)
    settings: AssignmentFile = averages.settings.model_copy(update={"limits": found})
    return Assignment(averages.name, settings, averages.public, averages.hidden)


# ----------------------------------------------------------------------------- as in Jupyter


def test_one_cells_error_does_not_stop_the_rest(grade_cells: GradeCells):
    graded = grade_cells("1 / 0", "undefined", "def broken(:", RIGHT)
    errors = cells(graded)
    assert errors[0] == "ZeroDivisionError: division by zero"
    assert errors[1] == "NameError: name 'undefined' is not defined"
    assert errors[2].startswith("SyntaxError")
    assert errors[3] is None
    assert scores(graded)["mean"] == 2


def test_cells_run_as_in_jupyter(grade_cells: GradeCells):
    graded = grade_cells(
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n%time x = 1",
        "import asyncio\nawait asyncio.sleep(0)\ny = x + 1",
        "display(y)\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>hi</b>'))\ny",
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\nplt.show()\nfig",
        "assert _ is fig and get_ipython() is not None and __name__ == '__main__'",
        "%%time\nz = 3",
        "files = !ls\n!pip install nothing\n%pip install nothing\nassert files == []",
        "%%bash\nexit 3",
        "assert await asyncio.gather(asyncio.sleep(0, 7)) == [7] and z == 3 and y == 2",
        "import sys\nsys.stdin.read() == ''",
        "from grader.student import check\ncheck('mean')",
        RIGHT,
    )
    assert {error for error in cells(graded).values() if error} == set()


def test_input_fails_at_once_and_says_why(grade_cells: GradeCells):
    graded = grade_cells("name = input('Name? ')", RIGHT)
    assert "nobody sits at the keyboard" in str(cells(graded)[0])
    assert scores(graded)["mean"] == 2


@pytest.mark.parametrize("way", ["exit()", "quit()", "import sys; sys.exit(0)", "raise SystemExit"])
def test_polite_exits_do_not_end_the_notebook(grade_cells: GradeCells, way):
    graded = grade_cells(way, RIGHT)
    assert graded.report.execution.status == "ok"
    assert scores(graded)["mean"] == 2


def test_a_question_is_observed_at_its_check_cell_and_at_the_end(grade_cells: GradeCells):
    later = grade_cells("mean = None", 'check("mean")', RIGHT)
    reused = grade_cells(RIGHT, 'check("mean")', "mean = None")
    assert scores(later)["mean"] == scores(reused)["mean"] == 2


def test_probes_leave_random_numbers_and_types_as_they_were(grade_cells: GradeCells):
    graded = grade_cells(
        RIGHT,
        "import random, numpy as np\ntorch.manual_seed(5); random.seed(5); np.random.seed(5)\n"
        "torch.set_default_dtype(torch.float64)\nfirst = torch.rand(3), random.random(), np.random.rand()",
        "torch.manual_seed(5); random.seed(5); np.random.seed(5)",
        'check("mean")',
        "again = torch.rand(3), random.random(), np.random.rand()\n"
        "assert torch.equal(first[0], again[0]) and first[1:] == again[1:]\n"
        "assert torch.get_default_dtype() is torch.float64",
    )
    assert cells(graded)[4] is None
    assert scores(graded)["mean"] == 2


def test_companion_files_are_there(tmp_path: Path, averages: Assignment):
    from support import write_notebook

    from grader.intake import uploads
    from grader.pipeline import Settings, grade

    (tmp_path / "helper.py").write_text("def mean(values):\n    return values.mean()\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("7")
    write_notebook(
        tmp_path / "hw.ipynb", "from helper import mean\nassert open('data/x.txt').read() == '7'"
    )
    graded = grade(uploads(tmp_path)[0], averages, Settings())
    assert cells(graded)[0] is None
    assert scores(graded)["mean"] == 2


# ------------------------------------------------------------------------------------ limits


def test_a_cell_that_runs_too_long_is_stopped_and_the_rest_goes_on(grade_cells, averages):
    graded = grade_cells("while True: pass", RIGHT, assignment=limited(averages, cell_seconds=1))
    assert graded.report.execution.status == "timeout"
    assert graded.report.message == "Cell 0 ran longer than 1 s."
    assert cells(graded)[0] == "stopped after 1 s (the limit for one cell)"
    assert scores(graded)["mean"] == 2


def test_a_cell_that_ignores_interrupts_is_killed_and_earlier_answers_count(grade_cells, averages):
    stubborn = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "while True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"
    )
    graded = grade_cells(
        RIGHT, 'check("mean")', stubborn, "never = 1", assignment=limited(averages, cell_seconds=1)
    )
    assert graded.report.status == "graded"
    assert graded.report.execution.status == "timeout"
    assert "did not react" in str(cells(graded)[2])
    assert [c.status for c in graded.report.execution.cells] == ["ok", "error", "error", "skipped"]
    assert scores(graded)["mean"] == 2


def test_the_notebook_as_a_whole_has_a_limit(grade_cells, averages):
    graded = grade_cells(
        RIGHT, 'check("mean")', *["import time; time.sleep(0.7)"] * 8,
        assignment=limited(averages, total_seconds=2),
    )  # fmt: skip
    assert graded.report.execution.status == "timeout"
    assert "longer than the 2 s it may take in all" in graded.report.message
    assert scores(graded)["mean"] == 2


def test_a_function_that_never_returns_is_stopped_while_it_is_probed(grade_cells, averages):
    graded = grade_cells(
        "def mean(values):\n    while True: pass",
        "model = __import__('torch').nn.Linear(2, 1); answer = 3",
        assignment=limited(averages, probe_seconds=1),
    )
    assert graded.report.execution.status == "timeout"
    assert "Calling the notebook's functions took longer than 1 s" in graded.report.message
    assert scores(graded) == {"mean": 0, "model": 1.5, "why": 0}


def test_too_much_output_is_stopped(grade_cells, averages):
    graded = grade_cells(
        RIGHT, 'check("mean")', "while True: print('x' * 1000)",
        "after = 1",
        assignment=limited(averages, output_bytes=100_000),
    )  # fmt: skip
    assert graded.report.execution.status == "output_limit"
    assert graded.report.message == "Cell 2 printed more than 100,000 bytes."
    assert cells(graded)[2] == "stopped: too much output"
    assert cells(graded)[3] is None
    assert scores(graded)["mean"] == 2


def test_much_output_below_the_limit_is_fine(grade_cells):
    graded = grade_cells(
        "print('x' * 5_000_000)\nimport sys\nprint('y' * 100, file=sys.stderr)", RIGHT
    )
    assert graded.report.execution.status == "ok"
    assert scores(graded)["mean"] == 2


def test_too_much_memory_is_an_error_of_the_cell(grade_cells):
    graded = grade_cells(
        "import torch\nbig = torch.ones(20 * 2**28)", "x = bytearray(20 * 2**30)", RIGHT
    )
    assert graded.report.execution.status == "memory"
    assert "Cell 0 wanted more memory than the 4.0 GiB allowed" in graded.report.message
    assert scores(graded)["mean"] == 2


SMALL_LIMITS = {
    "cpu_seconds": 2,
    "disk_bytes": 4 << 20,
    "file_bytes": 1 << 20,
    "open_files": 64,
    "threads": 16,
}


@pytest.mark.parametrize(
    ("way", "status", "words"),
    [
        (
            "import threading\ndef spin():\n    while True: sum(range(10**7))\nspin()",
            "timeout",
            "used up the 2 s of processor time it may take, in cell 2",
        ),
        ("open('a', 'wb').write(bytes(1 << 21))", "ok", "a file larger than the 1,048,576 bytes"),
        (
            "for i in range(9): open(f'{i}', 'wb').write(bytes(900_000))",
            "ok",
            "more than the 4,194,304 bytes of files",
        ),
        ("files = [open('x', 'w') for _ in range(99)]", "ok", "more than the 64 files open"),
        (
            "import threading, time\n"
            "for _ in range(99): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
            "ok",
            "more than the 16 threads",
        ),
        ("import os\nos.fork()", "ok", "what is not permitted here"),
        ("import torch\ntorch.zeros(1 << 40)", "memory", "more memory than the 4.0 GiB"),
    ],
    ids=["cpu", "file", "disk", "files", "threads", "processes", "memory"],
)
def test_a_limit_that_strikes_is_named(grade_cells, averages, way, status, words):
    small = limited(averages, **SMALL_LIMITS)
    report = grade_cells(RIGHT, 'check("mean")', way, assignment=small).report
    assert (report.execution.status, report.score) == (status, 2)
    assert words in report.message
    assert "2" in report.message.split("ell ")[1]


def test_an_assignment_may_allow_processes(tmp_path, averages):
    loader = (
        "import os, torch\n"
        "pid = os.fork()\n"
        "if pid == 0: os._exit(3)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3\n"
        "data = torch.utils.data.DataLoader(range(6), num_workers=2)\n"
        "assert sorted(int(x) for x in data) == list(range(6))"
    )
    path = write_notebook(tmp_path / "a.ipynb", RIGHT, loader)
    report = grade(Upload("a", path), limited(averages, processes=True), Settings()).report
    assert [cell.error for cell in report.execution.cells if cell.error] == []


@pytest.mark.parametrize(
    "slip",
    [
        "import torch; torch.manual_seed = 0; torch.random.manual_seed = 0; torch.clone = None",
        "import numpy as np; np.random.seed = 1; np.random.get_state = None; np.array = list",
        "import random, json; random.seed = 1; json.dumps = None; random.getstate = None",
        "import builtins; builtins.isinstance = lambda *a: True; builtins.len = None",
        "import safetensors.torch; safetensors.torch.save = None",
    ],
    ids=["torch", "numpy", "random", "builtins", "safetensors"],
)
def test_what_a_notebook_replaces_does_not_keep_it_from_being_observed(grade_cells, slip):
    assert grade_cells(RIGHT, slip).report.score == 2


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("import os; os._exit(0)", "The notebook ended its own process in cell 2."),
        ("import os; os.abort()", "The notebook's process crashed in cell 2"),
        (
            "import ctypes; ctypes.string_at(0)",
            "The notebook's process crashed in cell 2 (segmentation fault).",
        ),
        ("import os, signal; os.kill(os.getpid(), 9)", ""),
    ],
    ids=["_exit", "abort", "segfault", "kill"],
)
def test_a_process_that_ends_itself_keeps_what_was_answered(grade_cells, way, message):
    graded = grade_cells(RIGHT, 'check("mean")', way, "after = 1")
    # As the first process of its own namespace a child shrugs off its own signals.
    if graded.report.execution.status == "ok":
        assert "kill" in way
    else:
        assert graded.report.execution.status == "killed"
        assert graded.report.message.startswith(message)
        assert graded.report.execution.cells[3].status == "skipped"
    assert scores(graded)["mean"] == 2


def test_systemexit_inside_a_probed_function_is_that_functions_failure(grade_cells):
    graded = grade_cells("def mean(values):\n    raise SystemExit", "answer = 0")
    (mean,) = [q for q in graded.report.questions if q.name == "mean"]
    assert mean.status == "none"
    assert "raised SystemExit" in mean.checks[0].message


# --------------------------------------------------------------------------- nothing in reach


def test_the_environment_is_clean(grade_cells, monkeypatch):
    monkeypatch.setenv("COURSE_API_KEY", "hunter2")
    graded = grade_cells(
        "import os, sys\nassert 'hunter2' not in str(os.environ)",
        "print(sys.argv, sys.orig_argv)\nassert not any('reference' in a for a in sys.argv + sys.orig_argv)",
        "import importlib.util\nassert importlib.util.find_spec('reference') is None",
        "assert importlib.util.find_spec('grader.checks') is None",
        "assert importlib.util.find_spec('grader.assignment') is None",
        "import grader\nassert 'work' not in os.path.dirname(grader.__file__)",
        "assert 'otter' not in sys.modules and 'pydantic' not in sys.modules",
        RIGHT,
    )
    assert {i: e for i, e in cells(graded).items() if e} == {}


def test_hidden_files_cannot_be_opened_where_the_machine_can_isolate(grade_cells, averages):
    if isolation.available().tier != "A1":
        pytest.skip("this machine offers no namespaces: run as root or allow user namespaces")
    path = averages.hidden / "solution.py"
    assert path.is_file()
    uncover = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"assert libc.umount2({os.fsencode(averages.hidden.parent)!r}, 2) == -1"
    )
    graded = grade_cells(uncover, f"open({str(path)!r}).read()", RIGHT)
    assert cells(graded)[0] is None
    assert "FileNotFoundError" in str(cells(graded)[1])


def test_there_is_no_network_where_the_machine_can_isolate(grade_cells):
    if isolation.available().tier != "A1":
        pytest.skip("this machine offers no namespaces: run as root or allow user namespaces")
    graded = grade_cells(
        "import socket\nsocket.create_connection(('127.0.0.1', 22), timeout=2)",
        "import urllib.request\nurllib.request.urlopen('http://example.org', timeout=5)",
        RIGHT,
    )
    assert cells(graded)[0]
    assert cells(graded)[1]


def test_nothing_is_left_behind(grade_cells, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    marker = f"grader-daemon-{os.getpid()}"
    daemon = (
        "import os, sys, time\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)', '{marker}'])"
    )
    graded = grade_cells(daemon, RIGHT)
    assert scores(graded)["mean"] == 2
    deadline = time.monotonic() + 5
    while _running(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _running(marker) == []
    assert [p for p in tmp_path.iterdir() if p.name.startswith("grader-")] == []


def _running(marker: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


# ------------------------------------------------------------------------------ forged results


@pytest.mark.parametrize(
    "bytes_",
    [
        b"garbage that is no frame at all",
        b"TGF1" + b"\xff" * 12,
        b"TGF1\0\0\0\2" + b"\0" * 8 + b"[]",
    ],
)
def test_bytes_on_the_result_pipe_end_the_run_and_give_nothing(grade_cells, bytes_):
    flood = (
        "import os\nfor fd in range(3, 64):\n    try:\n"
        f"        os.write(fd, {bytes_!r})\n    except OSError:\n        pass"
    )
    graded = grade_cells(flood, RIGHT)
    assert graded.report.status == "graded"
    assert graded.report.execution.status == "killed"
    assert "grader's own pipe" in graded.report.message
    assert graded.report.score == 0


def test_a_forged_observation_can_hold_only_values(grade_cells):
    forge = """
import os, struct, json
def frame(document):
    body = json.dumps(document).encode()
    return struct.pack(">4sIQ", b"TGF1", len(body), 0) + body
full = {"kind": "number", "type": "int", "value": "1"}
values = {name: full for name in ("mean", "mean_of_ones", "mean_of_values", "score", "checks")}
for fd in range(3, 64):
    try:
        os.write(fd, frame({"event": "observed", "question": "mean", "when": "end", "values": values,
                            "score": 99, "status": "full"}))
    except OSError:
        pass
"""
    assert grade_cells(forge).report.score == 0


def test_the_next_submission_is_unaffected(grade_cells):
    vandal = (
        "import torch, json, builtins\ntorch.Tensor.mean = lambda self: 0\n"
        "json.dumps = lambda *a, **k: 'x'\nbuiltins.len = lambda x: 0"
    )
    grade_cells(vandal)
    assert scores(grade_cells(RIGHT))["mean"] == 2
