"""Judge: this assignment's checks, called directly: the equivalent tests that the peers run.

The same probes, the same test functions, the same reference; on the student's live objects and in
the student's own process, which is where otter and nbgrader run tests.
"""

import functools
import inspect
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEED = 1


def judge(question: str, notebook: dict[str, Any]) -> None:
    """Run every check of `question` on the notebook's variables; raise where one fails."""
    from grader.tolerance import FLOAT32_CPU

    probes = _probes()
    given = probes.draw(SEED)
    values = dict(notebook)
    values |= {
        probe.name: probe.observe(given, **{name: notebook[name] for name in probe.needs})
        for probe in probes.probes
        if probe.question == question
    }
    values |= {"given": given, "arithmetic": FLOAT32_CPU, "reference": _reference()}
    values["own"] = {}  # follow-through is this grader's own business
    values["env"] = values
    for folder in ("assignments", "reference"):
        tests = runpy.run_path(str(ROOT / folder / "convolution" / "tests" / f"{question}.py"))
        for case in [each for each in tests.values() if hasattr(each, "test_func")]:
            wanted = inspect.signature(case.test_func).parameters
            case.test_func(**{name: values[name] for name in wanted})


@functools.cache
def _probes() -> Any:
    from grader.probes import load_probes

    path = ROOT / "assignments" / "convolution" / "probes.py"
    return load_probes(path.read_text(), str(path))


@functools.cache
def _reference() -> ModuleType:
    sys.path.insert(0, str(ROOT))
    import reference.convolution

    return reference.convolution
