"""`grader verify`: an assignment proves itself."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import (
    assignment_option,
    counted,
    course_option,
    ended_by_signals,
    errors,
    find_assignment,
)

if TYPE_CHECKING:
    from grader.verify import Proof


@click.command()
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
    with errors():
        assignment = find_assignment(course, name)
        from grader import device as devices
        from grader.pipeline import Settings
        from grader.verify import certify
        from grader.verify import verify as prove

        settings = Settings(devices.resolve(device))

        def proofs() -> "Iterator[Proof]":
            yield from prove(assignment, settings)
            if not quick:
                yield from certify(assignment, settings, counted, seeds if stability else 0, table)

        faults = 0
        with ended_by_signals():
            for proof in proofs():
                faults += bool(proof.fault)
                click.secho("✗ " if proof.fault else "✓ ", nl=False, fg=_colour(not proof.fault))
                click.echo(proof.rule)
                if proof.fault:
                    click.echo(f"    {proof.fault}")
    click.echo(f"{assignment.name}: {'every rule holds' if not faults else f'{faults} faults'}.")
    sys.exit(1 if faults else 0)


def _colour(good: bool) -> str:
    return "green" if good else "red"
