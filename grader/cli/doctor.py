"""`grader doctor`: what this machine can do for grading."""

import sys
import textwrap
from typing import NoReturn

import click

from grader.cli.common import WIDTH


@click.command()
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
