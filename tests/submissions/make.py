"""Make: write every situation's submission.ipynb from the starter and its answers."""

from pathlib import Path

import nbformat
from situations import ALL, ORIGINAL, Situation

from grader import build
from grader.assignment import find_course

HERE = Path(__file__).parent


def notebook(situation: Situation) -> str:
    """Return the text of a situation's notebook."""
    assignment = find_course(HERE).assignment("convolution")
    text = build.build_starter(assignment) if situation.starter else build.solved(assignment)
    text = build.solve(text, {name: fill.strip() for name, fill in situation.fills.items()})
    node = nbformat.reads(text, as_version=4)
    node.cells = [c for c in node.cells if c.metadata["name"] not in situation.without]
    for number, source in enumerate(situation.extra):
        node.cells.append(nbformat.v4.new_code_cell(source, id=f"scratch-{number}"))
    return build.write(node)


def original() -> str:
    """Return the text of the original tutorial, as nbformat 4.4 without cell ids."""
    node = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    node.cells = [nbformat.v4.new_markdown_cell("# Convolutional Neural Networks")]
    node.cells += [nbformat.v4.new_code_cell(source) for source in ORIGINAL]
    for cell in node.cells:
        del cell["id"]
    node["nbformat_minor"] = 4
    return str(nbformat.writes(node)) + "\n"


def texts() -> dict[str, str]:
    """Return the text of every situation's notebook, by the situation's name."""
    return {
        **{name: notebook(situation) for name, situation in ALL.items()},
        "original_tutorial": original(),
    }


def main() -> None:
    for name, text in texts().items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        (folder / "submission.ipynb").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
