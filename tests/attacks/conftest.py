"""Fixtures: what each run of all attacks found, graded once for all tests of the session."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attacks.runs import Run, results
from filelock import FileLock

Found = Callable[[Run], dict[str, Any]]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all of pytest-xdist's processes share, and that anybody may enter."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "attacks"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def found(shared: Path) -> Found:
    """Return what was found in a run; skip where it cannot be made here."""
    known: dict[str, dict[str, Any]] = {}

    def look(run: Run) -> dict[str, Any]:
        if run.name not in known:
            with FileLock(shared / f"{run.name}.lock"):
                known[run.name] = results(run, shared / run.name)
        if "unavailable" in known[run.name]:
            pytest.skip(known[run.name]["unavailable"])
        return known[run.name]

    return look
