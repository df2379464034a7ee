"""`grader regrade`: a class as the assignment is now judges it; shown, and written if accepted."""

import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import (
    GRADED,
    NOT_ALL_GRADED,
    assignment_option,
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

        with alone(folder), opened(folder, database) as book:
            from grader.batch.publish import publish
            from grader.batch.regrade import Regrading
            from grader.feedback import difference, terminal

            line = shlex.join(["grader", *sys.argv[1:]])
            assignment, settings = options.assignment, options.settings()
            if assignment.name not in book.assignments():
                raise UsageError(f"{folder} holds no marks of {assignment.name}.")
            versions = book.versions(assignment.name)
            work = Regrading(book, line, assignment, settings, folder)
            _announce(work)
            found = difference.Differences()

            def noted(results: "Iterator[Regraded]") -> "Iterator[Regraded]":
                for each in results:
                    _note(found, each, versions[each.version].files, work)
                    yield each

            with ended_by_signals():
                results = noted(_results(work, options))
                if accept:
                    work.accept(results)
                else:
                    for _ in results:
                        pass
            if form == "json":
                click.echo(json.dumps({**found.to_json(), "accepted": accept}, indent=2))
            else:
                difference.print_differences(found, terminal.console(sys.stdout))
            if accept:
                renewed = publish(book, assignment, settings, folder).renewed
                click.echo(f"Written: {found.total} marks, {renewed} reports and pages.", err=True)
            elif found.total:
                click.echo("Nothing is written yet; --accept writes it.", err=True)
    sys.exit(NOT_ALL_GRADED if found.failures else GRADED)


def _announce(work: "Regrading") -> None:
    scope = work.scope
    if scope.same:
        click.echo(f"{len(scope.same)} were marked by the assignment as it is.", err=True)
    if scope.left:
        click.echo(
            f"{len(scope.left)} were never run; `grader grade` with the same -o tries them again.",
            err=True,
        )
    if scope.rerun:
        click.echo(
            f"The probes (or what their inputs are drawn from) have changed since "
            f"{len(scope.rerun)} notebooks ran: these are run again.",
            err=True,
        )


def _results(work: "Regrading", options: Options) -> "Iterator[Regraded]":
    """Yield everything that the regrade is about, with a progress bar."""
    from grader import device

    judge, rerun = len(work.scope.judge), len(work.scope.rerun)
    workers = device.workers(options.jobs, judge)
    parts = [counted(work.judged(workers), judge, "judging")] if judge else []
    if not rerun:
        yield from chain(*parts)
        return
    with ready(options, rerun) as prepared:
        again = work.rerun(prepared.pool, prepared.workers)
        yield from chain(*parts, counted(again, rerun, "running"))


def _note(
    found: "Differences", each: "Regraded", files: "Mapping[str, str]", work: "Regrading"
) -> None:
    from grader.feedback.difference import changed_files

    if each.failure:
        found.failures.append((each.facts.id, each.failure))
        return
    why = "the notebook ran again" if each.frames else ""
    found.add(each.before, each.now, changed_files(files, work.version.files), why)
