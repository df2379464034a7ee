"""Inline: shapes and pictures as HTML for a cell of a notebook, where no style sheet is ours."""

from collections.abc import Iterable, Sequence

from grader.feedback import drawing, shapes
from grader.feedback.environment import environment
from grader.pictures import Picture


def inline(messages: Iterable[str], pictures: Sequence[Picture]) -> str:
    """Return the shapes that sentences name, and the students' side of pictures."""
    pairs = [pair for message in dict.fromkeys(messages) if (pair := shapes.draw(message))]
    shown = [each for picture in pictures if (each := picture.shown(staff=False))]
    return (
        environment()
        .get_template("inline.html")
        .render(shapes=pairs, pictures=[drawing.draw(each) for each in shown])
    )
