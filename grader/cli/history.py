"""`grader history`: how a student came to their score."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import WRONG_COMMAND, database_option, errors, folder_argument, opened

if TYPE_CHECKING:
    from grader.facts import Facts
    from grader.history import Step


@click.command()
@folder_argument
@click.argument("student")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
@database_option
def history(folder: Path, student: str, form: str, database: str | None) -> None:
    """Show every mark of STUDENT (id, name or email): when, by which command, what changed.

    Exit status: 0 the history is shown; 2 nobody, or more than one, is called that.
    """
    with errors(), opened(folder, database) as book:
        found = book.matching(student)
        from grader.history import steps

        if len({facts.id for _, facts in found}) != 1:
            _choose(student, [facts for _, facts in found])
            sys.exit(WRONG_COMMAND)
        listed = [
            (
                assignment,
                facts,
                list(steps(book.history(assignment, facts.id), book.marking_since(assignment))),
            )
            for assignment, facts in found
        ]
        if form == "json":
            plain = [_plain(*each) for each in listed]
            text = json.dumps(plain, indent=2, ensure_ascii=False, default=datetime.isoformat)
            click.echo(text)
        else:
            for each in listed:
                _print(*each)


def _choose(student: str, found: "Sequence[Facts]") -> None:
    if not found:
        click.echo(f"grader: nobody in the gradebook is called `{student}`.", err=True)
        return
    click.echo(f"grader: several are called `{student}`; name one by its id:", err=True)
    for facts in {facts.id: facts for facts in found}.values():
        about = [facts.student or "", facts.identity.get("email", "")]
        click.echo(f"  {facts.id}  {', '.join(filter(None, about))}".rstrip(), err=True)


def _plain(assignment: str, facts: "Facts", steps: "Sequence[Step]") -> dict[str, object]:
    return {
        "assignment": assignment,
        "submission": facts.id,
        "student": facts.student,
        "steps": [asdict(step) for step in steps],
    }


def _print(assignment: str, facts: "Facts", steps: "Sequence[Step]") -> None:
    from rich.table import Table
    from rich.text import Text

    from grader.feedback.terminal import clean, console, points

    def shown(score: float | None) -> str:
        return "–" if score is None else points(score)

    out = console(sys.stdout)
    name = f"{facts.student} · " if facts.student else ""
    out.print(Text(clean(f"{assignment} · {name}{facts.id}"), style="bold"))
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("when, UTC", width=16)
    table.add_column("points", width=17)
    table.add_column("what changed, and by which command", ratio=1, overflow="fold")
    for step in steps:
        most = f" / {points(step.max_score)}" if step.max_score is not None else ""
        score = f"{shown(step.before)} → {shown(step.after)}{most}"
        command = f"{step.command.line}  (version {step.version}, grader {step.command.engine}, "
        command += f"{step.command.user})"
        what = Text(clean("\n".join(step.changes)) + "\n").append(clean(command), style="dim")
        table.add_row(f"{step.at:%Y-%m-%d %H:%M}", Text(score), what)
    out.print(table)
