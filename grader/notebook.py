"""Notebook: parse, repair and read .ipynb files; which cells are code, checks and answers."""

import ast
import functools
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat

from grader.errors import SubmissionError
from grader.filekind import kind, not_a_notebook
from grader.text import whole

PYTHON = ("python", "ipython", "python3")
STANDARD_KERNEL = "python3"
_OTHER_KERNELS = {
    "ir": "R", "xr": "R", "julia": "Julia", "xcpp": "C++", "javascript": "JavaScript",
    "matlab": "MATLAB", "octave": "Octave", "bash": "Bash", "rust": "Rust", "scala": "Scala",
    "sagemath": "SageMath", "iruby": "Ruby", "dotnet": ".NET", ".net": ".NET", "almond": "Scala",
}  # fmt: skip
_LONGEST_READ = 200_000
_LONGEST_KEPT = 20_000
_MOST_MAGICS = 50
CHECK_CALL = re.compile(r"""^check\(["'](\w{1,80})["']\)""", re.MULTILINE)
# Several threads in ast.parse at once can end in a SystemError (seen with Python 3.11.7).
_PARSING = threading.Lock()
_WORD = re.compile(r"[A-Za-z_]\w*")
_COMMANDS = ("system", "getoutput")
_COMMAND_MAGICS = ("pip", "conda", "mamba", "bash", "sh", "script", "system", "sx", "uv")


@dataclass(frozen=True)
class CodeCell:
    """A code cell as the grader sees it; `index` counts all cells of the notebook from 0.

    `checks` are the questions of the `check("…")` calls in it; `commands` its shell commands.
    """

    index: int
    source: str
    checks: tuple[str, ...]
    commands: tuple[str, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Notebook:
    """A notebook in nbformat 4, and what had to be repaired to get there."""

    node: nbformat.NotebookNode
    receipts: tuple[str, ...]

    @property
    def assignment(self) -> str | None:
        """The assignment that the notebook says it belongs to."""
        mark = self.node.metadata.get("grader")
        name = mark.get("assignment") if isinstance(mark, dict) else None
        return name if isinstance(name, str) else None

    @property
    def version(self) -> str | None:
        """The version of the assignment that the notebook was handed out with."""
        mark = self.node.metadata.get("grader")
        version = mark.get("version") if isinstance(mark, dict) else None
        return version if isinstance(version, str) else None

    def code_cells(self) -> tuple[CodeCell, ...]:
        """Return the code cells in the notebook's order."""
        return tuple(
            read_cell(index, cell.source)
            for index, cell in enumerate(self.node.cells)
            if cell.cell_type == "code"
        )

    def text_of(self, name: str) -> str | None:
        """Return the text of the cell called `name` (by its metadata or its id), if it is there."""
        for cell in self.node.cells:
            if name in (cell.metadata.get("name"), cell.get("id")):
                return str(cell.source)
        return None


def parse(data: bytes) -> Notebook:
    """Return the notebook in `data`, repaired where that loses nothing.

    Raises SubmissionError, with a sentence of its own, for each thing that cannot be graded.
    """
    if not data.strip():
        raise SubmissionError(
            "The file is empty. Save the notebook in Jupyter and hand it in again."
        )
    receipts: list[str] = []
    document = _document(data, receipts)
    major = _major(document)
    if not any(isinstance(document.get(key), list) for key in ("cells", "worksheets")):
        raise SubmissionError(
            "The file is JSON, but not a notebook: it has no cells. Hand in the .ipynb file itself."
        )
    if major < 3 or major > 4:
        raise SubmissionError(
            f"The notebook is in format {major}, and formats 3 and 4 can be read. Open it in a "
            "current Jupyter, save it and hand it in again."
        )
    if major == 3:
        receipts.append("notebook format 3 was read as format 4")
    node = _as_version_4(document, receipts)
    _check_language(node, receipts)
    if not any(cell.cell_type == "code" and cell.source.strip() for cell in node.cells):
        raise SubmissionError(
            "The notebook has 0 code cells with anything in them. Was the right file saved?"
        )
    return Notebook(node, tuple(receipts))


def read_cell(index: int, source: str) -> CodeCell:
    """Return what a code cell calls and names; one that is no Python is read as plain words."""
    read = _content if len(source) <= _LONGEST_KEPT else _content.__wrapped__
    return CodeCell(index, source, *read(source))


# Most cells of a class are the ones handed out.
@functools.lru_cache(maxsize=1024)
def _content(source: str) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """Return the checks, the shell commands and the names in a cell's source."""
    tree = _tree(source)
    if tree is None:
        words = frozenset(_WORD.findall(source[:_LONGEST_READ]))
        return tuple(CHECK_CALL.findall(source[:_LONGEST_READ])), (), words
    checks: list[str] = []
    commands: list[str] = []
    names: set[str] = set()
    for part in ast.walk(tree):
        match part:
            case ast.Call(func=ast.Name(id="check"), args=[ast.Constant(value=str(question))]):
                checks.append(question)
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attr),
                args=[ast.Constant(value=str(first)), *rest],
            ):
                commands += _commands(attr, first, rest)
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=asname):
                names.add(asname or name)
    return tuple(checks), tuple(commands), frozenset(names)


def _commands(attr: str, first: str, rest: list[ast.expr]) -> Iterator[str]:
    if attr in _COMMANDS:
        yield f"!{first}"
    elif attr in ("run_line_magic", "run_cell_magic") and first in _COMMAND_MAGICS:
        line = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
        yield f"%{first} {line if isinstance(line, str) else ''}".strip()


def _tree(source: str) -> ast.Module | None:
    # IPython reads the whole cell again for each magic in it: a cell made to be slow is not read.
    magics = sum(line.lstrip().startswith(("!", "%")) for line in source.splitlines())
    if len(source) > _LONGEST_READ or magics > _MOST_MAGICS:
        return None
    # Most cells hold no magic; reading them the way IPython does would take ten times as long.
    return _parsed(source) or _parsed_as_ipython(source)


def _parsed(source: str) -> ast.Module | None:
    try:
        with _PARSING:
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError):
        return None


def _parsed_as_ipython(source: str) -> ast.Module | None:
    # Imported here: few notebooks need it.
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        code: str = TransformerManager().transform_cell(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError):
        return None
    return _parsed(code)


def _document(data: bytes, receipts: list[str]) -> dict[str, Any]:
    _refuse_other_formats(data)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        receipts.append("a byte-order mark at the start of the file was dropped")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", errors="replace").encode()
        receipts.append("the file was in UTF-16 and was read as UTF-8")
    if b"\r\n" in data:
        receipts.append("Windows line ends (CRLF) were read as plain ones")
        data = data.replace(b"\r\n", b"\n")
    try:
        document = json.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise SubmissionError(
            "The file is nested too deeply to be a notebook. Save it again in Jupyter."
        ) from error
    except ValueError as error:
        raise SubmissionError(
            "The file is not JSON, so it is not a notebook, or only half of one was saved "
            f"({_place(error)}). Open it in Jupyter, save it and hand it in again."
        ) from error
    if not isinstance(document, dict):
        raise SubmissionError(
            "The file is JSON, but not a notebook: it holds "
            f"a {type(document).__name__}. Hand in the .ipynb file itself."
        )
    return document


def _refuse_other_formats(data: bytes) -> None:
    if words := kind(data):
        raise SubmissionError(not_a_notebook(words))


def _place(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it goes wrong at line {error.lineno}"
    return "it is not UTF-8 text"


def _major(document: dict[str, Any]) -> int:
    major = document.get("nbformat")
    if isinstance(major, int) and not isinstance(major, bool):
        return major
    raise SubmissionError(
        "The file is JSON, but not a notebook: it does not say its `nbformat`. "
        "Hand in the .ipynb file itself."
    )


def _as_version_4(document: dict[str, Any], receipts: list[str]) -> nbformat.NotebookNode:
    try:
        if document["nbformat"] == 3:
            node = nbformat.reads(json.dumps(document), as_version=4)
        else:
            node = nbformat.from_dict(document)
        node.setdefault("metadata", nbformat.NotebookNode())
        if not isinstance(node.metadata, dict):
            node.metadata = nbformat.NotebookNode()
            receipts.append("notebook metadata that could not be read was dropped")
        node.cells = [_repaired_cell(cell) for cell in node.cells]
    except Exception as error:  # nbformat raises many kinds on what only looks like a notebook
        raise SubmissionError(
            f"The file looks like a notebook, but its cells cannot be read ({error!r:.80}). Open "
            "it in Jupyter, save it and hand it in again."
        ) from error
    _give_ids(node, receipts)
    return node


def _repaired_cell(cell: Any) -> nbformat.NotebookNode:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(str(line) for line in source)
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise ValueError("a cell without a type or with a source that is no text")
    cell["source"] = whole(source)
    if not isinstance(cell.get("metadata"), dict):
        cell["metadata"] = nbformat.NotebookNode()
    return cell


def _give_ids(node: nbformat.NotebookNode, receipts: list[str]) -> None:
    seen: set[str] = set()
    given = 0
    for index, cell in enumerate(node.cells):
        identifier = cell.get("id")
        if not isinstance(identifier, str) or not identifier or identifier in seen:
            cell["id"] = f"cell-{index}"
            given += 1
        seen.add(cell["id"])
    if given:
        receipts.append(
            f"{given} of {len(node.cells)} cells had no id of their own and were given one"
        )
    if node.get("nbformat_minor", 0) < 5:
        node["nbformat_minor"] = 5
    node["nbformat"] = 4


def _check_language(node: nbformat.NotebookNode, receipts: list[str]) -> None:
    kernel = node.metadata.get("kernelspec")
    info = node.metadata.get("language_info")
    kernel = kernel if isinstance(kernel, dict) else {}
    info = info if isinstance(info, dict) else {}
    name = str(kernel.get("name", ""))
    language = str(kernel.get("language") or info.get("name") or _language_of(name))
    if language and language.casefold() not in PYTHON:
        raise SubmissionError(
            f"The notebook is written in {language}, and this assignment is in Python. "
            "Hand in the Python notebook."
        )
    if not name:
        receipts.append("the notebook names no kernel; it was run with Python 3")
    elif name != STANDARD_KERNEL:
        receipts.append(f"the kernel `{name[:60]}` is not known here; it was run with Python 3")
    node.metadata["kernelspec"] = nbformat.NotebookNode(
        name=STANDARD_KERNEL, display_name="Python 3", language="python"
    )


def _language_of(kernel: str) -> str:
    stem = kernel.casefold()
    for prefix, language in _OTHER_KERNELS.items():
        if stem == prefix or stem.startswith((f"{prefix}-", f"{prefix}1", f"{prefix}_")):
            return language
    return ""
