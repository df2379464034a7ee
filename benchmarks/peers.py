"""Peers: otter-grader, nbgrader and a bare kernel, each given the same cells and equal tests.

Each function fills a folder and returns the command that grades one submission there. What an
instructor does once (building the autograder, making the release) is not part of the command.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat

from benchmarks import measure
from grader.assignment import Course

HERE = Path(__file__).resolve().parent
SOLVED = HERE.parent / "tests" / "submissions" / "right_solved" / "submission.ipynb"
# nbgrader has an environment of its own: what it installs makes every import of jsonschema, and so
# of nbformat, slower by more than a second, for whoever shares the environment.
NBGRADER = HERE.parent / ".venv-nbgrader" / "bin"
# From here on the notebook's setup cell looks for this grader's `check`.
OWN_CHECK = "try:\n    from grader.student import check"
NBCLIENT = (
    "import sys, nbformat; from nbclient import NotebookClient; "
    "NotebookClient(nbformat.read(sys.argv[1], 4), timeout=600, allow_errors=True, "
    "kernel_name='python3').execute()"
)


def questions() -> dict[str, float]:
    """Return the questions' names and points."""
    assignment = Course(HERE.parent).assignment("convolution")
    return {question.name: question.points for question in assignment.questions}


def kernel(folder: Path) -> list[str]:
    """Return the command that only runs the cells, in a Jupyter kernel."""
    path = folder / "notebook.ipynb"
    nbformat.write(_cells(checks=False), path)
    return [sys.executable, "-c", NBCLIENT, str(path)]


def otter(folder: Path) -> list[str]:
    """Return `otter run` on the notebook, with an autograder zip that holds a test a question."""
    node = _cells(checks=True)
    start = nbformat.v4.new_code_cell("import otter\ngrader = otter.Notebook('submission.ipynb')")
    node.cells.insert(0, start)
    for cell in node.cells:
        cell.source = cell.source.replace('check("q', 'grader.check("q')
    nbformat.write(node, folder / "submission.ipynb")
    with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
        config = {"lang": "python", "pdf": False, "print_summary": False}
        archive.writestr("otter_config.json", json.dumps(config))
        for name, points in questions().items():
            archive.writestr(f"tests/{name}.py", _otter_test(name, points))
    command = Path(sys.executable).parent / "otter"
    options = ["-a", str(folder / "autograder.zip"), "-o", str(folder), "--no-logo"]
    return [str(command), "run", str(folder / "submission.ipynb"), *options]


def otter_score(folder: Path) -> float:
    """Return the points that `otter run` gave."""
    results = json.loads((folder / "results.json").read_text())
    return float(sum(test.get("score") or 0 for test in results["tests"]))


def nbgrader(folder: Path) -> list[str]:
    """Return `nbgrader autograde` on the notebook, with a locked test cell a question."""
    node = _cells(checks=True)
    points = questions()
    for cell in node.cells:
        for name in points:
            if cell.cell_type == "code" and cell.source.strip() == f'check("{name}")':
                cell.source = _judge_call(name, "globals()")
                cell.metadata["nbgrader"] = {
                    "grade": True, "grade_id": name, "locked": True, "points": points[name],
                    "schema_version": 3, "solution": False, "task": False,
                }  # fmt: skip
    for place in ("source/tutorial", "submitted/student/tutorial"):
        path = folder / place / "notebook.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(node, path)
    command = [str(NBGRADER / "nbgrader")]
    options = ["--course-dir", str(folder), "--ExecutePreprocessor.timeout=600"]
    subprocess.run(
        [*command, "generate_assignment", "tutorial", "--force", *options],
        check=True,
        capture_output=True,
        cwd=folder,
        env=measure.environment(command),
    )
    return [*command, "autograde", "tutorial", "--student", "student", "--force", *options]


def nbgrader_score(folder: Path) -> float:
    """Return the points that `nbgrader autograde` gave."""
    question = (
        "from nbgrader.api import Gradebook; import sys; book = Gradebook(sys.argv[1]); "
        "print(book.find_submission('tutorial', 'student').score)"
    )
    command = [str(NBGRADER / "python"), "-c", question, f"sqlite:///{folder / 'gradebook.db'}"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _cells(*, checks: bool) -> nbformat.NotebookNode:
    """Return the solved notebook without this grader's `check`, or with its calls left bare."""
    node = nbformat.read(SOLVED, as_version=4)
    for cell in node.cells:
        cell.source = cell.source.split(OWN_CHECK)[0]
        cell.metadata = nbformat.from_dict({})
    if not checks:
        node.cells = [cell for cell in node.cells if not cell.source.startswith('check("')]
    return node


def _judge_call(name: str, variables: str) -> str:
    lines = ("import sys", f"sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]")
    return "\n".join((*lines, "from judge import judge", f"judge({name!r}, {variables})"))


def _otter_test(name: str, points: float) -> str:
    call = _judge_call(name, "env").replace("\n", "\n    ")
    return (
        "from otter.test_files import test_case\n\n"
        f"OK_FORMAT = False\nname = {name!r}\npoints = {points}\n\n\n"
        f"@test_case()\ndef test(env):\n    {call}\n"
    )
