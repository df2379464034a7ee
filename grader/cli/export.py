"""`grader export`: marks in the shape in which a platform takes them."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import (
    WIDTH,
    assignment_option,
    course_option,
    database_option,
    errors,
    find_assignment,
    opened,
)
from grader.errors import UsageError
from grader.standing import Standing

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.platforms.base import Export
    from grader.report import Report

PLATFORMS = ("canvas", "moodle", "gradescope", "nbgrader", "csv")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--to", "platform", type=click.Choice(PLATFORMS), required=True)
@assignment_option
@course_option
@click.option(
    "--template",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Canvas: the gradebook it exports. Moodle: the grading worksheet it offers.",
)
@click.option("--column", help="Canvas: the assignment's title or id. Default: by our title.")
@click.option("--scale", is_flag=True, help="Canvas, Moodle: multiply marks to fit its maximum.")
@click.option("--feedback", is_flag=True, help="Moodle: also a zip of the students' pages.")
@click.option("--ungradable-as-zero", is_flag=True, help="0 where the upload could not be graded.")
@click.option("--absent-as-zero", is_flag=True, help="0 for who handed in nothing.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here. Default: DIR/export/.",
)
@click.option("--force", is_flag=True, help="Let -o replace a file that is there.")
@database_option
def export(
    folder: Path,
    platform: str,
    name: str | None,
    course: Path | None,
    template: Path | None,
    column: str | None,
    scale: bool,
    feedback: bool,
    ungradable_as_zero: bool,
    absent_as_zero: bool,
    output: Path | None,
    force: bool,
    database: str | None,
) -> None:
    """Export the marks in DIR, which `grader grade -o DIR` made.

    canvas and moodle fill in a file of theirs (--template), which is then imported there.
    gradescope makes an autograder zip that hands each submission its mark. nbgrader and csv are
    tables for other tools. A submission without a mark is blank and named, never 0 by itself.

    Exit status: 0 the files are written, whatever did not fit; 2 the command was wrong, and nothing
    is written.
    """
    with errors():
        _check_options(platform, template, column, scale, feedback)
        assignment = find_assignment(course, name)
        base = output or folder / "export" / ("submissions" if platform == "csv" else platform)
        content = template.read_bytes() if template else None
        # Imported here, so that --help and mistakes answer at once.
        from grader.batch.listing import everybody
        from grader.platforms import exporter
        from grader.platforms.base import Options
        from grader.store import write

        options = Options(
            assignment=assignment.name,
            title=assignment.settings.title,
            template=content,
            column=column,
            scale=scale,
            ungradable_as_zero=ungradable_as_zero,
            absent_as_zero=absent_as_zero,
            page=_pages(folder) if feedback else None,
            report=_reports(folder),
        )
        # Gradescope gives a group's members the mark of their one submission by itself.
        with opened(folder, database) as book:
            known = standings(book, assignment.name)
            marks = tuple(everybody(known, folder, members=platform != "gradescope"))
            mixed = _mixed(book, assignment.name)
        if not marks:
            raise UsageError(
                f"no submission of {assignment.name} in {database or folder}: expected a folder "
                "that `grader grade -o DIR` made, or another assignment (-a NAME)."
            )
        made = exporter(platform)(marks, options)
        made = replace(made, remarks=(*mixed, *made.remarks))
        paths = {suffix: _path(base, suffix, made, output) for suffix in made.files}
        _check_paths(tuple(paths.values()), template, output, force)
        for suffix, path in paths.items():
            write(path, made.files[suffix])
    _print(made, tuple(paths.values()))


def standings(book: "Gradebook", assignment: str) -> Iterator[Standing]:
    """Yield where each submission of an assignment stands."""
    return book.standings(assignment)


def _mixed(book: "Gradebook", assignment: str) -> tuple[str, ...]:
    """Return a sentence where the marks are not all of one version of the assignment."""
    digests = {number: version.digest for number, version in book.versions(assignment).items()}
    found = book.marked(assignment).values()
    versions = Counter(digests[each.version] for each in found if each.status == "graded")
    if len(versions) < 2:
        return ()
    few = sum(versions.values()) - max(versions.values())
    return (
        f"the marks come from {len(versions)} versions of the assignment, {few} of them not from "
        "the one that most come from: see `grader regrade` first.",
    )


def _check_options(
    platform: str, template: Path | None, column: str | None, scale: bool, feedback: bool
) -> None:
    """Refuse an option that would be ignored."""
    given = {
        "--template": (template is not None, ("canvas", "moodle")),
        "--column": (column is not None, ("canvas",)),
        "--scale": (scale, ("canvas", "moodle")),
        "--feedback": (feedback, ("moodle",)),
    }
    for option, (is_given, takers) in given.items():
        if is_given and platform not in takers:
            raise UsageError(
                f"{option} does nothing with --to {platform}; it is for {' and '.join(takers)}."
            )
    if template is not None and not template.is_file():
        raise UsageError(f"no such file: {template}")


def _pages(folder: Path) -> Callable[[str], bytes | None]:
    from grader.batch.names import page_names

    def page(submission: str) -> bytes | None:
        path = folder / page_names(submission)["student"]
        return path.read_bytes() if path.is_file() else None

    return page


def _reports(folder: Path) -> "Callable[[str], Report | None]":
    from pydantic import ValidationError

    from grader.batch.names import report_name
    from grader.report import Report

    def report(submission: str) -> Report | None:
        path = folder / report_name(submission)
        if not path.is_file():
            return None
        try:
            return Report.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise UsageError(
                f"{path} is no report that this version reads. Grade the folder again."
            ) from error

    return report


def _path(base: Path, suffix: str, made: "Export", output: Path | None) -> Path:
    """Return where a file goes: -o names the first one exactly, the others lie beside it."""
    if output is None:
        return base.with_name(base.name + suffix)
    first = next(iter(made.files))
    return output if suffix == first else output.with_name(output.stem + suffix)


def _check_paths(
    paths: tuple[Path, ...], template: Path | None, output: Path | None, force: bool
) -> None:
    """Refuse to replace what we have not made: only the names in DIR/export are ours."""
    for path in paths:
        if template is not None and path.resolve() == template.resolve():
            raise UsageError(f"{path} is the template itself. Write elsewhere with -o FILE.")
        if output is not None and path.exists() and not force:
            raise UsageError(f"{path} is there already. Name another file, or say --force.")


def _print(made: "Export", paths: tuple[Path, ...]) -> None:
    from grader.platforms.base import counted

    for path in paths:
        click.echo(path)
    click.echo(f"{counted(made.marks, 'mark', 'marks')} exported.")
    for remark in made.remarks:
        click.echo(_wrapped("! ", remark))
    click.echo(_wrapped("Next: ", made.then))


def _wrapped(lead: str, text: str) -> str:
    return textwrap.fill(
        lead + text,
        WIDTH,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
