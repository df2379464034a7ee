"""Choice: which of several notebooks counts, and only where that is certain."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from grader.assignment import Assignment
from grader.errors import SubmissionError
from grader.intake.contents import Contents, which_counts
from grader.notebook import parse

_MOST = 20


def choose(
    found: Contents, assignment: Assignment, known: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return the name of the notebook that counts, and a receipt where there were several.

    It counts where it is `known` beforehand, where it alone says that it belongs to the assignment,
    or where none says so and it alone has the name of the notebook that was handed out. Copies of
    one notebook are one.

    Raises SubmissionError where it is not clear which one counts.
    """
    names = sorted(found.notebooks)
    if known is not None and known in found.notebooks:
        return known, ()
    if len(names) == 1:
        return names[0], ()
    different = list({found.notebooks[name]: name for name in reversed(names)}.values())
    if len(different) == 1:
        return names[0], (f"the {len(names)} notebooks are copies of one: {names[0]}",)
    if len(different) <= _MOST:
        marks = {name: _mark(found.notebooks[name]) for name in different}
        certain = _certain(marks, assignment)
        if certain is not None:
            return certain, (
                f"of {len(names)} notebooks `{certain[:80]}` was graded: it alone belongs to "
                f"{assignment.name}",
            )
    raise SubmissionError(which_counts(names, "notebooks", found.where))


def _certain(marks: Mapping[str, str | None], assignment: Assignment) -> str | None:
    own = [name for name, mark in marks.items() if mark == assignment.name]
    if not own:
        handed_out = (assignment.starter.name, f"{assignment.name}.ipynb")
        own = [
            name
            for name, mark in marks.items()
            if mark is None and PurePosixPath(name).name in handed_out
        ]
    return own[0] if len(own) == 1 else None


def _mark(data: bytes) -> str | None:
    try:
        return parse(data).assignment
    except SubmissionError:
        return None
