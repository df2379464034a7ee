"""One machine executes, another checks: the job and the frames are all that has to travel."""

import os
import subprocess
import sys
from pathlib import Path

import grader
from grader import checks, score
from grader.intake import read, uploads
from grader.pipeline import Settings, draw
from grader.runtime import FILES
from grader.sandbox.execute import make_job
from grader.sandbox.execution import Observation
from grader.snapshot import Decoder, read_table
from grader.tolerance import FLOAT32_CPU
from grader.wire import FrameReader, to_bytes

SUBMISSION = Path(__file__).parent.parent / "submissions" / "right_solved" / "submission.ipynb"
BLOCK = """
import sys, runpy
FORBIDDEN = {"otter", "pydantic", "nbformat", "nbconvert", "jupytext", "click", "rich", "jinja2"}
class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in FORBIDDEN:
            raise ImportError(name)
sys.meta_path.insert(0, Guard())
sys.path.insert(0, sys.argv[1])
sys.argv = ["grader.runtime.once", "--results", sys.argv[2]]
runpy.run_module("grader.runtime.once", run_name="__main__", alter_sys=True)
"""


def test_a_notebook_runs_where_only_the_runtime_is_and_is_checked_here(convolution, tmp_path):
    package = Path(grader.__file__).parent
    for name in FILES:
        (tmp_path / "grader" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "grader" / name).write_text((package / name).read_text())
    submission = read(uploads(SUBMISSION)[0], convolution)
    given = draw(submission, convolution, Settings())
    (tmp_path / "job").write_bytes(
        to_bytes(make_job(submission, convolution, given, "cpu").to_frame())
    )

    with (tmp_path / "job").open("rb") as job, (tmp_path / "frames").open("wb") as frames:
        done = subprocess.run(
            [sys.executable, "-I", "-c", BLOCK, str(tmp_path), str(frames.fileno())],
            stdin=job,
            capture_output=True,
            pass_fds=(frames.fileno(),),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "MPLBACKEND": "agg"},
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]

    marks = {}
    for frame in FrameReader(1 << 26).feed((tmp_path / "frames").read_bytes()):
        if frame.document["event"] == "observed" and frame.document["when"] == "end":
            decoder = Decoder(read_table(frame.blob, 1 << 26) if frame.blob else {})
            values = {k: decoder.decode(v) for k, v in frame.document["values"].items()}
            name = frame.document["question"]
            seen = Observation(name, "end", values, frame.document, frame.blob)
            marks[name] = checks.check(seen, convolution, given, FLOAT32_CPU)
    scores = {q.name: score.mark(q, [marks[q.name]]).score for q in convolution.questions}
    assert scores == {q.name: q.points for q in convolution.questions}
