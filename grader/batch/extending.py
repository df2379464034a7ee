"""Extending: put a table of extensions into the gradebook; what it holds already is not added."""

from collections.abc import Sequence

from grader.assignment import Assignment
from grader.extensions import read_extensions
from grader.facts import facts_of
from grader.gradebook import Command, Gradebook
from grader.intake import Upload


def extend(
    book: Gradebook,
    command: Command,
    assignment: Assignment,
    uploads: Sequence[Upload],
    table: bytes,
) -> None:
    """Add the extensions of a CSV. Raises UsageError that lists every row with a fault."""
    known = {facts.id: facts for facts in book.facts(assignment.name)}
    known |= {upload.id: facts_of(upload, "") for upload in uploads}
    before = book.extensions(assignment.name)
    found = read_extensions(table, tuple(known.values()))
    new = [each for each in found if before.get(each.submission) != each]
    if new:
        book.add_extensions(command, assignment.name, new)
