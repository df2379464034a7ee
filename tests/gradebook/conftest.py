"""Fixtures: a real PostgreSQL server of this session, and gradebooks in it and in a file."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from grader.gradebook import Gradebook, open_gradebook


def _as_postgres(*command: object) -> list[str]:
    """Return a command that runs as `postgres` where this is root: the server refuses root."""
    line = [str(each) for each in command]
    if os.getuid() != 0:
        return line
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *line]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Return the URL of a fresh server's database; it listens on a socket in its own folder."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian's package `postgresql`)")
    place = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has 107 bytes
    data, control = place / "data", found[-1] / "pg_ctl"
    try:
        if os.getuid() == 0:
            shutil.chown(place, "postgres", "postgres")
        make = (found[-1] / "initdb", "-D", data, "-A", "trust", "-U", "grader", "-E", "UTF8")
        # A server that sorts as people do: the gradebook must not depend on it.
        sorts = ("--locale-provider=icu", "--icu-locale=en")
        subprocess.run(_as_postgres(*make, *sorts), check=True, capture_output=True, cwd=place)
        options = f"-k {place} -c listen_addresses= -c fsync=off"
        start = (control, "-D", data, "-w", "-l", place / "log", "-o", options, "start")
        subprocess.run(_as_postgres(*start), check=True, stdout=subprocess.DEVNULL, cwd=place)
        yield f"postgresql://grader@/postgres?host={place}"
    finally:
        with contextlib.suppress(OSError):
            stop = _as_postgres(control, "-D", data, "-m", "immediate", "stop")
            subprocess.run(stop, check=False, capture_output=True, cwd=place)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgresql: str) -> Callable[[], str]:
    """Return a function that makes an empty schema and returns the URL that leads to it."""

    def make() -> str:
        name = f"book_{uuid.uuid4().hex}"
        engine = create_engine(postgresql.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
        engine.dispose()
        return f"{postgresql}&options=-csearch_path%3D{name}"

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where an empty gradebook can be made: a path, and the URL of a database."""
    if request.param == "sqlite":
        return str(tmp_path / "gradebook.sqlite")
    return request.getfixturevalue("new_database")()


@pytest.fixture
def book(place: str) -> Iterator[Gradebook]:
    """Return an empty gradebook, once in a file and once in PostgreSQL."""
    opened = open_gradebook(place)
    yield opened
    opened.close()
