"""The runtime runs where only torch, numpy, IPython, matplotlib and safetensors are installed."""

import subprocess
import sys
from pathlib import Path

import grader
from grader.runtime import FILES

PACKAGE = Path(grader.__file__).parent
BLOCK = """
import sys
FORBIDDEN = {"otter", "pydantic", "nbformat", "nbconvert", "nbclient", "jupytext", "click", "rich",
             "jinja2", "reference", "assignments", "scipy", "ipywidgets"}
class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in FORBIDDEN:
            raise AssertionError("the runtime imports " + name)
sys.meta_path.insert(0, Guard())
sys.path.insert(0, sys.argv[1])
import grader.runtime.__main__, grader.runtime.job, grader.runtime.observe
import grader.runtime.quiet, grader.runtime.shell
from grader.runtime.shell import start, with_inline_figures, run_cell
shell = start(sys.argv[2])
with_inline_figures(shell)
assert run_cell(shell, "import matplotlib.pyplot as plt; plt.plot([1]); plt.show(); 1 + 1") is None
loaded = {name for name in sys.modules if name.startswith("grader")}
print(" ".join(sorted(loaded)))
"""


def test_the_runtime_imports_nothing_else(tmp_path):
    for name in FILES:
        target = tmp_path / "grader" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((PACKAGE / name).read_text())
    done = subprocess.run(
        [sys.executable, "-I", "-c", BLOCK, str(tmp_path), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = done.stdout.split("\n")[-2].split()
    modules = {"grader." + n.removesuffix(".py").replace("/", ".") for n in FILES}
    modules = {m.removesuffix(".__init__") for m in modules} | {"grader"}
    assert set(loaded) <= modules


def test_every_file_of_the_runtime_is_staged():
    there = {p.relative_to(PACKAGE).as_posix() for p in (PACKAGE / "runtime").glob("*.py")}
    assert there <= set(FILES)
    assert all((PACKAGE / name).is_file() for name in FILES)
