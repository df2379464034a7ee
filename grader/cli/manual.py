"""`grader manual`: written answers to a sheet, and the marks back into the gradebook."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import (
    assignment_of,
    command_line,
    course_option,
    database_option,
    errors,
    find_assignment,
    folder_argument,
    graded_assignment_option,
    opened,
)
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.gradebook import Gradebook
    from grader.manual import Answer


@click.group()
def manual() -> None:
    """Mark written answers: export a sheet, fill in points, import it."""


@manual.command("export")
@folder_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The sheet. Default: DIR/manual.csv.",
)
@click.option("--names", is_flag=True, help="Show whose answer it is; without, marking is blind.")
@click.option("--force", is_flag=True, help="Write over a sheet that is there.")
@graded_assignment_option
@database_option
def export(
    folder: Path,
    output: Path | None,
    names: bool,
    force: bool,
    name: str | None,
    database: str | None,
) -> None:
    """Write the written answers to a CSV sheet: a row an answer, like beside like.

    Fill in the column `points` (and `comment`, which the student reads), in any spreadsheet.
    """
    with errors():
        path = output or folder / "manual.csv"
        if path.exists() and not force:
            raise UsageError(f"{path} is there already; it may hold marks. --force writes over it.")
        with opened(folder, database) as book:
            assignment, found = _found(book, name)
        from grader.manual import sheet
        from grader.store import write

        write(path, sheet(found, names=names))
    marked = sum(each.given is not None for each in found)
    click.echo(f"{path}: {len(found)} written answers of {assignment}, {marked} marked before.")
    click.echo("Fill in `points` and `comment`; then: grader manual import DIR SHEET")


@manual.command("import")
@folder_argument
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--whole-groups",
    is_flag=True,
    help="The first marked row of a group holds for its rows without points. Read the group "
    'first: "it is" and "it is not" look alike.',
)
@graded_assignment_option
@course_option
@database_option
@click.option("--seed", help="As in `grader grade`, where it was given there.")
def import_(
    folder: Path,
    sheet: Path,
    whole_groups: bool,
    name: str | None,
    course: Path | None,
    database: str | None,
    seed: str | None,
) -> None:
    """Add the marks of a sheet to the gradebook; rows without points are skipped.

    A sheet with a fault is refused whole, and every fault is listed. Reports, pages and grades.csv
    then say the new marks.
    """
    with errors():
        data = sheet.read_bytes()
        from grader.batch.folder import alone

        with opened(folder, database) as book, alone(folder):
            assignment, found = _found(book, name)
            from grader.gradebook import user
            from grader.manual import news, read_sheet

            # A wrong --course is said before anything is added.
            made_from = _in_reach(course, assignment)
            marks = read_sheet(data, found, user(), whole_groups=whole_groups)
            new = news(marks, book.given(assignment))
            if new:
                command = book.begin(command_line())
                book.add_manual_marks(command, assignment, new)
            if made_from is not None:
                from grader.batch.publish import publish
                from grader.settings import Settings

                publish(book, made_from, Settings(secret=seed), folder)
    click.echo(f"{len(marks)} answers with points, {len(new)} of them new or changed.")
    if made_from is None:
        click.echo(
            "No course is in reach (--course DIR): the marks count, and reports, pages and "
            "grades.csv say them after the next `grader grade` or `grader regrade`.",
            err=True,
        )


def _in_reach(course: Path | None, name: str) -> "Assignment | None":
    """Return the assignment that pages are made from; None where no course was named or found."""
    try:
        return find_assignment(course, name)
    except UsageError:
        if course is not None:
            raise
        return None


def _found(book: "Gradebook", name: str | None) -> "tuple[str, tuple[Answer, ...]]":
    from grader.manual import answers

    assignment = assignment_of(book, name)
    found = answers(book.facts(assignment), book.settings(assignment), book.given(assignment))
    if not found:
        raise UsageError(f"no submission of {assignment} has a written answer; nothing to mark.")
    return assignment, found
