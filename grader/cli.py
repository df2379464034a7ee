"""Command line: strings become types, one public function is called, one exit status returned."""

import contextlib
import json
import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader import __version__
from grader.assignment import Assignment, Course, find_course
from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.feedback.page import View
    from grader.intake import Upload
    from grader.pipeline import Graded, Settings
    from grader.report import Report
    from grader.sandbox.worker import Pool

T = TypeVar("T")
GRADED, NOT_ALL_GRADED, WRONG_COMMAND = 0, 1, 2
FORMATS = ("text", "json", "html")
WIDTH = 80

course_option = click.option(
    "--course",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder with assignments/ and reference/. Default: the nearest above here.",
)
assignment_option = click.option(
    "-a", "--assignment", "name", help="Which assignment. Default: the course's only one."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade PyTorch notebook exercises.

    Start with `grader grade NOTEBOOK`; `grader doctor` says what this machine can do.
    """


@main.command()
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
    with _errors():
        assignment = _assignment(course, name)
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
            _ended_by_signals(),
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


@main.command()
@assignment_option
@course_option
def build(name: str | None, course: Path | None) -> None:
    """Make starter.ipynb from notebook.py."""
    with _errors():
        assignment = _assignment(course, name)
        from grader.build import build_starter

        text = build_starter(assignment).encode()
        from grader.store import write

        write(assignment.starter, text)
    click.echo(f"{assignment.starter}: {len(text):,} bytes")


@main.command()
@assignment_option
@course_option
@click.option("--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto")
@click.option("--quick", is_flag=True, help="Leave out the corpus of right and wrong answers.")
@click.option("--stability", is_flag=True, help="Also grade right answers on many inputs (long).")
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True)
@click.option(
    "--table", type=click.Path(path_type=Path, dir_okay=False), help="Write the certificate here."
)
def verify(
    name: str | None,
    course: Path | None,
    device: str,
    quick: bool,
    stability: bool,
    seeds: int,
    table: Path | None,
) -> NoReturn:
    """Let an assignment prove itself.

    The starter earns 0, the solution everything, no hidden file is in reach of student code. Then
    the corpus beside the reference is graded: right answers earn everything, wrong ones lose
    points where they should. The outcome is written to certificate.json beside the reference.

    Exit status: 0 every rule holds; 1 some do not; 2 the command was wrong.
    """
    with _errors():
        assignment = _assignment(course, name)
        from grader import device as devices
        from grader.pipeline import Settings
        from grader.verify import Proof, certify
        from grader.verify import verify as prove

        settings = Settings(devices.resolve(device))

        def proofs() -> "Iterator[Proof]":
            yield from prove(assignment, settings)
            if not quick:
                yield from certify(assignment, settings, _counted, seeds if stability else 0, table)

        faults = 0
        with _ended_by_signals():
            for proof in proofs():
                faults += bool(proof.fault)
                click.secho("✗ " if proof.fault else "✓ ", nl=False, fg=_colour(not proof.fault))
                click.echo(proof.rule)
                if proof.fault:
                    click.echo(f"    {proof.fault}")
    click.echo(f"{assignment.name}: {'every rule holds' if not faults else f'{faults} faults'}.")
    sys.exit(1 if faults else 0)


@main.command()
def doctor() -> NoReturn:
    """Say what this machine can do for grading.

    How it confines student code, what would make that stronger, versions, GPU.

    Exit status: 0 notebooks can be graded here; 1 something that is needed is missing.
    """
    from grader.doctor import examine

    colours = {"ok": "green", "weak": "yellow", "missing": "red"}
    lines = examine()
    for line in lines:
        click.secho(f"{line.state:8}", nl=False, fg=colours[line.state])
        found = textwrap.wrap(line.found, WIDTH - 22) + textwrap.wrap(line.advice, WIDTH - 22)
        click.echo(f"{line.topic:14}" + f"\n{'':22}".join(found))
    sys.exit(1 if any(line.state == "missing" for line in lines) else 0)


def _assignment(course: Path | None, name: str | None) -> Assignment:
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


def _counted(found: "Iterable[T]", total: int, what: str) -> "Iterator[T]":
    """Pass things on, with a progress bar on stderr."""
    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(found, total=total)


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


def _colour(good: bool) -> str:
    return "green" if good else "red"


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """End the command with status 2 and one sentence where it cannot be carried out."""
    try:
        yield
    except GraderError as error:
        click.echo(f"grader: {error}", err=True)
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
def _ended_by_signals() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that nothing is left running."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
