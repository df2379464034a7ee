"""Page: a report as one self-contained HTML page, without any script."""

from functools import cache

from jinja2 import Environment, PackageLoader, select_autoescape

from grader.feedback.terminal import points
from grader.report import Report


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("grader.feedback"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points
    return environment


def page(report: Report) -> str:
    """Return the page. All text from the submission is escaped; a policy forbids scripts."""
    return _environment().get_template("page.html").render(report=report)
