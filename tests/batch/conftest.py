"""Fixtures: classes of the averages assignment, graded here or by the command itself."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from support import RIGHT, TINY, WRONG, write_notebook

from grader.assignment import Assignment, Course
from grader.batch.extending import extend
from grader.batch.grading import ClassGrading
from grader.batch.plan import assigned
from grader.batch.publish import publish
from grader.gradebook import Gradebook, open_gradebook
from grader.intake import collect
from grader.report import Report
from grader.sandbox.worker import Pool
from grader.settings import Settings

GradeClass = Callable[..., list[Report]]


@pytest.fixture
def grade_class(averages: Assignment, averages_pool: Pool, tmp_path: Path) -> GradeClass:
    """Grade what lies in a folder into `out`, as one command does; return what was graded now."""

    def run(
        path: Path,
        assignment: Assignment = averages,
        extensions: bytes = b"",
        submitted: datetime | None = None,
    ) -> list[Report]:
        out = tmp_path / "out"
        with contextlib.closing(open_gradebook(out / "gradebook.sqlite")) as book:
            command = book.begin("grader grade")
            found = collect(sorted(path.iterdir()), out / ".unpacked").uploads
            uploads = [replace(each, submitted=submitted) for each in found]
            if extensions:
                extend(book, command, assignment, uploads, extensions)
            work = assigned(uploads, assignment, Settings(), out, book, command)
            grading = ClassGrading(work)
            new = list(grading.run(grading.local(averages_pool, 2)))
            publish(book, assignment, Settings(), out)
        return new

    return run


@pytest.fixture
def opened(tmp_path: Path) -> Iterable[Gradebook]:
    """Return the gradebook that `grade_class` writes."""
    with contextlib.closing(open_gradebook(tmp_path / "out" / "gradebook.sqlite")) as book:
        yield book


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Assignment]:
    """Return a copy of the course with text replaced in a file, or added to its settings."""

    def make(name: str, old: str, new: str) -> Assignment:
        course = tmp_path / f"course-{len(list(tmp_path.glob('course-*')))}"
        shutil.copytree(TINY, course)
        path = course / name
        text = path.read_text()
        path.write_text(text.replace(old, new) if old else f"{text}\n{new}\n")
        return Course(course).assignment("averages")

    return make


def classroom(folder: Path, count: int) -> Path:
    """Write notebooks that all differ; every third is wrong, every eighth cannot be read."""
    folder.mkdir()
    for number in range(count):
        path = folder / f"student_{number:03}.ipynb"
        if number % 8 == 5:
            path.write_text(f"{{ {number}")
        else:
            write_notebook(path, RIGHT if number % 3 else WRONG, f"# {number}")
    return folder


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "grader", *map(str, arguments), "--course", str(TINY)]


def grader(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    line = command(*arguments)
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd="/")
