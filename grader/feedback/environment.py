"""Environment: how templates become pages, of a submission and of a class. Imports no torch."""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape

from grader.feedback import shapes
from grader.feedback.terminal import clean, points, signed
from grader.report import CheckRecord, bonus

_NAME = re.compile(r"`([^`]{1,80})`")
WORDS = {
    "full": ("✓", "full marks"),
    "partial": ("◐", "partly right"),
    "none": ("✗", "not right yet"),
    "missing": ("○", "nothing to check"),
    "manual": ("…", "read by a person"),
}


@cache
def environment() -> Environment:
    """Return the templates' environment: everything is escaped that is not marked as markup."""
    found = Environment(
        loader=PackageLoader("grader.feedback"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheet = files("grader.feedback").joinpath("templates/style.css").read_text(encoding="utf-8")
    found.filters.update(
        points=points,
        signed=signed,
        bonus=bonus,
        clean=clean,
        shapes=shapes.draw,
        failing=failing,
        sentence=sentence,
    )
    found.globals.update(style=Markup(sheet), style_digest=_digest(sheet), words=WORDS)
    return found


def failing(checks: Sequence[CheckRecord]) -> list[CheckRecord]:
    """Return the checks that did not pass, each sentence once: one cause often stops several."""
    by_message: dict[str, CheckRecord] = {}
    for check in checks:
        if check.status != "passed":
            by_message.setdefault(check.message or check.name, check)
    return list(by_message.values())


def sentence(text: str | None) -> Markup:
    """Return a sentence with its `names` in backquotes as code, everything in it escaped."""
    return Markup(_NAME.sub(r"<code>\1</code>", str(escape(clean(text or "")))))


def _digest(sheet: str) -> str:
    return base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
