"""Corpus: the notebooks that an assignment is certified with, right ones and wrong ones.

Beside the reference may lie percent files whose cells replace cells of the solved notebook, as in
solution.py. A cell is named `CASE/CELL`; the cells of one case go together.

    variants.py    right answers by other routes: each must earn everything
    mistakes.py    misconceptions, as students write them: `loses="QUESTION"` and
                   `diagnosis="NAME …"` stand in the first cell of each
    attacks.py     answers that want points without work: `loses="QUESTION …"`, and
                   `spoils="QUESTION …"` for what may suffer with it
    equivalent.toml    mutants of solution.py that are no mistakes, each with the reason

Mistakes in different questions are paired, and solution.py is mutated (`grader.mutation`).
"""

import ast
import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import nbformat

from grader import build, mutation
from grader.assignment import Assignment, read_text
from grader.errors import AssignmentError
from grader.notebook import read_cell

Kind = Literal["variant", "mistake", "pair", "mutant", "attack"]


@dataclass(frozen=True)
class Case:
    """One notebook and what it should earn: everything but the questions that it `loses`.

    `diagnosis` is what should be named, by question; `why` says in a line what the case is.
    """

    kind: Kind
    name: str
    why: str
    fills: Mapping[str, str]
    loses: frozenset[str] = frozenset()
    spoils: frozenset[str] = frozenset()
    diagnosis: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Equivalent:
    """A mutant that is no mistake: the lines that it changes, and why that is right as well."""

    cell: str
    before: str
    after: str
    why: str


def cases(assignment: Assignment) -> tuple[Case, ...]:
    """Return every case of an assignment; none where no corpus lies beside its reference.

    Raises AssignmentError where a file of the corpus is broken.
    """
    folder = assignment.hidden
    variants = _read(folder / "variants.py", "variant", assignment)
    mistakes = _read(folder / "mistakes.py", "mistake", assignment)
    attacks = _read(folder / "attacks.py", "attack", assignment)
    mutants = tuple(_mutants(assignment)) if variants or mistakes else ()
    return (*variants, *mistakes, *_pairs(mistakes), *mutants, *attacks)


def equivalents(assignment: Assignment) -> tuple[Equivalent, ...]:
    """Return the mutants that are argued to be no mistakes."""
    path = assignment.hidden / "equivalent.toml"
    if not path.is_file():
        return ()
    try:
        table = tomllib.loads(read_text(path))
        return tuple(Equivalent(**each) for each in table.get("mutant", []))
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise AssignmentError(
            f"{path}: expected [[mutant]] tables with cell, before, after and why: {error}."
        ) from error


def question_of(assignment: Assignment, source: str) -> frozenset[str]:
    """Return the questions whose captured names a cell's source defines."""
    names = _defined(source)
    return frozenset(q.name for q in assignment.questions if names & set(q.captures))


def notebooks(assignment: Assignment, cases: Iterable[Case]) -> Iterator[str]:
    """Yield each case's notebook, with only the cells that its answers need.

    Check cells and pictures are left out: questions are observed at the notebook's end.
    """
    solved = build.solved(assignment)
    answers = set(build.read_fills(assignment.hidden / "solution.py"))
    for case in cases:
        node = nbformat.reads(build.solve(solved, case.fills), as_version=4)
        node.cells = _needed(node.cells, answers)
        yield build.write(node)


def _needed(
    cells: Sequence[nbformat.NotebookNode], answers: set[str]
) -> list[nbformat.NotebookNode]:
    """Return the answers, the given cells that define what they name, and the written ones."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    kept = {cell.metadata["name"] for cell in code} & answers
    needed: set[str] = set().union(
        *(_words(cell.source) for cell in code if cell.metadata["name"] in kept)
    )
    for cell in reversed(code):
        given = "given" in cell.metadata.get("tags", [])
        if given and _defined(cell.source) & needed:
            kept.add(cell.metadata["name"])
            needed |= _words(cell.source)
    return [c for c in cells if c.metadata["name"] in kept or _written(c)]


def _read(path: Path, kind: Kind, assignment: Assignment) -> tuple[Case, ...]:
    if not path.is_file():
        return ()
    known = {question.name for question in assignment.questions}
    cells = [cell for cell in build.read_percent(path).cells if cell.cell_type == "code"]
    found: list[Case] = []
    for name, group in itertools.groupby(cells, lambda c: c.metadata["name"].partition("/")[0]):
        parts = list(group)
        first = parts[0].metadata
        loses, spoils, diagnosis = (
            frozenset(str(first.get(key, "")).split()) for key in ("loses", "spoils", "diagnosis")
        )
        if strangers := sorted((loses | spoils) - known):
            raise AssignmentError(f"{path}: {name}: no question {', '.join(strangers)}.")
        if bool(loses) != (kind != "variant") or (kind == "mistake" and len(loses) != 1):
            raise AssignmentError(f'{path}: {name}: expected loses="…" on mistakes and attacks.')
        fills = {part.metadata["name"].partition("/")[2]: part.source for part in parts}
        named = dict.fromkeys(loses, diagnosis) if diagnosis else {}
        found.append(Case(kind, name, _first_comment(parts[0].source), fills, loses, spoils, named))
    return tuple(found)


def _pairs(mistakes: tuple[Case, ...]) -> Iterator[Case]:
    """Yield mistakes in two different questions, made together: each one with the next."""
    for first, second in zip(mistakes, mistakes[len(mistakes) // 2 :], strict=False):
        if first.loses & second.loses or set(first.fills) & set(second.fills):
            continue
        yield Case(
            "pair",
            f"{first.name} + {second.name}",
            f"{first.why} {second.why}",
            {**first.fills, **second.fills},
            first.loses | second.loses,
            diagnosis={**first.diagnosis, **second.diagnosis},
        )


def _mutants(assignment: Assignment) -> Iterator[Case]:
    known = {cell["id"]: cell.cell_type for cell in _solution(assignment).cells}
    for cell, source in build.read_fills(assignment.hidden / "solution.py").items():
        if known[cell] != "code":
            continue
        loses = question_of(assignment, source)
        for number, mutant in enumerate(mutation.mutants(source), 1):
            yield Case(
                "mutant",
                f"{cell}:{number}:{mutant.operator}",
                f"{mutant.before} → {mutant.after}",
                {cell: mutant.source},
                loses,
            )


def _solution(assignment: Assignment) -> nbformat.NotebookNode:
    return build.read_percent(assignment.hidden / "solution.py")


def _written(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and "written" in cell.metadata.get("tags", [])


def _defined(source: str) -> set[str]:
    """Return the names that a cell binds at its top level."""
    names: set[str] = set()
    for node in ast.parse(_python(source)).body:
        for part in [node, *getattr(node, "body", []), *getattr(node, "handlers", [])]:
            match part:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    names.add(name)
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    names |= {(a.asname or a.name).partition(".")[0] for a in aliases}
                case ast.Assign(targets=targets):
                    names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return names


def _words(source: str) -> set[str]:
    return set(read_cell(0, source).names)


def _python(source: str) -> str:
    lines = source.splitlines()
    return "\n".join("" if line.startswith(("%", "!")) else line for line in lines)


def _first_comment(source: str) -> str:
    """Return the comment that a cell begins with: what the case is, in a line."""
    line = source.lstrip().partition("\n")[0]
    return line.lstrip("# ").strip() if line.startswith("#") else ""
