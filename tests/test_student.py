"""`check("q…")` in the student's own Jupyter and the grader agree on every public check."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from grader.assignment import Assignment
from grader.intake import uploads
from grader.pipeline import Settings, grade
from grader.student import Excuse, Feedback, check, check_namespace

SUBMISSIONS = Path(__file__).parent / "submissions"
AGREE = [
    "right_solved", "right_fft", "starter_untouched", "placeholders_left", "layer_without_padding",
    "kernel_flipped", "numpy_instead", "height_width_swapped", "kernel_size_5", "not_detached",
]  # fmt: skip
COLLECT = """
import json
names = {names!r}
print("RESULTS" + json.dumps({{q: [[c.label, c.status] for c in check(q).checks] for q in names}}))
"""


def in_jupyter(path: Path, assignment: Assignment, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook in a real kernel, beside the public files as a student has them."""
    shutil.copytree(assignment.public, folder, dirs_exist_ok=True)
    node = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    names = [question.name for question in assignment.questions]
    node.cells.append(nbformat.v4.new_code_cell(COLLECT.format(names=names)))
    NotebookClient(
        node,
        timeout=120,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return node


def text_of(cell: nbformat.NotebookNode) -> str:
    return "".join(
        str(
            out.get("text", "")
            or out.get("data", {}).get("text/plain", "")
            or out.get("evalue", "")
        )
        for out in cell.outputs
    )


@pytest.mark.parametrize("situation", AGREE)
def test_the_student_and_the_grader_agree(situation, convolution, convolution_pool, tmp_path):
    path = SUBMISSIONS / situation / "submission.ipynb"
    node = in_jupyter(path, convolution, tmp_path / "hw")
    said = text_of(node.cells[-1])
    assert "RESULTS" in said, said
    students = json.loads(said.split("RESULTS")[1])
    report = grade(uploads(path)[0], convolution, Settings(), convolution_pool).report
    # Follow-through, which is the grader's alone, can only be kinder.
    graders = {
        q.name: [
            [c.name, "failed" if c.message.startswith("Judged on your own") else c.status]
            for c in q.checks
            if not c.hidden
        ]
        for q in report.questions
    }
    assert students == graders
    assert not (tmp_path / "hw" / ".OTTER_LOG").exists()


def test_the_untouched_starter_runs_to_the_end(convolution, tmp_path):
    """So that "Run all" never stops a student who has done half of it."""
    node = in_jupyter(convolution.starter, convolution, tmp_path / "hw")
    errors = [
        (cell.id, out.get("evalue"))
        for cell in node.cells
        if cell.cell_type == "code"
        for out in cell.outputs
        if out.output_type == "error"
    ]
    assert errors == []
    checks = [text_of(cell) for cell in node.cells if "check" in cell.metadata.get("tags", [])]
    assert len(checks) == 7
    assert all("Nothing to check yet" in text for text in checks)


def test_what_a_student_reads(averages):
    wrong = check_namespace("model", {"model": None, "answer": "eight"}, averages)
    assert repr(wrong) == (
        "model: 0 of 1 public checks pass\n"
        "✗ the answer is one number\n"
        "    answer: expected one whole number, found a str.\n"
        "Change the exercise above, run its cell, then run this check again."
    )
    assert "<script>" not in check_namespace("why", {"word": "<script>"}, averages)._repr_html_()
    right = check_namespace("model", {"model": None, "answer": 3}, averages)
    assert right.passed
    assert "Go on." in repr(right)


def test_a_student_sees_their_own_maps_where_something_public_is_wrong(convolution):
    names = {"stimuli": torch.ones(5, 1, 48, 64), "convLayer": torch.nn.Conv2d(1, 6, 7)}
    small = {**names, "convout": torch.randn(5, 6, 42, 58)}
    shown = check_namespace("q3_activations", small, convolution)._repr_html_()
    assert 'alt="channel 0: 42 rows, 58 columns, values from' in shown
    assert 'aria-label="expected: 5 by 6 by 48 by 64"' in shown
    assert "<script" not in shown
    right = {**names, "convout": torch.randn(5, 6, 48, 64)}
    assert "<img" not in check_namespace("q3_activations", right, convolution)._repr_html_()


def test_outside_of_the_folder_it_says_so_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = check("mean")
    assert isinstance(said, Excuse)
    assert "it is graded the same" in repr(said)


def test_an_unknown_question_names_the_known_ones(averages, monkeypatch):
    monkeypatch.chdir(averages.public)
    assert "there are: mean, model, why" in repr(check("maen"))
    mean = len  # noqa: F841  (a local name is no name of the notebook)
    assert isinstance(check("mean"), Feedback)
