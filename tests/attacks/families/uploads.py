"""Uploads: files that attack intake, the grader's disk, or whoever opens the page and the table."""

import io
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
from attacks.case import MEAN, STARTED, Case
from support import write_notebook

Members = Mapping[str, bytes]
SCRIPT = (
    "<script>document.title='attacked'</script><img src=x onerror=\"document.title='attacked'\">"
)


def notebook(*cells: str) -> bytes:
    """Return a notebook of code cells as bytes."""
    node = nbformat.v4.new_notebook()
    node.cells = [nbformat.v4.new_code_cell(cell, id=f"c{i}") for i, cell in enumerate(cells)]
    return str(nbformat.writes(node)).encode()


def archive(members: Members, link: str | None = None) -> bytes:
    """Return a zip of `members`, one of which may be a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            about = zipfile.ZipInfo(name)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = ((stat.S_IFLNK if name == link else stat.S_IFREG) | 0o644) << 16
            target.writestr(about, content)
    return out.getvalue()


def _zip(members: Members, link: str | None = None, name: str = "a.zip") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(archive(members, link))
        return path

    return write


def _file(content: bytes | Callable[[], bytes], name: str = "a.ipynb") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content() if callable(content) else content)
        return path

    return write


def _lying_zip(folder: Path) -> Path:
    """Write a zip whose headers say that a large member is a small one."""
    data = bytearray(archive({"big.bin": bytes(300 << 20), "a.ipynb": notebook(MEAN)}))
    true = (300 << 20).to_bytes(4, "little")
    path = folder / "a.zip"
    path.write_bytes(bytes(data).replace(true, (10).to_bytes(4, "little")))
    return path


def _nested_zips() -> bytes:
    inner = archive({"zeros": bytes(10 << 20)})
    for _ in range(5):
        inner = archive({f"{number}.zip": inner for number in range(10)})
    return archive({"a.ipynb": notebook(MEAN), "bomb.zip": inner})


def _deep() -> bytes:
    return b'{"nbformat": 4, "cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def _large() -> bytes:
    return notebook(MEAN, "x = '" + "y" * (100 << 20) + "'")


def _scripts() -> bytes:
    """Return a notebook with script wherever text can stand."""
    node = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output(
        "display_data",
        data={"text/html": SCRIPT, "image/svg+xml": f"<svg onload='x'>{SCRIPT}</svg>"},
    )
    node.cells = [
        nbformat.v4.new_markdown_cell(SCRIPT, id="m1"),
        nbformat.v4.new_code_cell(f"raise ValueError({SCRIPT!r})", id="c1", outputs=[output]),
        nbformat.v4.new_code_cell(
            f"from IPython.display import *\ndisplay(HTML({SCRIPT!r}))", id="c2"
        ),
        nbformat.v4.new_code_cell(f"word = {SCRIPT!r}\nanswer = {SCRIPT!r}", id="c3"),
        nbformat.v4.new_code_cell(f"!{SCRIPT}", id="c4"),
        nbformat.v4.new_code_cell(
            "class X(Exception): pass\nX.__name__ = '<script>1</script>'\nraise X", id="c5"
        ),
        nbformat.v4.new_code_cell(f"def mean(values):\n    raise ValueError({SCRIPT!r})", id="c6"),
    ]
    node.metadata["kernelspec"] = {"name": SCRIPT, "display_name": SCRIPT}
    node.metadata["grader"] = {"version": SCRIPT}
    return str(nbformat.writes(node)).encode()


def _escapes() -> bytes:
    return notebook(
        "raise ValueError('\\x1b[2J\\x1b]0;attacked\\x07[bold]100 of 100[/bold]')", MEAN
    )


def _companions(folder: Path) -> Path:
    """Write a folder whose files have the names of what the grader imports and reads."""
    fault = b"raise SystemExit('imported a student file')"
    for name in ("otter/__init__.py", "grader/__init__.py", "grader/wire.py", "tests/mean.py",
                 "torch.py", "json.py", "conftest.py", "sitecustomize.py", "reference/__init__.py",
                 "assignment.toml", "probes.py"):  # fmt: skip
        path = folder / "hw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fault)
    write_notebook(folder / "hw" / "a.ipynb", "def mean(values):\n    return values.mean()")
    return folder / "hw"


def _links(folder: Path) -> Path:
    """Write a folder whose companion files are links to files of the machine."""
    write_notebook(folder / "hw.ipynb", "import os\nassert os.listdir() == []", MEAN)
    (folder / "shadow").symlink_to("/etc/shadow")
    (folder / "above").symlink_to(folder.parent, target_is_directory=True)
    return folder


def _refused(name: str, sentence: str, upload: Callable[[Path], Path], message: str) -> Case:
    return Case(name, sentence, upload=upload, status="ungradable", message=message)


OWN = notebook(MEAN)
ZIP_BOMB = {"zeros": bytes(300 << 20), "a.ipynb": OWN}
FORMULA = '=HYPERLINK("http:,,attacker.example","click")'

CASES = (
    _refused("zip_bomb", "A zip that unpacks to 300 MB.", _zip(ZIP_BOMB),
             "at most 256 MB"),
    _refused("lying_zip_bomb", "A zip whose headers hide its size.", _lying_zip, "zip file"),
    _refused("zip_of_many_files", "A zip of 5,000 files.",
             _zip({"a.ipynb": OWN, **{f"{n}": b"" for n in range(5000)}}), "5,001 files"),
    _refused("zip_path_above", "A zip with a member ../../evil.",
             _zip({"a.ipynb": OWN, "../../evil": b"x"}), "outside of itself"),
    _refused("zip_path_absolute", "A zip with a member /tmp/evil.",
             _zip({"a.ipynb": OWN, "/tmp/evil": b"x"}), "outside of itself"),
    _refused("zip_path_windows", "A zip with a member ..\\evil.",
             _zip({"a.ipynb": OWN, "..\\evil": b"x"}), "outside of itself"),
    _refused("zip_link", "A zip with a symbolic link to /etc/shadow.",
             _zip({"a.ipynb": OWN, "data": b"/etc/shadow"}, link="data"), "holds a link"),
    _refused("zip_notebook_link", "A zip whose notebook is a link.",
             _zip({"a.ipynb": b"/etc/shadow"}, link="a.ipynb"), "holds a link"),
    Case("nested_zips", "A zip of zips of zips: the inner ones stay closed.",
         upload=_file(_nested_zips, "a.zip"), marks=STARTED),
    _refused("large_notebook", "A notebook of 100 MB.", _file(_large), "at most 50 MB"),
    _refused("deep_json", "JSON nested 200,000 deep.", _file(_deep), "nested too deeply"),
    _refused("huge_number_in_json", "A notebook with a number of 100,000 digits.",
             _file(lambda: b'{"nbformat": ' + b"9" * 100_000 + b', "cells": []}'), "not JSON"),
    Case("scripts_everywhere", "Script in cells, outputs, errors, names and metadata.",
         upload=_file(_scripts), errors={1: "<script>", 5: "<script>"}),
    Case("terminal_escapes", "An error that would clear the terminal and retitle it.",
         upload=_file(_escapes), marks=STARTED, errors={0: "100 of 100"}),
    Case("formula_as_file_name", "A file whose name is a spreadsheet's formula.",
         upload=_file(OWN, FORMULA + ".ipynb"), marks=STARTED),
    Case("script_as_file_name", "A file whose name is a script.",
         upload=_file(OWN, "<script>document.title='attacked'<,script>.ipynb"), marks=STARTED),
    Case("companions_like_the_grader", "Files named as the grader's and the tests'.",
         upload=_companions, marks=STARTED),
    Case("companion_links", "A folder with links beside the notebook.", upload=_links,
         marks=STARTED),
)  # fmt: skip
