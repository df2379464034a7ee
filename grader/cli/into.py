"""Into: grade a class into a folder and its gradebook, from where an earlier command stopped."""

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.ready import Options, ready
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.batch.grading import ClassGrading
    from grader.gradebook import Gradebook
    from grader.intake.collection import Collection
    from grader.report import Report

STOPPED = 130
BOOK = "gradebook.sqlite"
# A class of more than this is summed up on one screen; the table of a smaller one fits it.
FITS_A_SCREEN = 12


@contextlib.contextmanager
def gradebook(folder: Path, database: str | None) -> Iterator["Gradebook"]:
    """Give the gradebook of a folder, or the one in the database that is named."""
    from grader.gradebook import open_gradebook

    with contextlib.closing(open_gradebook(database or folder / BOOK)) as book:
        yield book


def line() -> str:
    """Return the command as it was typed."""
    return shlex.join(["grader", *sys.argv[1:]])


def grade_into(
    folder: Path,
    collection: "Collection",
    options: Options,
    extensions: Path | None,
    database: str | None,
) -> "list[Report]":
    """Grade what has no mark yet; print the class; return the reports of all that was handed in.

    Raises UsageError where another command writes to the folder.
    """
    from grader.batch.folder import alone

    assignment = options.assignment
    with alone(folder), gradebook(folder, database) as book:
        # A warm process is started before torch is imported here, so that both load at once.
        with ready(options, len(collection.uploads)) as prepared:
            from grader.batch import listing
            from grader.batch.extending import extend
            from grader.batch.grading import ClassGrading
            from grader.batch.publish import publish

            settings = prepared.settings
            command = book.begin(line())
            if extensions:
                extend(book, command, assignment, collection.uploads, extensions.read_bytes())
            work = ClassGrading(collection.uploads, assignment, settings, folder, book, command)
            _run(work, work.local(prepared.pool, prepared.workers), folder)
            listing.save(collection, folder)
            publish(book, assignment, settings, folder)
        return _shown(book, collection, work, folder)
