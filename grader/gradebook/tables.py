"""Tables: what the gradebook's database looks like, and how it is opened.

Nothing is updated or deleted: triggers refuse it, whoever tries.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from grader.errors import UsageError

SCHEMA = 1
METADATA = MetaData()
_LOCK = 7_263_841_905  # any number: the name of the writers' lock in PostgreSQL
_WAIT = 60  # seconds that a writer waits for another
_EXPECTED = "a path, postgresql://… or sqlite:///…"


class Utc(TypeDecorator[datetime]):
    """A moment: kept without a zone, in UTC, on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


def _text(name: str) -> Column[str]:
    """Return a column of text that sorts by code point on every database, as Python does."""
    plain = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
    return Column(name, plain, nullable=False)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _of(table: str) -> Column[int]:
    """Return a column that refers to a row of another table, `submission` to `submissions`."""
    return Column(table, ForeignKey(f"{table}s.id"), nullable=False)


schema = Table("schema", METADATA, Column("version", Integer, primary_key=True))
commands = Table(
    "commands",
    METADATA,
    _id(),
    Column("started_at", Utc, nullable=False),
    _text("line"),
    _text("engine"),
    _text("user"),
)
versions = Table(
    "versions",
    METADATA,
    _id(),
    _of("command"),
    Column("created_at", Utc, nullable=False),
    _text("assignment"),
    _text("name"),
    _text("digest"),
    _text("files"),
    _text("settings"),
)
submissions = Table(
    "submissions",
    METADATA,
    _id(),
    _text("assignment"),
    _text("state"),
    _text("identifier"),
    _text("fingerprint"),
    _text("sha256"),
    Column("student", Text),
    _text("identity"),
    Column("submitted", Utc),
    Column("late", Boolean),
    Column("attempt", Integer, nullable=False),
    _text("source"),
    _text("answers"),
    UniqueConstraint("assignment", "state"),
    Index("submissions_by_identifier", "assignment", "identifier"),
    Index("submissions_by_fingerprint", "fingerprint"),
)
executions = Table(
    "executions",
    METADATA,
    _id(),
    _of("submission"),
    _of("command"),
    _text("seed"),
    _text("device"),
    _text("status"),
    Column("seconds", Double, nullable=False),
    Index("executions_by_submission", "submission"),
)
marks = Table(
    "marks",
    METADATA,
    _id(),
    _of("submission"),
    _of("command"),
    _of("version"),
    Column("execution", ForeignKey("executions.id")),
    Column("created_at", Utc, nullable=False),
    _text("settings"),
    _text("status"),
    Column("score", Double, nullable=False),
    Column("max_score", Double, nullable=False),
    Column("report", LargeBinary, nullable=False),
    _text("reason"),
    Index("marks_by_submission", "submission"),
)
manual_marks = Table(
    "manual_marks",
    METADATA,
    _id(),
    _of("submission"),
    _of("command"),
    Column("created_at", Utc, nullable=False),
    _text("question"),
    _text("answer"),
    Column("points", Double, nullable=False),
    _text("comment"),
    _text("marker"),
    Index("manual_marks_by_submission", "submission"),
)
extensions = Table(
    "extensions",
    METADATA,
    _id(),
    _of("command"),
    Column("created_at", Utc, nullable=False),
    _text("assignment"),
    _text("identifier"),
    Column("due", Utc),
    Column("seconds", Double, nullable=False),
    Index("extensions_by_identifier", "assignment", "identifier"),
)


def connect(place: str | Path) -> Engine:
    """Return the database at a path or URL, with its tables made where there are none."""
    url = _url(place)
    shown = url.database or "" if url.drivername == "sqlite" else url.render_as_string()
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
        _make(engine, shown)
    except ImportError as error:
        raise UsageError(
            f"the driver for {shown} is not installed ({error}): install torch-grader[postgresql]."
        ) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise UsageError(f"the gradebook {shown} cannot be opened: {why}.") from error
    return engine


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that writes: committed whole at the end, or not at all.

    Writers take turns, here and in other processes, so that none fails because of another.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            yield connection


def _make(engine: Engine, shown: str) -> None:
    """Make the tables where there are none. Raises UsageError where they are not ours."""
    with engine.connect() as connection:
        there = inspect(connection).has_table(schema.name)
    if not there:
        with writing(engine) as connection:
            # Another process may have been quicker.
            if not inspect(connection).has_table(schema.name):
                METADATA.create_all(connection)
                _guard(connection)
                connection.execute(insert(schema).values(version=SCHEMA))
    with engine.connect() as connection:
        found = connection.scalar(select(func.max(schema.c.version)))
    if found is None or found > SCHEMA:
        kind = f"of schema {found}" if found else "no gradebook"
        raise UsageError(
            f"{shown} is {kind}; this grader knows schema {SCHEMA}. "
            "Use the grader that made it, or a newer one."
        )


def _guard(connection: Connection) -> None:
    """Let the database itself refuse to change or remove a row."""
    refuse = "rows of the gradebook are only ever added"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION rows_are_kept() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{refuse}'; END $$"
        )
    for name in METADATA.tables:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION rows_are_kept()"
            )
            continue
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
                f"BEGIN SELECT RAISE(ABORT, '{refuse}'); END"
            )


def _url(place: str | Path) -> URL:
    if "://" not in str(place):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(str(place))
    except ArgumentError as error:
        raise UsageError(f"this is no URL of a database: expected {_EXPECTED}.") from error
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("postgresql+psycopg", "sqlite"):
        return url
    raise UsageError(f"no gradebook is kept in `{url.drivername}`: expected {_EXPECTED}.")


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """Set up a connection to SQLite.

    A committed mark survives a power cut (synchronous=FULL: some milliseconds a submission, which
    takes seconds to run). Transactions are begun by `_begin` and not by the driver.
    """
    connection.isolation_level = None
    for setting in (
        f"busy_timeout = {_WAIT * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    """Begin a transaction: a writer takes its turn at once, not in the middle of its work."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
