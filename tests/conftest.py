"""Fixtures: the two courses, and notebooks made of a few cells."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import torch

from grader.assignment import Assignment, Course
from grader.intake import Upload
from grader.pipeline import Graded, Settings, grade

ROOT = Path(__file__).parent.parent
TINY = Path(__file__).parent / "courses" / "tiny"

GradeCells = Callable[..., Graded]


@pytest.fixture(scope="session")
def convolution() -> Assignment:
    return Course(ROOT).assignment("convolution")


@pytest.fixture(scope="session")
def averages() -> Assignment:
    """Return an assignment that has nothing to do with convolution and runs in a second."""
    return Course(TINY).assignment("averages")


def write_notebook(path: Path, *cells: str, **metadata: object) -> Path:
    """Write a notebook of code cells."""
    meta = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, **metadata}
    node = nbformat.v4.new_notebook(metadata=meta)
    node.cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    path.write_text(nbformat.writes(node), encoding="utf-8")
    return path


@pytest.fixture
def grade_cells(tmp_path: Path, averages: Assignment) -> GradeCells:
    """Grade a notebook made of the given cells, in the averages assignment."""

    def run(*cells: str, assignment: Assignment = averages, **settings: object) -> Graded:
        path = write_notebook(tmp_path / "notebook.ipynb", *cells)
        return grade(Upload("notebook", path), assignment, Settings(**settings))  # type: ignore[arg-type]

    return run


@pytest.fixture
def gpu() -> str:
    """Return the CUDA device, or skip."""
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU, and this machine has none")
    return "cuda"
