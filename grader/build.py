"""Build: make starter.ipynb from notebook.py, and the solved notebook from the fills."""

from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat

from grader.assignment import Assignment, read_text
from grader.errors import AssignmentError


def build_starter(assignment: Assignment) -> str:
    """Return the text of starter.ipynb: the same source always gives the same bytes.

    Raises AssignmentError where a cell has no name or two share one.
    """
    node = read_percent(assignment.public / "notebook.py")
    node.metadata["grader"] = {"assignment": assignment.name, "version": assignment.version}
    node.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    node.metadata["language_info"] = {"name": "python"}
    node.metadata.pop("jupytext", None)
    return write(node)


def solve(starter: str, fills: Mapping[str, str]) -> str:
    """Return a notebook's text in which the cells named in `fills` have another source.

    Raises AssignmentError where there is no cell of that name.
    """
    node = nbformat.reads(starter, as_version=4)
    known = {cell.metadata.get("name"): cell for cell in node.cells}
    for name, source in fills.items():
        if name not in known:
            raise AssignmentError(f"no cell named `{name}` in the notebook to fill in.")
        known[name]["source"] = source
    return write(node)


def read_fills(path: Path) -> dict[str, str]:
    """Return the fills of a solution.py: cell name → source."""
    return {cell.metadata["name"]: cell.source for cell in read_percent(path).cells}


def read_percent(path: Path) -> nbformat.NotebookNode:
    """Read a jupytext percent file whose cells all carry a unique `name`, which becomes their id.

    Raises AssignmentError where they do not.
    """
    node = jupytext.reads(read_text(path), fmt="py:percent")
    seen: set[str] = set()
    for number, cell in enumerate(node.cells):
        name = cell.metadata.get("name")
        if not isinstance(name, str) or name in seen:
            raise AssignmentError(
                f'{path}: cell {number} needs a unique name, such as `# %% name="q1-answer"`; '
                f"found {name!r} before {cell.source[:40]!r}."
            )
        seen.add(name)
        cell["id"] = name
    return node


def solved(assignment: Assignment) -> str:
    """Return the text of the solved notebook."""
    return solve(build_starter(assignment), read_fills(assignment.hidden / "solution.py"))


def write(node: nbformat.NotebookNode) -> str:
    """Return a notebook as text, without outputs, in the one form that is committed."""
    node["nbformat"], node["nbformat_minor"] = 4, 5
    for cell in node.cells:
        if cell.cell_type == "code":
            cell["outputs"], cell["execution_count"] = [], None
    nbformat.validate(node)
    text: str = nbformat.writes(node)
    return text.rstrip("\n") + "\n"
