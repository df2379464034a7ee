"""Checks: run otter test files over observed values, in the trusted process.

otter's own `create_test_file(...).run(env)` does the running. What this module adds is that no
check can pass without evidence: a value that is missing, or that could not be observed, stops a
check before otter hands it on (otter itself would hand on None).
"""

import copy
import functools
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import torch
from otter.nbmeta_config import NBMetadataConfig
from otter.test_files import TestFile, create_test_file
from otter.test_files.abstract_test import TestCaseResult

from grader.assignment import Assignment
from grader.errors import AssignmentError
from grader.probes import Copies
from grader.sandbox.execution import Observation
from grader.snapshot import PLACEHOLDER, STUB, Failed, Missing
from grader.tolerance import Arithmetic

CheckStatus = Literal["passed", "failed", "not_run"]
REFERENCE = "reference"
OWN = "own"
Own = Mapping[str, Mapping[str, object]]
_FAILURE = re.compile(
    r"\A❌ Test case failed\nError at line \d+ in test [^\n]*:\n[^\n]*\n(\w+): ?(.*)\Z", re.DOTALL
)


class MissingEvidenceError(Exception):
    """The notebook does not hold what a check looks at."""


class FailedEvidenceError(Exception):
    """What a check looks at could not be observed, because the student's code raised."""


class UnknownEvidenceError(Exception):
    """A check asks for something that neither a capture nor a probe provides."""


class Evidence(dict[str, object]):
    """The environment of a test file. Asking for what was not observed raises."""

    def get(self, key: str, default: object = None) -> object:
        if key not in self:
            raise UnknownEvidenceError(f"`{key}` is neither captured nor returned by a probe.")
        value = self[key]
        if isinstance(value, Missing):
            raise MissingEvidenceError(_missing_sentence(key, value))
        if isinstance(value, Failed):
            raise FailedEvidenceError(f"Running your code raised {_one_line(str(value))}")
        return value


@dataclass(frozen=True)
class Check:
    """The outcome of one test case; `label` is its plain-language name."""

    label: str
    hidden: bool
    status: CheckStatus
    points: float
    max_points: float
    message: str = ""


@dataclass(frozen=True)
class Findings:
    """Every check of one question, over one observation of it."""

    question: str
    when: Literal["check", "end"]
    checks: tuple[Check, ...]

    @property
    def score(self) -> float:
        return sum(check.points for check in self.checks)


def evidence(
    values: Mapping[str, object],
    given: Mapping[str, torch.Tensor],
    arithmetic: Arithmetic,
    reference: ModuleType | None = None,
    own: Own | None = None,
) -> Evidence:
    """Return the environment that test files see: values, inputs, arithmetic and reference.

    `own` holds the values of earlier questions that this one follows and that lost points.
    """
    env = Evidence(values)
    env[OWN] = dict(own or {})
    env["given"] = Copies(given)
    env["arithmetic"] = arithmetic
    if reference is not None:
        env[REFERENCE] = reference
    return env


def check(
    observation: Observation,
    assignment: Assignment,
    given: Mapping[str, torch.Tensor],
    arithmetic: Arithmetic,
    own: Own | None = None,
) -> Findings:
    """Run a question's public and hidden test files over one observation of it.

    `own` holds the values observed of earlier questions, where it is to be judged on those.

    Raises AssignmentError where a test file is broken: that is never the student's loss.
    """
    name, values = observation.question, observation.values
    reference = load_reference(assignment.hidden)
    public = run(assignment.public_tests(name), evidence(values, given, arithmetic, None, own))
    hidden = run(assignment.hidden_tests(name), evidence(values, given, arithmetic, reference, own))
    return Findings(name, observation.when, public + hidden)


def run(path: Path, env: Evidence) -> tuple[Check, ...]:
    """Run one otter test file over `env`. Raises AssignmentError where the file is broken."""
    # A copy, because otter leaves the results on it.
    test_file = copy.copy(load(path))
    test_file.run(env)
    return outcomes(path, test_file.test_case_results)


def load(path: Path) -> TestFile:
    """Return an otter test file, in the form of `@test_case` functions.

    It is read once, and again after it has changed. Raises AssignmentError where it is missing,
    cannot be loaded or checks nothing.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise AssignmentError(f"{path}: expected an otter test file, found none.") from None
    return _load(path, changed)


@functools.lru_cache(maxsize=256)
def _load(path: Path, changed: int) -> TestFile:
    try:
        test_file = create_test_file(str(path), NBMetadataConfig())
    except Exception as error:
        raise AssignmentError(f"{path}: the test file cannot be loaded: {error!r}.") from error
    if not test_file.test_cases:
        raise AssignmentError(f"{path}: the test file holds no @test_case, so it checks nothing.")
    return test_file


def parameters(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the names that each test case of a file asks for, by its label."""
    return {
        case.name: tuple(inspect.signature(case.body.test_func).parameters)
        for case in load(path).test_cases
    }


def outcomes(path: Path, results: Iterable[TestCaseResult]) -> tuple[Check, ...]:
    """Return otter's results as checks, without its quotations of test source.

    Raises AssignmentError where a test raised anything but a failed assertion.
    """
    found = tuple(_outcome(path, result) for result in results)
    if not found:
        raise AssignmentError(f"{path}: the test file reported nothing.")
    return found


def _outcome(path: Path, result: TestCaseResult) -> Check:
    case = result.test_case
    points = float(case.points or 0)
    if result.passed:
        return Check(case.name, case.hidden, "passed", points, points, case.success_message or "")
    match = _FAILURE.match(result.message or "")
    kind, text = match.groups() if match else ("", result.message or "")
    status: CheckStatus = "not_run" if kind == MissingEvidenceError.__name__ else "failed"
    if kind not in (
        MissingEvidenceError.__name__,
        FailedEvidenceError.__name__,
        AssertionError.__name__,
    ):
        raise AssignmentError(
            f'{path}: the check "{case.name}" broke ({kind or "no reason given"}: '
            f"{_one_line(text)[:200]}). A check may only raise AssertionError; see grader.expect."
        )
    return Check(case.name, case.hidden, status, 0.0, points, text or case.failure_message or "")


@functools.cache
def load_reference(folder: Path) -> ModuleType:
    """Import the hidden reference package in `folder` by its path, under a name of its own.

    Raises AssignmentError where it cannot be imported.
    """
    name = f"_reference_{folder.name}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not (folder / "__init__.py").is_file():
        raise AssignmentError(f"{folder}: expected a package (with __init__.py), found none.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise AssignmentError(f"{folder}: the reference cannot be imported: {error!r}.") from error
    return module


def _missing_sentence(key: str, value: Missing) -> str:
    name = key if value.name == "..." else value.name
    if value.reason == PLACEHOLDER:
        return f"`{name}` still holds the placeholder `...`."
    if value.reason == STUB:
        return f"`{name}` is still the stub."
    return f"`{name}` is not defined."


def _one_line(text: str) -> str:
    return " ".join(text.split())
