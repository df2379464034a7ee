"""Gradebook: what was handed in, how it was marked, by which command. Rows are only ever added."""

from pathlib import Path

from grader.gradebook.book import Gradebook, user
from grader.gradebook.records import Command, Entry, Marking, Run, Version
from grader.gradebook.tables import connect
from grader.gradebook.versions import settings_digest

__all__ = [
    "Command",
    "Entry",
    "Gradebook",
    "Marking",
    "Run",
    "Version",
    "open_gradebook",
    "settings_digest",
    "user",
]


def open_gradebook(place: str | Path) -> Gradebook:
    """Open the gradebook in a file, or in a database by URL; it is made where there is none.

    SQLite for a path, PostgreSQL for `postgresql://…`. Raises UsageError where it cannot be used.
    """
    return Gradebook(connect(place))
