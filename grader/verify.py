"""Verify: an assignment proves itself before a student meets it.

Each rule yields findings; a finding without a fault is a proof that was made.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from grader import build, certificate, checks, corpus, diagnosis, intake, pipeline, stability
from grader.assignment import Assignment
from grader.errors import GraderError
from grader.intake import Upload
from grader.notebook import read_cell
from grader.pipeline import Settings
from grader.probes import GIVEN, load_probes
from grader.report import Report
from grader.sandbox.execution import Execution
from grader.sandbox.worker import Pool
from grader.score import tidy
from grader.tolerance import arithmetic_of

_PUBLIC_FILES = {
    "assignment.toml",
    "notebook.py",
    "starter.ipynb",
    "probes.py",
    "pictures.py",
    "README.md",
}
_PROVIDED = {GIVEN, "arithmetic", "env", checks.OWN}
_SPY = """\
import os, sys, importlib.util
_marks = {marks!r}
_seen = [*sys.path, *sys.argv, *getattr(sys, "orig_argv", []), os.getcwd()]
_seen += [*os.environ, *os.environ.values()]
_seen += [str(getattr(m, "__file__", None)) for m in list(sys.modules.values())]
for _module in list(sys.modules.values()):
    _path = getattr(_module, "__path__", None)
    _seen += [str(path) for path in _path] if isinstance(_path, list) else []
_found = [text for text in _seen if any(mark in text for mark in _marks)]
for _name in ("reference", "assignments"):
    if importlib.util.find_spec(_name) is not None:
        _found.append("import " + _name)
for _file in {files!r}:
    try:
        open(_file).close()
        _found.append("open " + _file)
    except OSError:
        pass
raise RuntimeError("REACHABLE " + repr(_found))
"""


@dataclass(frozen=True)
class Proof:
    """One rule that was looked at; `fault` is empty where it holds."""

    rule: str
    fault: str = ""


def verify(assignment: Assignment, settings: Settings) -> Iterator[Proof]:
    """Yield a proof for each rule, as they are made."""
    for rule, faults in (
        ("every question has a public and a hidden test, and its points add up", _tests),
        ("tests ask only for what is captured or probed", _names),
        ("the starter is the one that notebook.py builds", _starter_built),
        ("no stray files among what students get", _stray_files),
        ("the starter has a check and an answer cell where assignment.toml says so", _cells),
    ):
        yield from _proofs(rule, faults, assignment)
    with Pool(assignment, settings.device, warm=False, unsandboxed=settings.unsandboxed) as pool:
        for rule, faults in (
            (
                "the untouched starter earns 0 on every question",
                lambda a: _earns(a, build.build_starter(a), settings, pool, everything=False),
            ),
            (
                "the solved notebook earns everything",
                lambda a: _earns(a, build.solved(a), settings, pool, everything=True),
            ),
            (
                "the truth of misconceptions.py gives the solved notebook's own numbers",
                lambda a: _truth(a, settings, pool),
            ),
            (
                "no hidden file is in reach of student code",
                lambda a: _reachable(a, settings, pool),
            ),
        ):
            yield from _proofs(rule, faults, assignment)


def certify(
    assignment: Assignment,
    settings: Settings,
    watched: Callable[[Iterable[Any], int, str], Iterable[Any]],
    seeds: int = 0,
    table: Path | None = None,
) -> Iterator[Proof]:
    """Grade the corpus beside the reference and write certificate.json; yield what it says.

    `watched` passes things on and shows how many of them there were. With `seeds`, right answers
    are also graded on so many draws of inputs, which writes stability.json. `table` is a file for
    the certificate as a page. Without a corpus there is nothing to do.
    """
    total = len(corpus.cases(assignment))
    if not total:
        return
    cases = list(watched(certificate.results(assignment, settings), total, "grading the corpus"))
    document = certificate.certificate(cases, assignment)
    path = assignment.hidden / certificate.FILE
    path.write_text(certificate.to_text(document), encoding="utf-8")
    for holds, sentence in certificate.summary(document["totals"]):
        yield Proof(sentence, "" if holds else "see below")
    for fault in certificate.failures(cases):
        yield Proof("a case earns what it deserves", fault)
    for question, kills in document["kills"].items():
        for label in [label for label, count in kills.items() if not count]:
            yield Proof(f"dead weight: {question}: {label!r} noticed no wrong answer")
    measured = assignment.hidden / certificate.STABILITY_FILE
    if seeds:
        plan = stability.plan(assignment, seeds)
        found = list(watched(stability.runs(assignment, settings, plan), len(plan), "stability"))
        figures = stability.summary(found, assignment)
        measured.write_text(certificate.to_text(figures), encoding="utf-8")
        yield from _stable(figures)
    if table is not None:
        kept = json.loads(measured.read_text(encoding="utf-8")) if measured.is_file() else None
        table.write_text(certificate.page(document, kept), encoding="utf-8")


def _stable(figures: Mapping[str, Any]) -> Iterator[Proof]:
    rule = f"right answers pass on {figures['seeds']} draws, with 1 thread and with 2"
    lost = figures["false_rejects"]
    yield Proof(rule, f"{lost} of {figures['notebooks']} notebooks lost points." if lost else "")
    for question, share in figures["largest_share_of_the_bound"].items():
        rule = f"{question}: the largest error is {share:.3f} of the bound"
        yield Proof(rule, "" if share <= stability.LIMIT else "expected at most half of it.")


def _proofs(
    rule: str, faults: Callable[[Assignment], Iterator[str]], assignment: Assignment
) -> Iterator[Proof]:
    try:
        found = list(faults(assignment))
    except GraderError as error:
        found = [str(error)]
    if not found:
        yield Proof(rule)
    for fault in found:
        yield Proof(rule, fault)


def _tests(assignment: Assignment) -> Iterator[str]:
    for question in assignment.questions:
        points = 0.0
        files = {
            False: assignment.public_tests(question.name),
            True: assignment.hidden_tests(question.name),
        }
        for hidden, path in files.items():
            test_file = checks.load(path)
            if test_file.name != question.name:
                yield f"{path}: its `name` is {test_file.name!r}, expected {question.name!r}."
            for case in test_file.test_cases:
                points += case.points or 0
                if case.hidden is not hidden:
                    yield f"{path}: {case.name!r} must have hidden={hidden}."
        if tidy(points) != tidy(question.points):
            yield (
                f"{question.name}: assignment.toml says {question.points:g} points, its checks "
                f"add up to {points:g}."
            )
    known = {f"{question.name}.py" for question in assignment.questions}
    for folder in (assignment.public / "tests", assignment.hidden / "tests"):
        for path in sorted(folder.glob("*.py")):
            if path.name not in known:
                yield f"{path}: no question of this name in assignment.toml."


def _names(assignment: Assignment) -> Iterator[str]:
    probes = load_probes(assignment.probes_source, str(assignment.probes_path))
    known = {question.name for question in assignment.questions}
    for probe in probes.probes:
        if probe.question not in known:
            yield f"{assignment.probes_path}: {probe.name}: no question {probe.question!r}."
    for question in assignment.questions:
        observed = {probe.name for probe in probes.probes if probe.question == question.name}
        offered = observed | set(question.captures) | _PROVIDED
        for path, more in (
            (assignment.public_tests(question.name), set()),
            (assignment.hidden_tests(question.name), {checks.REFERENCE}),
        ):
            for label, names in checks.parameters(path).items():
                for name in sorted(set(names) - offered - more):
                    yield f"{path}: {label!r} asks for `{name}`, which nothing provides."


def _starter_built(assignment: Assignment) -> Iterator[str]:
    built = build.build_starter(assignment)
    if not assignment.starter.is_file():
        yield f"{assignment.starter}: not there; run `grader build -a {assignment.name}`."
    elif assignment.starter.read_text(encoding="utf-8") != built:
        again = f"run `grader build -a {assignment.name}`"
        yield f"{assignment.starter}: is not what notebook.py builds; {again}."


def _stray_files(assignment: Assignment) -> Iterator[str]:
    tests = {f"tests/{question.name}.py" for question in assignment.questions}
    for path in sorted(assignment.public.rglob("*")):
        name = path.relative_to(assignment.public).as_posix()
        allowed = name in _PUBLIC_FILES or name in tests or name.startswith("files/")
        if path.is_symlink() or (path.is_file() and not allowed and "__pycache__" not in name):
            yield f"{path}: students would get this file; it belongs to no part of an assignment."


def _cells(assignment: Assignment) -> Iterator[str]:
    node = nbformat.reads(build.build_starter(assignment), as_version=4)
    names = {cell.metadata.get("name") for cell in node.cells}
    checked = {
        name
        for index, cell in enumerate(node.cells)
        if cell.cell_type == "code"
        for name in read_cell(index, cell.source).checks
    }
    for question in assignment.questions:
        if question.name not in checked:
            yield f'{question.name}: no cell calls check("{question.name}").'
        if question.manual and question.manual.cell not in names:
            yield f"{question.name}: no cell is named `{question.manual.cell}`."


def _earns(
    assignment: Assignment, notebook: str, settings: Settings, pool: Pool, *, everything: bool
) -> Iterator[str]:
    with _Uploaded(notebook) as upload:
        report = pipeline.grade(upload, assignment, settings, pool).report
    if report.status != "graded":
        yield report.message or report.status
        return
    for question in report.questions:
        due = question.max_score if everything else 0.0
        if question.score != due:
            why = "; ".join(c.message for c in question.checks if c.status != "passed")[:300]
            yield f"{question.name}: earned {question.score:g}, expected {due:g}. {why}"
    yield from _broken_cells(report)


def _truth(assignment: Assignment, settings: Settings, pool: Pool) -> Iterator[str]:
    bank = diagnosis.load(assignment.hidden)
    if bank is None:
        return
    with _Uploaded(build.solved(assignment)) as upload:
        submission = intake.read(upload, assignment)
        given = pipeline.draw(submission, assignment, settings)
        execution = pipeline.run(submission, assignment, given, settings, pool)
    arithmetic = arithmetic_of(execution.device)
    explained = {name for each in bank.misconceptions for name in each.questions}
    for seen in execution.observations:
        if seen.question not in explained:
            continue
        try:
            compare = bank.predict(seen.question, seen.values, given, arithmetic)
            right = all(comparison.holds for comparison in compare(bank.truth))
        except Exception as error:
            yield f"{seen.question}: predict raised {error!r} on the solved notebook's own values."
        else:
            if not right:
                yield f"{seen.question}: the truth is contradicted by the solved notebook."


def _broken_cells(report: Report) -> Iterator[str]:
    for cell in report.execution.cells if report.execution else ():
        if cell.status != "ok":
            yield f"cell {cell.index}: {cell.status}: {cell.error}"


def _reachable(assignment: Assignment, settings: Settings, pool: Pool) -> Iterator[str]:
    """Run a notebook that looks for the hidden folder from where student code runs."""
    hidden = sorted(p for p in assignment.hidden.rglob("*.py") if "__pycache__" not in p.parts)
    code = _SPY.format(
        marks=[str(assignment.hidden), str(assignment.public)],
        files=[str(path) for path in hidden],
    )
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    node.cells.append(nbformat.v4.new_code_cell(f"{assignment.captures[0]} = ..."))
    with _Uploaded(nbformat.writes(node)) as upload:
        submission = intake.read(upload, assignment)
        given = pipeline.draw(submission, assignment, settings)
        execution: Execution = pipeline.run(submission, assignment, given, settings, pool)
    said = execution.cells[0].error or "the looking cell did not run"
    opened = "open " in said and "tier none" in execution.isolation
    if said != "RuntimeError: REACHABLE []" and not opened:
        yield f"student code finds: {said}"
    elif opened:
        yield (
            "student code can open hidden files by their full path: this machine offers no "
            "isolation (see `grader doctor`)."
        )


class _Uploaded:
    """A notebook's text as an upload on disk, for as long as it is graded."""

    def __init__(self, notebook: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="grader-verify-")
        self._path = Path(self._folder.name) / "notebook.ipynb"
        self._path.write_text(notebook, encoding="utf-8")

    def __enter__(self) -> Upload:
        return Upload(self._path.stem, self._path)

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
