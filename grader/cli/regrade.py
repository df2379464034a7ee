"""`grader regrade`: a class as the assignment is now judges it; shown, and written if accepted."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import (
    GRADED,
    NOT_ALL_GRADED,
    assignment_option,
    command_line,
    counted,
    course_option,
    database_option,
    ended_by_signals,
    errors,
    find_assignment,
    folder_argument,
    opened,
)
from grader.cli.ready import Options, ready
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.batch.regrade import Regraded, Regrading
    from grader.feedback.difference import Differences


@click.command()
@folder_argument
@assignment_option
@course_option
@database_option
@click.option("--accept", is_flag=True, help="Write the new marks, reports and pages.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
@click.option("-j", "--jobs", type=click.IntRange(1), help="How many at once. Default: all cores.")
@click.option(
    "--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", show_default=True
)
@click.option("--allow-unsandboxed", is_flag=True, help="Run notebooks although nothing confines.")
@click.option("--seed", help="As in `grader grade`, where it was given there.")
def regrade(
    folder: Path,
    name: str | None,
    course: Path | None,
    database: str | None,
    accept: bool,
    form: str,
    jobs: int | None,
    device: str,
    allow_unsandboxed: bool,
    seed: str | None,
) -> NoReturn:
    """Apply changed tests, points, tolerances or misconceptions to a class that was graded.

    DIR is what `grader grade -o DIR` made. No student code is run, except where the probes have
    changed: this is said, and only what needs it runs. The difference is shown; nothing is written
    without --accept.

    Exit status: 0 all could be judged again; 1 some could not and keep their marks; 2 the command
    was wrong.
    """
    with errors():
        options = Options(find_assignment(course, name), jobs, device, seed, allow_unsandboxed)
        from grader.batch.folder import alone

        with opened(folder, database) as book, alone(folder):
            from grader.batch.publish import publish
            from grader.batch.regrade import Regrading
            from grader.feedback import difference, terminal

            assignment, settings = options.assignment, options.settings()
            if assignment.name not in book.assignments():
                raise UsageError(f"{folder} holds no marks of {assignment.name}.")
            work = Regrading(book, command_line(), assignment, settings, folder)
            rules = work.rules_changed
            _announce(work)
            found = difference.Differences()
            with ended_by_signals():
                _run_again(work, options)
                results = _noted(_judged(work, options), found, work)
                if accept:
                    work.accept(results)
                    renewed = publish(book, assignment, settings, folder).renewed
                else:
                    for _ in results:
                        pass
            if form == "json":
                click.echo(json.dumps({**found.to_json(), "accepted": accept}, indent=2))
            elif found.total or found.failures:
                difference.print_differences(found, terminal.console(sys.stdout))
            else:
                click.echo("No mark to change.")
            if accept:
                click.echo(f"Written: {found.total} marks, {renewed} reports and pages.", err=True)
            elif found.total or rules:
                click.echo("Nothing is written yet; --accept writes it.", err=True)
    sys.exit(NOT_ALL_GRADED if found.failures else GRADED)


def _announce(work: "Regrading") -> None:
    scope = work.scope
    if scope.same:
        click.echo(f"{len(scope.same)} were marked by the assignment as it is.", err=True)
    if scope.left:
        click.echo(
            f"{len(scope.left)} have no mark: their files could not be graded, or we failed.",
            err=True,
        )
    if scope.rerun:
        click.echo(
            "Probes, captured names or the seed have changed since "
            f"{len(scope.rerun)} notebooks ran.",
            err=True,
        )
        click.echo(
            f"They run again, identical ones once: {len(work.waiting)} to run, the others have.",
            err=True,
        )
    if work.rules_changed:
        click.echo("Lateness or rounding has changed: --accept applies it to all marks.", err=True)


def _run_again(work: "Regrading", options: Options) -> None:
    if count := len(work.waiting):
        with ready(options, count) as prepared:
            for _ in counted(work.run_again(prepared.pool, prepared.workers), count, "running"):
                pass


def _judged(work: "Regrading", options: Options) -> "Iterator[Regraded]":
    """Yield everything that the regrade is about, with a progress bar."""
    from grader import device

    count = len(work.scope.judge) + len(work.scope.rerun)
    if count:
        yield from counted(work.results(device.workers(options.jobs, count)), count, "judging")


def _noted(
    results: "Iterator[Regraded]", found: "Differences", work: "Regrading"
) -> "Iterator[Regraded]":
    from grader.gradebook.versions import changed_files

    files = {
        number: changed_files(version.files, work.version.files)
        for number, version in work.versions.items()
    }
    for each in results:
        if each.failure:
            found.failures.append((each.facts.id, each.failure))
        else:
            found.add(each.before, each.now, files[each.version], each.ran)
        yield each
