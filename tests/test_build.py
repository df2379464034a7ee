"""Building: the committed starters are what their sources say, byte for byte."""

import nbformat
import pytest

from grader.build import build_starter, read_fills, solve, solved
from grader.errors import AssignmentError


@pytest.mark.parametrize("name", ["convolution", "averages"])
def test_the_committed_starter_is_the_built_one(name, request):
    assignment = request.getfixturevalue(name)
    assert assignment.starter.read_text(encoding="utf-8") == build_starter(assignment)


def test_cells_are_named_and_marked(convolution):
    node = nbformat.reads(build_starter(convolution), as_version=4)
    nbformat.validate(node)
    assert all(cell.id == cell.metadata["name"] for cell in node.cells)
    assert node.metadata["grader"] == {"assignment": "convolution", "version": "1"}
    assert all(not cell.get("outputs") for cell in node.cells)


def test_solving_changes_the_filled_cells_and_no_others(convolution):
    fills = read_fills(convolution.hidden / "solution.py")
    before = nbformat.reads(build_starter(convolution), as_version=4)
    after = nbformat.reads(solved(convolution), as_version=4)
    for old, new in zip(before.cells, after.cells, strict=True):
        assert (old.source != new.source) == (old.id in fills), old.id


def test_the_starter_holds_nothing_of_the_solution(convolution):
    starter = build_starter(convolution)
    for name, source in read_fills(convolution.hidden / "solution.py").items():
        if name.endswith("-written"):
            continue
        lines = [line.strip() for line in source.splitlines()]
        body = [x for x in lines if "=" in x and "..." not in x and not x.startswith(("#", "def"))]
        body = [x for x in body if len(x) > 30]
        given_away = [x for x in body if f'"{x}' in starter or f" {x}\\n" in starter]
        assert given_away == [], name


def test_a_fill_without_a_cell_is_an_error(averages):
    with pytest.raises(AssignmentError, match="no cell named `nowhere`"):
        solve(build_starter(averages), {"nowhere": "x"})
