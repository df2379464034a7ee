"""Platforms: marks in the shape in which each platform takes them."""

from grader.platforms import canvas, gradescope, moodle, nbgrader, plain
from grader.platforms.base import Exporter


def exporter(platform: str) -> Exporter:
    """Return what exports to a platform, by the name that `--to` has for it."""
    exporters: dict[str, Exporter] = {
        "canvas": canvas.export,
        "moodle": moodle.export,
        "gradescope": gradescope.export,
        "nbgrader": nbgrader.export,
        "csv": plain.export,
    }
    return exporters[platform]
