"""Common to the commands: options, exit statuses, errors in one sentence, signals, progress."""

import contextlib
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.assignment import Assignment, Course, find_course
from grader.batch.folder import BOOK
from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.gradebook import Gradebook

T = TypeVar("T")
GRADED, NOT_ALL_GRADED, WRONG_COMMAND = 0, 1, 2
WIDTH = 80

course_option = click.option(
    "--course",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder with assignments/ and reference/. Default: the nearest above here.",
)
assignment_option = click.option(
    "-a", "--assignment", "name", help="Which assignment. Default: the course's only one."
)
folder_argument = click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
database_option = click.option(
    "--database", metavar="URL", help="The gradebook. Default: DIR/gradebook.sqlite."
)
graded_assignment_option = click.option(
    "-a", "--assignment", "name", help="Which assignment. Default: the gradebook's only one."
)


@contextlib.contextmanager
def opened(folder: Path, database: str | None) -> "Iterator[Gradebook]":
    """Open the gradebook of a folder that `grader grade -o` made, or the one at a URL or path."""
    from grader.gradebook import open_gradebook

    place = database or str(folder / BOOK)
    path = Path(place)
    if "://" not in place and not path.is_file():
        raise UsageError(
            f"no {path.name} in {path.parent}: expected a folder that `grader grade -o DIR` made. "
            "Name a gradebook elsewhere with --database URL."
        )
    with said_plainly(place), contextlib.closing(open_gradebook(place)) as book:
        yield book


@contextlib.contextmanager
def said_plainly(
    place: str, then: str = "Marks are in it whole or not at all; the command can be repeated."
) -> Iterator[None]:
    """Say in a sentence why a gradebook could not be read or written, and what holds `then`."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        shown = make_url(place).render_as_string() if "://" in place else place
        why = str(error.orig).strip().splitlines()[0]
        raise UsageError(f"the gradebook {shown} could not be used: {why}. {then}") from error


def command_line() -> str:
    """Return the command as it was typed."""
    return shlex.join(["grader", *sys.argv[1:]])


def assignment_of(book: "Gradebook", name: str | None) -> str:
    """Return the assignment that `-a` names, or the gradebook's only one."""
    names = book.assignments()
    if name is None and len(names) == 1:
        return names[0]
    if name is None or name not in names:
        raise UsageError(f"say which assignment with -a NAME; found: {', '.join(names) or 'none'}.")
    return name


def find_assignment(course: Path | None, name: str | None) -> Assignment:
    """Return the assignment that the options name. Raises UsageError where they name none."""
    if course is not None and not course.is_dir():
        raise UsageError(f"no such folder: {course}")
    found: Course = find_course(course or Path.cwd())
    if name is None:
        names = found.names()
        if len(names) != 1:
            listed = ", ".join(names) or "none"
            raise UsageError(f"say which assignment with -a NAME; found: {listed}.")
        name = names[0]
    return found.assignment(name)


def counted(found: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Pass things on, with a progress bar on stderr."""
    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(found, total=total)


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """End the command with status 2 and one sentence where it cannot be carried out."""
    try:
        yield
    except GraderError as error:
        from grader.feedback.terminal import clean

        # What students and platforms wrote can be in it: it must not drive the terminal.
        click.echo(f"grader: {clean(str(error))}", err=True)
        sys.exit(WRONG_COMMAND)
    except OSError as error:
        # A full disk, a folder that may not be written: said plainly, nothing half-written.
        where = f" ({error.filename})" if error.filename else ""
        click.echo(f"grader: {error.strerror or error}{where}", err=True)
        sys.exit(WRONG_COMMAND)
    except KeyboardInterrupt:
        click.echo("grader: stopped. With -o, what was finished before is kept.", err=True)
        sys.exit(130)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that nothing is left running."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
