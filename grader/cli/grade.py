"""`grader grade`: notebooks to reports."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.assignment import Assignment
from grader.cli.common import (
    GRADED,
    NOT_ALL_GRADED,
    assignment_option,
    course_option,
    ended_by_signals,
    errors,
    find_assignment,
)
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.feedback.page import View
    from grader.intake import Upload
    from grader.pipeline import Graded, Settings
    from grader.report import Report
    from grader.sandbox.worker import Pool

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
    help="Keep a report, pages and a snapshot of each submission in this folder.",
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="How many at once. Default: all cores.")
@click.option(
    "--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", show_default=True
)
@click.option(
    "--allow-unsandboxed", is_flag=True, help="Grade although nothing confines student code here."
)
@click.option("--seed", help="Draw the probes' inputs from this instead of the course's secret.")
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
) -> NoReturn:
    """Grade notebooks: files, zips, or folders of them.

    One notebook: its report on stdout. Several: a table, and with -o a file each.

    Exit status: 0 every submission was graded, whatever the marks; 1 some could not be; 2 the
    command was wrong.
    """
    with errors():
        assignment = find_assignment(course, name)
        # Imported here, so that --help and mistakes answer at once.
        from grader import device as devices
        from grader import intake
        from grader.sandbox.worker import Pool

        for path in paths:
            if not path.exists():
                raise UsageError(f"no such file or folder: {path}")
        uploads = intake.gather(paths)
        if form == "html" and output is None and len(uploads) > 1:
            raise UsageError("--format html with several submissions needs -o DIR for the pages.")
        workers = min(jobs or devices.processors(), len(uploads))
        warm = len(uploads) > 2 * workers
        where = devices.resolve(device)
        with (
            ended_by_signals(),
            Pool(assignment, where, warm=warm, unsandboxed=allow_unsandboxed) as pool,
        ):
            # They import torch while this process does.
            pool.start(workers)
            from grader.pipeline import Settings

            settings = Settings(where, seed, allow_unsandboxed)
            reports, page = [], ""
            for graded in _graded(uploads, assignment, settings, pool, workers, output):
                # Of a class only the reports are kept in memory.
                reports.append(graded.report)
                if form == "html" and len(uploads) == 1:
                    page = _page(graded, assignment, view)
    reports.sort(key=lambda report: report.submission.id)
    if output is not None:
        _save_class(reports, assignment, output)
    if page:
        click.echo(page)
    else:
        _print(reports, form, single=len(uploads) == 1, output=output)
    sys.exit(GRADED if all(r.status == "graded" for r in reports) else NOT_ALL_GRADED)


def _graded(
    uploads: "Sequence[Upload]",
    assignment: Assignment,
    settings: "Settings",
    pool: "Pool",
    workers: int,
    output: Path | None,
) -> "Iterator[Graded]":
    """Grade all uploads, showing progress for several, saving each as soon as it is done."""
    import torch

    from grader import pipeline, store

    # The processors are for the notebooks: checks are small.
    torch.set_num_threads(1)
    each = pipeline.grade_all(uploads, assignment, settings, pool, workers)
    for graded in _with_progress(each, len(uploads)):
        if output is not None:
            store.save(graded, assignment, output)
        yield graded


def _with_progress(graded: "Iterable[Graded]", total: int) -> "Iterator[Graded]":
    """Pass submissions on, with a progress bar on stderr where there are several."""
    if total == 1:
        yield from graded
        return
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]}"),
    )
    bad = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total, bad="")
        for each in graded:
            bad += each.report.status != "graded"
            progress.update(task, advance=1, bad=f"{bad} not graded" if bad else "")
            yield each


def _save_class(reports: "list[Report]", assignment: Assignment, output: Path) -> None:
    from grader import store

    store.save_table(reports, output)
    store.save_index(reports, assignment, output)


def _page(graded: "Graded", assignment: Assignment, view: "View") -> str:
    from grader.feedback.material import gather
    from grader.feedback.page import page

    return page(gather(graded, assignment), view)


def _print(reports: "list[Report]", form: str, *, single: bool, output: Path | None) -> None:
    from grader.feedback import terminal

    if form == "json":
        data = [report.to_json() for report in reports]
        click.echo(json.dumps(data[0] if single else data, indent=2, ensure_ascii=False))
    elif form == "html":
        click.echo(f"pages in {output}/feedback and {output}/staff; start at {output}/index.html")
    elif single:
        terminal.print_report(reports[0], terminal.console(sys.stdout))
    else:
        terminal.print_table(reports, terminal.console(sys.stdout))
        if output is not None:
            click.echo(f"Reports, pages and snapshots are in {output}; start at index.html.")
