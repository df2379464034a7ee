"""Command line: strings become types, one public function is called, one exit status returned."""

import click

from grader import __version__
from grader.cli.build import build
from grader.cli.doctor import doctor
from grader.cli.export import export
from grader.cli.grade import grade
from grader.cli.history import history
from grader.cli.manual import manual
from grader.cli.regrade import regrade
from grader.cli.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade PyTorch notebook exercises.

    Start with `grader grade NOTEBOOK`; `grader doctor` says what this machine can do.
    """


for _command in (grade, regrade, manual, export, history, verify, build, doctor):
    main.add_command(_command)
