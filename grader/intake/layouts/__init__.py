"""Layouts: the shapes in which platforms hand out a class, a module each."""

from grader.intake.layouts import canvas, gradescope, moodle, nbgrader
from grader.intake.layouts.handin import Arrangement, HandIn, Identity, Layout

LAYOUTS = (
    Layout("gradescope", gradescope.METADATA, gradescope.arrange),
    Layout("moodle", "", moodle.arrange),
    Layout("canvas", "", canvas.arrange),
    Layout("nbgrader", nbgrader.METADATA, nbgrader.arrange),
)

__all__ = ["LAYOUTS", "Arrangement", "HandIn", "Identity", "Layout"]
