"""Into: grade a class into a folder and its gradebook, from where an earlier command stopped."""

import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.progress import ClassProgress
from grader.cli.ready import Afar, Options, Ready, ready, ready_afar
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.batch.grading import ClassGrading
    from grader.gradebook import Gradebook
    from grader.intake.collection import Collection
    from grader.report import Report

STOPPED = 130
# A class of more than this is summed up on one screen; the table of a smaller one fits it.
FITS_A_SCREEN = 12


def line() -> str:
    """Return the command as it was typed."""
    return shlex.join(["grader", *sys.argv[1:]])


def grade_into(
    folder: Path,
    collection: "Collection",
    options: Options,
    extensions: Path | None,
    database: str | None,
    form: str,
    scheduler: str | None = None,
) -> "list[Report]":
    """Grade what has no mark yet and show the class; return the reports of what was handed in.

    Raises UsageError where another command writes to the folder, or another assignment is in it.
    """
    from grader.batch.folder import BOOK, alone

    assignment = options.assignment
    # The warm processes are started before torch is imported here, so that both load at once.
    getting_ready: contextlib.AbstractContextManager[Ready | Afar] = (
        ready_afar(options, scheduler) if scheduler else ready(options, len(collection.uploads))
    )
    with alone(folder), getting_ready as prepared:
        from grader.batch import listing
        from grader.batch.extending import extend
        from grader.batch.grading import ClassGrading
        from grader.batch.publish import publish
        from grader.gradebook import open_gradebook

        with contextlib.closing(open_gradebook(database or folder / BOOK)) as book:
            if others := set(book.assignments()) - {assignment.name}:
                raise UsageError(
                    f"{folder} holds marks of {', '.join(sorted(others))}: name another folder "
                    f"with -o for {assignment.name}."
                )
            command = book.begin(line())
            if extensions:
                extend(book, command, assignment, collection.uploads, extensions.read_bytes())
            settings = prepared.settings
            work = ClassGrading(collection.uploads, assignment, settings, folder, book, command)
            new = _run(work, len(collection.uploads), folder, prepared)
            listing.save(collection, folder)
            publish(book, assignment, settings, folder)
            return _shown(book, collection, work, new, folder, form)


def _run(work: "ClassGrading", total: int, folder: Path, prepared: Ready | Afar) -> int:
    """Do what is planned, showing progress; return how many were graded now."""
    before = total - work.plan.total
    new = 0
    try:
        with ClassProgress(total, before) as progress:
            for report in work.run(prepared.grader(work, progress.started)):
                progress.finished(report)
                new += 1
    except KeyboardInterrupt:
        click.echo(
            f"grader: stopped. {before + new} of {total} are graded and kept in {folder}; the "
            "same command goes on from there.",
            err=True,
        )
        sys.exit(STOPPED)
    return new


def _shown(
    book: "Gradebook",
    collection: "Collection",
    work: "ClassGrading",
    new: int,
    folder: Path,
    form: str,
) -> "list[Report]":
    """Print the class; return the reports of all that was handed in."""
    from grader.batch.publish import slim
    from grader.feedback import summary, terminal

    given = {upload.id for upload in collection.uploads}
    reports = [
        report if form == "json" or len(given) == 1 else slim(report)
        for facts, report in book.settled(work.assignment.name)
        if facts.id in given
    ]
    if form == "text" and len(given) > 1:
        out = terminal.console(sys.stdout)
        if len(given) <= FITS_A_SCREEN:
            terminal.print_table(reports, out)
        tally = summary.Tally(new, len(work.plan.done), len(work.plan.other))
        summary.print_summary(reports, collection, tally, str(folder), out)
    return reports
