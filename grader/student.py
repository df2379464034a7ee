"""Student: `check("q…")` in the student's own notebook.

Observes with the assignment's own probes, turns what it saw into the same inert values that
cross the sandbox when the notebook is graded, and hands them to otter's `Notebook.check`. So a
student and the grader cannot disagree about a public check. Where one does not pass, the pictures
of the assignment's pictures.py show the student's own values.
"""

import contextlib
import html
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.assignment import Assignment, Question, read_settings
from grader.errors import GraderError, UsageError

PUBLIC_SEED = 20_060_102
_SYMBOLS = {"passed": "✓", "failed": "✗", "not_run": "○"}


@dataclass(frozen=True)
class Feedback:
    """What `check` returns: shown by Jupyter as a short list, by a terminal as text."""

    question: Question
    checks: tuple[Any, ...]
    pictures: tuple[Any, ...] = ()

    @property
    def passed(self) -> bool:
        return all(check.status == "passed" for check in self.checks)

    def __repr__(self) -> str:
        return "\n".join((self._headline(), *self._lines(), self._next_step()))

    def _repr_html_(self) -> str:
        colour = "#1a7f37" if self.passed else "#9a6700"
        items = "".join(
            f"<div style='margin-left:1em'>{_html(line)}</div>" for line in self._lines()
        )
        if not self.passed:
            from grader.feedback.inline import inline

            items += inline([check.message for check in self.checks], self.pictures)
        return (
            f"<div style='border-left:4px solid {colour};padding:4px 12px;margin:4px 0'>"
            f"<strong>{_html(self._headline())}</strong>{items}"
            f"<div style='opacity:.75'>{_html(self._next_step())}</div></div>"
        )

    def _headline(self) -> str:
        right = sum(check.status == "passed" for check in self.checks)
        return f"{self.question.name}: {right} of {len(self.checks)} public checks pass"

    def _lines(self) -> Iterator[str]:
        for check in self.checks:
            yield f"{_SYMBOLS[check.status]} {check.label}"
            if check.status != "passed" and check.message:
                yield f"    {check.message}"

    def _next_step(self) -> str:
        if self.passed:
            return "Go on. When you hand the notebook in, more checks run than these."
        if all(check.status == "not_run" for check in self.checks):
            return (
                "Nothing to check yet: fill in the exercise above, run its cell without an error."
            )
        return "Change the exercise above, run its cell, then run this check again."


@dataclass(frozen=True)
class Excuse:
    """What `check` returns where it cannot check: a sentence, so that "Run all" goes on."""

    sentence: str

    def __repr__(self) -> str:
        return self.sentence


def check(question: str) -> Feedback | Excuse:
    """Run the public checks of `question` on the calling notebook's variables."""
    namespace = sys._getframe(1).f_globals
    try:
        with _only_installed_modules(Path.cwd()):
            return check_namespace(question, namespace, find_assignment(Path.cwd()))
    except GraderError as error:
        return Excuse(str(error))


def check_namespace(
    question: str, namespace: Mapping[str, Any], assignment: Assignment
) -> Feedback:
    """Run the public checks of `question` on the variables in `namespace`."""
    # Imported here, because otter takes a second and a notebook should start at once.
    from grader import checks
    from grader.tolerance import FLOAT32_CPU

    asked = _question(question, assignment)
    values, given = observe(asked, namespace, assignment)
    env = checks.evidence(values, given, FLOAT32_CPU)
    path = assignment.public_tests(asked.name)
    checks.load(path)
    results = _otter_check(path, asked.name, env)
    found = checks.outcomes(path, results)
    wrong = any(check.status == "failed" for check in found)
    return Feedback(asked, found, _pictures(asked, values, given, assignment) if wrong else ())


def _pictures(
    question: Question,
    values: Mapping[str, object],
    given: dict[str, Any],
    assignment: Assignment,
) -> tuple[Any, ...]:
    """Return the public pictures of a question; none where the author's code fails on them."""
    from grader import pictures

    try:
        makers = pictures.load_public(assignment.pictures_path)
        return pictures.make(makers, question.name, values, given)
    except GraderError:
        return ()


def observe(
    question: Question, namespace: Mapping[str, Any], assignment: Assignment
) -> tuple[dict[str, object], dict[str, Any]]:
    """Return the inert values that the grader would see of `question`, and the probes' inputs."""
    from grader.probes import load_probes
    from grader.runtime.observe import observe as look
    from grader.snapshot import Decoder, Encoder, read_table

    probes = load_probes(assignment.probes_source, str(assignment.probes_path))
    given = probes.draw(PUBLIC_SEED)
    encoder = Encoder(assignment.limits.snapshot_bytes)
    nodes = look(question.name, question.captures, namespace, probes, given, encoder)
    table = read_table(encoder.blob(), 2 * assignment.limits.snapshot_bytes)
    decoder = Decoder(table)
    return {name: decoder.decode(node) for name, node in nodes.items()}, given


def find_assignment(start: Path) -> Assignment:
    """Return the assignment whose folder `start` is in. Raises UsageError where there is none."""
    for folder in (start, *start.parents):
        if (folder / "assignment.toml").is_file():
            settings = read_settings(folder / "assignment.toml")
            return Assignment(folder.name, settings, folder, folder / "no-hidden-half-here")
    raise UsageError(
        f"The files of the assignment are not here ({start}): expected assignment.toml, probes.py "
        "and tests/ in the notebook's folder. Put the notebook back into the folder it came in, "
        "or hand it in as it is: it is graded the same."
    )


def _question(name: str, assignment: Assignment) -> Question:
    for question in assignment.questions:
        if question.name == name:
            return question
    known = ", ".join(question.name for question in assignment.questions)
    raise UsageError(f"There is no question {name!r} in this assignment; there are: {known}.")


def _otter_check(path: Path, question: str, env: Any) -> Any:
    """Run otter's own Notebook.check, which leaves a log where it runs, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, _inside(folder):
        import otter

        notebook = otter.Notebook(tests_dir=str(path.parent.resolve()))
        return notebook.check(question, global_env=env).test_case_results


@contextlib.contextmanager
def _only_installed_modules(folder: Path) -> Iterator[None]:
    """Import nothing from the notebook's own folder: its notebook.py is not Jupyter's `notebook`.

    Jupyter puts the folder on the path, and otter's dependencies import a package of that name.
    """
    before = list(sys.path)
    sys.path[:] = [path for path in before if path and Path(path).resolve() != folder.resolve()]
    try:
        yield
    finally:
        sys.path[:] = before


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _html(line: str) -> str:
    text = html.escape(line)
    indent = len(line) - len(line.lstrip())
    return f"<span style='margin-left:{indent * 0.5}em'>{text.strip()}</span>"


__all__ = ["Excuse", "Feedback", "check"]
