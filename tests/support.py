"""Support: the two courses, and notebooks made of a few cells."""

from collections.abc import Callable
from pathlib import Path

import nbformat

from grader.pipeline import Graded

ROOT = Path(__file__).parent.parent
TINY = Path(__file__).parent / "courses" / "tiny"

GradeCells = Callable[..., Graded]

# Answers to the averages assignment: all of them right, and a sum for the mean.
RIGHT = """import torch
def mean(values):
    return values.mean()
answer = 8
model = torch.nn.Linear(3, 2)
word = 'median'"""
WRONG = """import torch
def mean(values):
    return values.sum()
answer = 3
model = torch.nn.Linear(3, 2)"""


def write_notebook(path: Path, *cells: str, **metadata: object) -> Path:
    """Write a notebook of code cells."""
    meta = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, **metadata}
    node = nbformat.v4.new_notebook(metadata=meta)
    node.cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    path.write_text(nbformat.writes(node), encoding="utf-8")
    return path
