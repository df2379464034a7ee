"""Queries: the gradebook's questions in SQL, and what is added on the way."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from grader.facts import Facts
from grader.gradebook import rows
from grader.gradebook.records import Command, Entry, Marking, Run
from grader.gradebook.tables import (
    commands,
    executions,
    extensions,
    manual_marks,
    marks,
    submissions,
    versions,
)

T = TypeVar("T")
Query = Select[Any]
_CHUNK = 200


def chunks(many: Iterable[T]) -> Iterator[list[T]]:
    """Yield a few hundred at a time."""
    each = iter(many)
    while chunk := list(islice(each, _CHUNK)):
        yield chunk


def streamed(connection: Connection, query: Query) -> Iterator[RowMapping]:
    """Yield rows without holding all of them in memory."""
    options = {"stream_results": True, "yield_per": _CHUNK}
    yield from connection.execute(query, execution_options=options).mappings()


def current(assignment: str, identifiers: Sequence[str] | None = None) -> Query:
    """Select the newest mark of each submission, or of those named, sorted by id."""
    newest = (
        select(func.max(marks.c.id))
        .join(submissions)
        .where(submissions.c.assignment == assignment)
        .group_by(submissions.c.identifier)
        .correlate(None)
    )
    if identifiers is not None:
        newest = newest.where(submissions.c.identifier.in_(identifiers))
    return (
        select(*submissions.c, marks.c.report)
        .join_from(submissions, marks)
        .where(marks.c.id.in_(newest))
        .order_by(submissions.c.identifier)
    )


def newest_version(assignment: str) -> Query:
    """Select what the last command found the assignment to be."""
    kept = select(versions).where(versions.c.assignment == assignment)
    return kept.order_by(versions.c.id.desc()).limit(1)


def manual(assignment: str) -> Query:
    """Select the manual marks with the ids of their submissions, the oldest first."""
    return (
        select(*manual_marks.c, submissions.c.identifier)
        .join(submissions)
        .where(submissions.c.assignment == assignment)
        .order_by(manual_marks.c.id)
    )


def first_manual(assignment: str) -> Query:
    """Select when the first manual mark was given; nothing where there is none."""
    given = select(func.min(manual_marks.c.created_at)).join(submissions)
    return given.where(submissions.c.assignment == assignment)


def longer(assignment: str, identifiers: Sequence[str] | None = None) -> Query:
    """Select the extensions of submissions, or of those named, the newest last."""
    query = select(extensions).where(extensions.c.assignment == assignment)
    if identifiers is not None:
        query = query.where(extensions.c.identifier.in_(identifiers))
    return query.order_by(extensions.c.id)


def states(connection: Connection, assignment: str, many: Sequence[Facts]) -> list[int]:
    """Return the rows of submissions' states, added where they are not there yet."""
    wanted = [rows.of_facts(facts, assignment) for facts in many]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(submissions).on_conflict_do_nothing(), wanted)
    query = select(submissions.c.state, submissions.c.id).where(
        submissions.c.assignment == assignment,
        submissions.c.state.in_([row["state"] for row in wanted]),
    )
    found = {row.state: row.id for row in connection.execute(query)}
    return [found[row["state"]] for row in wanted]


def runs(
    connection: Connection, command: Command, of: Sequence[int], many: Sequence[Run | None]
) -> list[int | None]:
    """Add the runs that there are; for the others return the newest of their submission."""
    kept = (
        select(executions.c.submission, func.max(executions.c.id))
        .where(executions.c.submission.in_(of))
        .group_by(executions.c.submission)
    )
    before = {row[0]: row[1] for row in connection.execute(kept)}
    new = [
        {"submission": state, "command": command.id, "seed": run.seed, "device": run.device,
         "status": run.status, "seconds": run.seconds}
        for state, run in zip(of, many, strict=True)
        if run is not None
    ]  # fmt: skip
    ids: Iterator[int] = iter(())
    if new:
        added = insert(executions).returning(executions.c.id, sort_by_parameter_order=True)
        ids = iter(connection.scalars(added, new).all())
    return [
        before.get(state) if run is None else next(ids) for state, run in zip(of, many, strict=True)
    ]


def entries(connection: Connection, assignment: str, submission: str) -> list[Entry]:
    """Return a submission's history, the oldest first: versions come before what they mark."""
    mine = (submissions.c.assignment == assignment, submissions.c.identifier == submission)
    states = {
        row["id"]: rows.facts_of(row)
        for row in connection.execute(select(submissions).where(*mine)).mappings()
    }
    ran = {
        row["id"]: Run(row["seed"], row["device"], row["status"], row["seconds"])
        for row in _of(connection, executions, executions.c.submission.in_(states))
    }
    found: list[tuple[RowMapping, dict[str, Any]]] = []
    for row in _of(connection, versions, versions.c.assignment == assignment):
        found.append((row, {"version": rows.version_of(row)}))
    for row in _of(connection, marks, marks.c.submission.in_(states)):
        facts, report = states[row["submission"]], rows.report_of(row["report"])
        marking = Marking(facts, report, ran.get(row["execution"]), row["reason"])
        found.append((row, {"marking": marking}))
    for row in _of(connection, manual_marks, manual_marks.c.submission.in_(states)):
        found.append((row, {"manual": rows.manual_of(row, submission)}))
    for row in connection.execute(longer(assignment, [submission])).mappings():
        found.append((row, {"extension": rows.extension_of(row)}))
    asked = commands.c.id.in_({row["command"] for row, _ in found})
    by = {row["id"]: rows.command_of(row) for row in _of(connection, commands, asked)}
    # The sort is stable: at one moment they stay in the order above.
    found.sort(key=lambda pair: pair[0]["created_at"])
    return [Entry(row["created_at"], by[row["command"]], **what) for row, what in found]


def _of(connection: Connection, table: Table, where: Any) -> list[RowMapping]:
    query = select(table).where(where).order_by(table.c.id)
    return list(connection.execute(query).mappings())
