"""Fixtures: the two assignments, grading a few cells, and a GPU where there is one."""

import ctypes
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from support import ROOT, TINY, GradeCells, write_notebook

from grader.assignment import Assignment, Course
from grader.intake import Upload
from grader.pipeline import Graded, Settings, grade
from grader.sandbox.worker import Pool

_OWN_MOUNTS = 0x00020000  # CLONE_NEWNS


@pytest.fixture(scope="session")
def convolution() -> Assignment:
    return Course(ROOT).assignment("convolution")


@pytest.fixture(scope="session")
def averages() -> Assignment:
    """Return an assignment that has nothing to do with convolution and runs in a second."""
    return Course(TINY).assignment("averages")


@pytest.fixture(scope="session")
def averages_pool(averages: Assignment) -> Iterator[Pool]:
    """Return warm processes for the averages assignment."""
    with Pool(averages, "cpu", warm=True) as pool:
        yield pool


@pytest.fixture(scope="session")
def convolution_pool(convolution: Assignment) -> Iterator[Pool]:
    """Return warm processes for the convolution assignment."""
    with Pool(convolution, "cpu", warm=True) as pool:
        yield pool


@pytest.fixture
def grade_cells(tmp_path: Path, averages: Assignment, averages_pool: Pool) -> GradeCells:
    """Grade a notebook made of the given cells, in the averages assignment."""

    def run(*cells: str, assignment: Assignment = averages) -> Graded:
        path = write_notebook(tmp_path / "notebook.ipynb", *cells)
        return grade(Upload("notebook", path), assignment, Settings(), averages_pool)

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return what mounts a real small disk, of a size such as "1m", and returns its folder.

    This process has mounts of its own from then on: tests that run beside it and look at the
    machine's mounts must not see this one come and go.
    """
    disk = tmp_path / "disk"

    def mounted(size: str) -> Path:
        disk.mkdir()
        own = ctypes.CDLL(None).unshare(_OWN_MOUNTS) == 0
        commands = (
            ["mount", "--make-rprivate", "/"],
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)],
        )
        if not own or any(subprocess.run(c, capture_output=True).returncode for c in commands):
            pytest.skip("mounting a small tmpfs needs root")
        return disk

    yield mounted
    if disk.is_mount():
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def gpu() -> str:
    """Return the CUDA device, or skip."""
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU, and this machine has none")
    return "cuda"
