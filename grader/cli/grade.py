"""`grader grade`: notebooks to reports."""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import (
    GRADED,
    NOT_ALL_GRADED,
    assignment_option,
    course_option,
    database_option,
    errors,
    find_assignment,
)
from grader.cli.ready import Options, ready
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.feedback.page import View
    from grader.intake.collection import Collection
    from grader.pipeline import Graded
    from grader.report import Report

FORMATS = ("text", "json", "html")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@assignment_option
@course_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--view",
    type=click.Choice(("student", "staff")),
    default="student",
    show_default=True,
    help="Who reads the page of --format html; -o DIR keeps both.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep reports, pages, snapshots and a gradebook in this folder, and go on from there.",
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="How many at once. Default: all cores.")
@click.option(
    "--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", show_default=True
)
@click.option(
    "--allow-unsandboxed", is_flag=True, help="Grade although nothing confines student code here."
)
@click.option("--seed", help="Draw the probes' inputs from this instead of the course's secret.")
@click.option(
    "--roster",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A CSV of the course's students: names for ids, and who handed in nothing.",
)
@click.option(
    "--extensions",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A CSV of students who have more time: student, and due, days or hours (needs -o).",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on the workers of a Dask scheduler, as tcp://HOST:PORT (needs -o).",
)
@database_option
def grade(
    paths: tuple[Path, ...],
    name: str | None,
    course: Path | None,
    form: str,
    view: "View",
    output: Path | None,
    jobs: int | None,
    device: str,
    allow_unsandboxed: bool,
    seed: str | None,
    roster: Path | None,
    extensions: Path | None,
    scheduler: str | None,
    database: str | None,
) -> NoReturn:
    """Grade notebooks: files, zips, folders, or what a course platform hands out for a class.

    One notebook: its report on stdout. Several: a table. With -o DIR everything is kept there, and
    the same command goes on where it was stopped.

    Exit status: 0 every submission was graded, whatever the marks; 1 some could not be; 2 the
    command was wrong.
    """
    with errors():
        assignment = find_assignment(course, name)
        for path in paths:
            if not path.exists():
                raise UsageError(f"no such file or folder: {path}")
        if output is None and (extensions or database or scheduler):
            raise UsageError("--extensions, --database and --scheduler need -o DIR.")
        if scheduler and jobs:
            raise UsageError(
                "-j counts processes here; with --scheduler each worker has as many as it was "
                "started with (`dask worker --nthreads N`). Leave one of the two out."
            )
        options = Options(assignment, jobs, device, seed, allow_unsandboxed)
        with _collected(paths, output, roster) as collection:
            single = len(collection.uploads) == 1
            if form == "html" and output is None and not single:
                raise UsageError(
                    "--format html with several submissions needs -o DIR for the pages."
                )
            if output is None:
                reports = _reports(collection, options, form, view)
            else:
                from grader.cli.into import grade_into

                reports = grade_into(
                    output, collection, options, extensions, database, form, scheduler
                )
    if form == "json":
        data = [report.to_json() for report in reports]
        click.echo(json.dumps(data[0] if single else data, indent=2, ensure_ascii=False))
    elif form == "html" and output is not None:
        click.echo(f"pages in {output}/feedback and {output}/staff; start at {output}/index.html")
    elif form == "text":
        _print(reports, single=single, kept=output is not None)
    sys.exit(GRADED if all(r.status == "graded" for r in reports) else NOT_ALL_GRADED)


def _print(reports: "list[Report]", *, single: bool, kept: bool) -> None:
    from grader.feedback import terminal

    if single:
        terminal.print_report(reports[0], terminal.console(sys.stdout))
    elif not kept:
        terminal.print_table(reports, terminal.console(sys.stdout))


@contextlib.contextmanager
def _collected(
    paths: tuple[Path, ...], output: Path | None, roster: Path | None
) -> "Iterator[Collection]":
    """Give what was handed in; archives are unpacked in the output, else in a folder that goes."""
    from grader.intake.collection import collect
    from grader.intake.roster import read_roster

    students = read_roster(roster) if roster else None
    if output is not None:
        yield collect(paths, output / ".unpacked", students)
        return
    from grader.sandbox import stage

    with stage.temporary() as folder:
        yield collect(paths, folder / "unpacked", students)


def _reports(collection: "Collection", options: Options, form: str, view: "View") -> "list[Report]":
    """Grade and keep nothing; return the reports as they count, sorted by id."""
    uploads = {upload.id: upload for upload in collection.uploads}
    single = len(uploads) == 1
    with ready(options, len(uploads)) as prepared, contextlib.ExitStack() as stack:
        from grader import pipeline, policy
        from grader.batch.thin import Thin
        from grader.cli.progress import ClassProgress
        from grader.facts import facts_of

        progress = None if single else stack.enter_context(ClassProgress(len(uploads)))
        thin, reports = Thin(), []
        for graded in pipeline.grade_all(
            uploads.values(),
            options.assignment,
            prepared.settings,
            prepared.pool,
            prepared.workers,
        ):
            upload = uploads[graded.report.submission.id]
            # No gradebook: lateness, caps and rounding are all that can change what counts.
            facts = facts_of(upload, "", graded)
            report = policy.settle(graded.report, (), facts, options.assignment.settings)
            # Of a class only what the table shows is kept in memory.
            reports.append(report if single or form == "json" else thin(report))
            if progress:
                progress.finished(report)
            if single and form == "html":
                click.echo(_page(replace(graded, report=report), options, view))
    return sorted(reports, key=lambda report: report.submission.id)


def _page(graded: "Graded", options: Options, view: "View") -> str:
    from grader.feedback.material import gather
    from grader.feedback.page import page

    return page(gather(graded, options.assignment), view)
