"""Quiet check: what `grader.student` is while a notebook is being graded.

The student's `check("q…")` marks where a question is observed; the runtime observes there by
itself, so the call has nothing to do and prints nothing.
"""

import sys
from types import ModuleType


def check(question: str = "", *_: object, **__: object) -> None:
    """Do nothing: the grader checks this question itself."""


def install() -> None:
    """Make `from grader.student import check` give the quiet one."""
    module = ModuleType("grader.student", __doc__)
    module.__dict__["check"] = check
    sys.modules["grader.student"] = module
