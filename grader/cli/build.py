"""`grader build`: starter.ipynb from notebook.py."""

from pathlib import Path

import click

from grader.cli.common import assignment_option, course_option, errors, find_assignment


@click.command()
@assignment_option
@course_option
def build(name: str | None, course: Path | None) -> None:
    """Make starter.ipynb from notebook.py."""
    with errors():
        assignment = find_assignment(course, name)
        from grader.build import build_starter

        text = build_starter(assignment).encode()
        from grader.store import write

        write(assignment.starter, text)
    click.echo(f"{assignment.starter}: {len(text):,} bytes")
