"""Reading: turn an upload into a Submission, or refuse it with a sentence for the student."""

from collections.abc import Iterator
from hashlib import sha256

from grader.assignment import Assignment
from grader.errors import SubmissionError
from grader.intake.choice import choose
from grader.intake.contents import contents, digest
from grader.intake.upload import Submission, Upload
from grader.notebook import CodeCell, Notebook, parse

_KEPT_RECEIPTS = 8


def read(upload: Upload, assignment: Assignment) -> Submission:
    """Read an upload.

    Raises SubmissionError, whose message is for the student, where it cannot be graded.
    """
    found = contents(upload.path)
    name, chosen = choose(found, assignment, upload.notebook)
    notebook = parse(found.notebooks[name])
    _check_assignment(notebook, assignment)
    cells = notebook.code_cells()
    _check_names(cells, assignment)
    several = found.where == "folder" and len(found.notebooks) > 1
    return Submission(
        id=upload.id,
        student=upload.student,
        sha256=sha256(found.notebooks[name]).hexdigest() if several else digest(upload),
        cells=cells,
        answers=_answers(notebook, assignment),
        receipts=upload.receipts
        + found.receipts
        + chosen
        + notebook.receipts
        + tuple(_receipts(notebook, cells, assignment)),
        notebook=notebook,
        companions=found.companions(name),
    )


def _check_assignment(notebook: Notebook, assignment: Assignment) -> None:
    if notebook.assignment not in (None, assignment.name):
        raise SubmissionError(
            f"This is the notebook of another assignment, `{str(notebook.assignment)[:60]}`; "
            f"expected `{assignment.name}` ({assignment.settings.title})."
        )


def _check_names(cells: tuple[CodeCell, ...], assignment: Assignment) -> None:
    """Refuse a notebook in which nothing that the assignment asks for is ever named."""
    asked = set(assignment.captures)
    if any(asked & cell.names for cell in cells):
        return
    some = ", ".join(assignment.captures[:3])
    raise SubmissionError(
        f"This seems to be another notebook: expected `{assignment.name}` "
        f"({assignment.settings.title}), but none of the names it asks for ({some}, …) is in it. "
        "Hand in that notebook."
    )


def _answers(notebook: Notebook, assignment: Assignment) -> dict[str, str]:
    """Return the written answers by question, for a person to read; untouched ones are left out."""
    cells = {q.name: q.manual.cell for q in assignment.questions if q.manual}
    if not cells:
        return {}
    blank = parse(assignment.starter.read_bytes()) if assignment.starter.is_file() else None
    written = {}
    for question, cell in cells.items():
        if _lost_answer(notebook, cell, assignment):
            written[question] = ""
            continue
        text = (notebook.text_of(cell) or "").strip()
        untouched = (blank.text_of(cell) or "").strip() if blank else ""
        if text and text != untouched:
            written[question] = text
    return written


def _lost_answer(notebook: Notebook, cell: str, assignment: Assignment) -> bool:
    """Return whether this assignment's own notebook came back without the cell of an answer."""
    return notebook.assignment == assignment.name and notebook.text_of(cell) is None


def _receipts(
    notebook: Notebook, cells: tuple[CodeCell, ...], assignment: Assignment
) -> Iterator[str]:
    if notebook.version not in (None, assignment.version):
        yield (
            f"the notebook was handed out as version {str(notebook.version)[:20]}; it was graded "
            f"as version {assignment.version}"
        )
    for question in assignment.questions:
        if question.manual and _lost_answer(notebook, question.manual.cell, assignment):
            yield (
                f"the cell of the written answer to {question.name} could not be found; a person "
                "has to look for it"
            )
    skipped = [(cell.index, command) for cell in cells for command in cell.commands]
    for index, command in skipped[:_KEPT_RECEIPTS]:
        yield f"cell {index}: `{command[:80]}` was not run: no shell commands while grading"
    if len(skipped) > _KEPT_RECEIPTS:
        yield f"{len(skipped) - _KEPT_RECEIPTS} more shell commands were not run"
