"""Affected: which questions a changed assignment may mark otherwise, by the files that differ."""

from pathlib import PurePosixPath

from grader.assignment import AssignmentFile
from grader.gradebook import Version
from grader.gradebook.versions import changed_files

Captures = dict[str, tuple[str, ...]]


def affected(before: Version, now: Version) -> frozenset[str]:
    """Return the questions that have to be judged again, by name.

    A question's test files are its own, and so is its table in assignment.toml; whatever else
    differs may matter to all. Who follows a question that is judged again is judged again.
    """
    names = frozenset(question.name for question in now.settings.questions)
    old = {question.name: question for question in before.settings.questions}
    found = {q.name for q in now.settings.questions if old.get(q.name) != q}
    for path in changed_files(before.files, now.files):
        if path == "assignments/assignment.toml":
            continue
        place = PurePosixPath(path)
        if place.parent.name != "tests" or len(place.parts) != 3:
            return names
        if place.stem not in names | old.keys():
            return names
        found.add(place.stem)
    for question in now.settings.questions:
        if found & question.follows.keys():
            found.add(question.name)
    return names & found


def captures(settings: AssignmentFile) -> Captures:
    """Return the names that each question captures."""
    return {question.name: question.captures for question in settings.questions}


def answer_cells(settings: AssignmentFile) -> dict[str, str]:
    """Return the cell of each question's written answer."""
    return {q.name: q.manual.cell for q in settings.questions if q.manual}
