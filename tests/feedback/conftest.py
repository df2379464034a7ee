"""Fixtures: a headless browser, a server that counts requests, pages of graded notebooks."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest

from grader.assignment import Assignment
from grader.feedback.material import Material, gather
from grader.intake import Upload
from grader.pipeline import Graded, Settings, grade
from grader.sandbox.worker import Pool

GradeNotebook = Callable[..., Graded]
PageOf = Callable[..., Material]


@dataclass(frozen=True)
class Browser:
    """Headless Chromium with a profile of its own."""

    program: str
    folder: Path

    def run(self, page: Path, *options: str) -> str:
        """Open a page, let its scripts and loads have their time, return stdout."""
        done = subprocess.run(
            [
                self.program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--no-first-run", "--disable-background-networking",
                f"--user-data-dir={self.folder / 'profile'}", "--virtual-time-budget=3000",
                *options, page.as_uri(),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )  # fmt: skip
        return done.stdout

    def dom(self, page: Path) -> str:
        """Return the page as it is after everything in it has had its chance to run."""
        return self.run(page, "--dump-dom")

    def picture(self, page: Path, name: str, width: int, height: int) -> Path:
        """Return a screenshot."""
        path = self.folder / name
        self.run(page, f"--screenshot={path}", f"--window-size={width},{height}")
        return path


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Return Chromium or Chrome, or skip."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("needs Chromium or Chrome on the PATH, and found neither")
    return Browser(program, tmp_path_factory.mktemp("browser"))


@dataclass
class Listener:
    """A local web server that remembers what it was asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815  (http.server's name)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def grade_notebook(tmp_path: Path, averages: Assignment, averages_pool: Pool) -> GradeNotebook:
    """Grade a notebook of the given cells in the averages assignment."""

    def run(*cells: nbformat.NotebookNode, assignment: Assignment = averages) -> Graded:
        node = nbformat.v4.new_notebook(cells=list(cells))
        node.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        path = tmp_path / "notebook.ipynb"
        path.write_text(nbformat.writes(node), encoding="utf-8")
        return grade(Upload("ann", path), assignment, Settings(), averages_pool)

    return run


@pytest.fixture
def material(grade_notebook: GradeNotebook, averages: Assignment) -> PageOf:
    """Return the material of a page of the given cells."""

    def run(*cells: nbformat.NotebookNode, assignment: Assignment = averages) -> Material:
        return gather(grade_notebook(*cells, assignment=assignment), assignment)

    return run
