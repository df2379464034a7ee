"""Into: grade a class into a folder and its gradebook, from where an earlier command stopped."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import command_line, ended_by_signals, said_plainly
from grader.cli.ready import Afar, Options, Ready, ready, ready_afar
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.batch.plan import Assigned, Plan
    from grader.intake.collection import Collection
    from grader.report import Report

STOPPED = 130
GOES_ON = "What was graded before is kept; the same command goes on from there."
# A class of more than this is summed up on one screen; the table of a smaller one fits it.
FITS_A_SCREEN = 12


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

    Except for `--format json` and for a single submission they are thin. Raises UsageError where
    another command writes to the folder, another assignment is in it, or the gradebook cannot be
    written.
    """
    from grader.batch.folder import BOOK, UNDONE, alone
    from grader.gradebook import open_gradebook

    place = database or str(folder / BOOK)
    with (
        alone(folder),
        ended_by_signals(),
        said_plainly(place, GOES_ON),
        contextlib.closing(open_gradebook(place)) as book,
    ):
        from grader.batch import listing
        from grader.batch.plan import assigned
        from grader.batch.publish import publish
        from grader.intake.collection import handed_in_before

        assignment = options.assignment
        if others := set(book.assignments()) - {assignment.name}:
            raise UsageError(
                f"{folder} holds marks of {', '.join(sorted(others))}: name another folder "
                f"with -o for {assignment.name}."
            )
        settings = options.settings(afar=scheduler is not None)
        command = book.begin(command_line())
        if extensions:
            from grader.batch.extending import extend

            extend(book, command, assignment, collection.uploads, extensions.read_bytes())
        before = {facts.id: facts.identity for facts in book.facts(assignment.name)}
        collection = handed_in_before(collection, before)
        listing.save(collection, folder)
        work = assigned(collection.uploads, assignment, settings, folder, book, command)
        new = _graded(work, options, scheduler) if work.plan.total else 0
        if (folder / UNDONE).exists():
            from grader.batch import again

            again.install(book, assignment.name, folder)
        published = publish(book, assignment, settings, folder)
        given = {upload.id for upload in collection.uploads}
        reports = [each for each in published.reports if each.submission.id in given]
        if form == "text" and len(given) > 1:
            _show(reports, collection, work.plan, new, folder)
        if form == "json" or len(given) == 1:
            return [report for facts, report in book.settled(assignment.name) if facts.id in given]
        return reports


def _graded(work: "Assigned", options: Options, scheduler: str | None) -> int:
    """Do what is still to be done, showing progress; return how many were graded."""
    plan, total = work.plan, len(work.uploads)
    before, new = total - plan.total, 0
    # The warm processes are started before torch is imported here, so that both load at once.
    getting_ready: contextlib.AbstractContextManager[Ready | Afar] = (
        ready_afar(options, scheduler) if scheduler else ready(options, len(plan.todo))
    )
    with getting_ready as prepared:
        from grader.batch.grading import ClassGrading
        from grader.cli.progress import ClassProgress

        grading = ClassGrading(work)
        try:
            with ClassProgress(total, before) as progress:
                for report in grading.run(prepared.grader(grading, progress.started)):
                    progress.finished(report)
                    new += 1
        except KeyboardInterrupt:
            click.echo(
                f"grader: stopped. {before + new} of {total} are graded and kept in "
                f"{work.folder}; the same command goes on from there.",
                err=True,
            )
            sys.exit(STOPPED)
    return new


def _show(
    reports: "list[Report]", collection: "Collection", plan: "Plan", new: int, folder: Path
) -> None:
    from grader.feedback import summary, terminal

    out = terminal.console(sys.stdout)
    tabled = len(reports) <= FITS_A_SCREEN
    if tabled:
        terminal.print_table(reports, out)
    tally = summary.Tally(new, len(plan.done), len(plan.other))
    summary.print_summary(reports, collection, tally, str(folder), out, tabled=tabled)
