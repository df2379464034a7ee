"""Fixtures: a Dask scheduler and two workers, each a process of its own on this machine."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

# A submission that loses its worker is given up sooner than by default: this is a test.
ENV = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}


@contextlib.contextmanager
def running(*command: str) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=ENV,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def a_scheduler(folder: Path) -> Iterator[str]:
    """Give the address of a scheduler without workers."""
    said = folder / "scheduler.json"
    line = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(said))
    with running("distributed.cli.dask_scheduler", *line) as process:
        while not said.is_file() or not said.read_text():
            assert process.poll() is None, "the scheduler did not start"
            time.sleep(0.05)
        yield json.loads(said.read_text())["address"]


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a scheduler with two workers of one thread each."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    folder = tmp_path_factory.mktemp("dask")
    with a_scheduler(folder) as address:
        line = (address, "--nthreads", "1", "--nworkers", "2", "--no-dashboard")
        place = ("--local-directory", str(folder))
        with running("distributed.cli.dask_worker", *line, *place):
            yield address


@pytest.fixture
def scheduler_alone(tmp_path: Path) -> Iterator[str]:
    """Return the address of a scheduler without workers."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    with a_scheduler(tmp_path) as address:
        yield address
