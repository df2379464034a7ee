"""Book: what can be asked of a gradebook and added to it."""

import getpass
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from grader import __version__, policy
from grader.assignment import Assignment, AssignmentFile
from grader.errors import UsageError
from grader.facts import Extension, Facts, ManualMark, called
from grader.gradebook import queries, rows, tables, versions
from grader.gradebook.records import Command, Entry, Marked, Marking, Run, Version
from grader.gradebook.tables import writing
from grader.report import Report
from grader.score import tidy
from grader.standing import Standing

_PASSWORD = re.compile(r"(://[^:@/\s]*:)\S*@")


class Gradebook:
    """A gradebook in a database. A submission's mark is its newest row; no row ever changes.

    Iterators read lazily: of a large class a few hundred reports are in memory at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def begin(self, line: str) -> Command:
        """Keep the command that is about to write, without the password of a URL in it."""
        row: dict[str, Any] = {
            "started_at": datetime.now(UTC),
            "line": _PASSWORD.sub(r"\1***@", rows.storable(line)),
            "engine": __version__,
            "user": user(),
        }
        with writing(self._engine) as connection:
            found = connection.execute(
                insert(tables.commands).values(row).returning(tables.commands.c.id)
            )
            return Command(id=found.scalar_one(), **row)

    def version(self, command: Command, assignment: Assignment) -> Version:
        """Return the assignment's version, kept if it differs from the newest one that is kept."""
        now = self.version_now(assignment)
        row = rows.of_version(now)
        with writing(self._engine) as connection:
            newest = connection.execute(queries.newest_version(assignment.name)).mappings().first()
            if newest is not None and all(newest[key] == value for key, value in row.items()):
                return rows.version_of(newest)
            row |= {"command": command.id, "created_at": datetime.now(UTC)}
            added = insert(tables.versions).values(row).returning(*tables.versions.c)
            return rows.version_of(connection.execute(added).mappings().one())

    def version_now(self, assignment: Assignment) -> Version:
        """Return the assignment's version as it is on the disk; nothing is kept, its id is 0."""
        hashes = versions.files(assignment)
        return Version(
            id=0,
            assignment=assignment.name,
            name=assignment.version,
            digest=versions.digest(hashes),
            files=hashes,
            settings=assignment.settings,
        )

    def record(self, command: Command, version: Version, settings: str, marking: Marking) -> None:
        """Add a submission's mark, with its state and its run, in one transaction.

        `settings` is the digest of what it was marked with, as in `settings_digest`.
        """
        self.add_marks(command, version, settings, (marking,))

    def add_marks(
        self, command: Command, version: Version, settings: str, many: Iterable[Marking]
    ) -> None:
        """Add many marks in one transaction: all of them, or none."""
        with writing(self._engine) as connection:
            for chunk in queries.chunks(many):
                states = queries.states(
                    connection, version.assignment, [each.facts for each in chunk]
                )
                runs = queries.runs(connection, command, states, [each.run for each in chunk])
                connection.execute(
                    insert(tables.marks),
                    [
                        {
                            "submission": state,
                            "command": command.id,
                            "version": version.id,
                            "execution": run,
                            "created_at": datetime.now(UTC),
                            "settings": settings,
                            "reason": rows.storable(each.reason),
                            **rows.of_report(each.report),
                        }
                        for each, state, run in zip(chunk, states, runs, strict=True)
                    ],
                )

    def add_manual_marks(
        self, command: Command, assignment: str, many: Iterable[ManualMark]
    ) -> None:
        """Add manual marks to the submissions as they are now, all or none.

        Raises UsageError where there is no such submission.
        """
        with writing(self._engine) as connection:
            for chunk in queries.chunks(many):
                now = queries.current(assignment, [each.submission for each in chunk])
                ids = now.with_only_columns(
                    tables.submissions.c.identifier, tables.submissions.c.id
                )
                states = {row[0]: row[1] for row in connection.execute(ids)}
                connection.execute(
                    insert(tables.manual_marks),
                    [
                        {
                            "submission": _known(states, each.submission, assignment),
                            "command": command.id,
                            "created_at": datetime.now(UTC),
                            "question": each.question,
                            "answer": each.answer,
                            "points": each.points,
                            "comment": rows.storable(each.comment),
                            "marker": rows.storable(each.marker),
                        }
                        for each in chunk
                    ],
                )

    def add_extensions(self, command: Command, assignment: str, many: Iterable[Extension]) -> None:
        """Add extensions, all or none; of several for a submission the newest counts."""
        with writing(self._engine) as connection:
            for chunk in queries.chunks(many):
                connection.execute(
                    insert(tables.extensions),
                    [
                        {
                            "command": command.id,
                            "created_at": datetime.now(UTC),
                            "assignment": assignment,
                            "identifier": each.submission,
                            "due": each.due,
                            "seconds": each.seconds,
                        }
                        for each in chunk
                    ],
                )

    def assignments(self) -> tuple[str, ...]:
        """Return the names of the assignments that the gradebook has versions of."""
        names = (
            select(tables.versions.c.assignment).distinct().order_by(tables.versions.c.assignment)
        )
        with self._engine.connect() as connection:
            return tuple(connection.scalars(names))

    def settings(self, assignment: str) -> AssignmentFile:
        """Return the settings that the last command found. Raises UsageError for a stranger."""
        with self._engine.connect() as connection:
            found = connection.execute(queries.newest_version(assignment)).mappings().first()
        if found is None:
            known = ", ".join(self.assignments()) or "none"
            raise UsageError(f"the gradebook has no assignment `{assignment}`; found: {known}.")
        return rows.version_of(found).settings

    def marked(self, assignment: str) -> dict[str, Marked]:
        """Return, by id, what each submission's newest mark was made of."""
        marks, submissions = tables.marks, tables.submissions
        query = queries.current(assignment).with_only_columns(
            submissions.c.identifier,
            submissions.c.fingerprint,
            marks.c.settings,
            marks.c.status,
            marks.c.version,
        )
        with self._engine.connect() as connection:
            return {row[0]: Marked(*row[1:]) for row in connection.execute(query).tuples()}

    def versions(self, assignment: str) -> dict[int, Version]:
        """Return the assignment's versions by their number."""
        with self._engine.connect() as connection:
            query = select(tables.versions).where(tables.versions.c.assignment == assignment)
            return {row["id"]: rows.version_of(row) for row in connection.execute(query).mappings()}

    def runs(self, assignment: str) -> dict[str, Run]:
        """Return the newest run of what was handed in, by its fingerprint."""
        runs, submissions = tables.executions, tables.submissions
        query = (
            select(submissions.c.fingerprint, runs)
            .join_from(runs, submissions)
            .where(submissions.c.assignment == assignment)
            .order_by(runs.c.id)
        )
        with self._engine.connect() as connection:
            return {
                row["fingerprint"]: Run(row["seed"], row["device"], row["status"], row["seconds"])
                for row in queries.streamed(connection, query)
            }

    def extensions(self, assignment: str) -> dict[str, Extension]:
        """Return the extension that counts, by the submission's id."""
        with self._engine.connect() as connection:
            found = queries.streamed(connection, queries.longer(assignment))
            return {row["identifier"]: rows.extension_of(row) for row in found}

    def facts(self, assignment: str) -> Iterator[Facts]:
        """Yield the submissions as they are now, sorted by id."""
        with self._engine.connect() as connection:
            query = queries.current(assignment).with_only_columns(*tables.submissions.c)
            for row in queries.streamed(connection, query):
                yield rows.facts_of(row)

    def current(self, assignment: str) -> Iterator[tuple[Facts, Report]]:
        """Yield each submission with its newest report, unadjusted, sorted by id."""
        with self._engine.connect() as connection:
            for row in queries.streamed(connection, queries.current(assignment)):
                yield rows.facts_of(row), rows.report_of(row["report"])

    def settled(self, assignment: str) -> Iterator[tuple[Facts, Report]]:
        """Yield each submission with the report that counts, sorted by id."""
        for facts, report, _ in self._settled(assignment):
            yield facts, report

    def standings(self, assignment: str) -> Iterator[Standing]:
        """Yield where each submission stands, sorted by id: with manual marks and the rules."""
        late = self.settings(assignment).late
        for facts, report, extension in self._settled(assignment):
            yield _standing(facts, report, policy.late_by(facts.submitted, late, extension))

    def given(self, assignment: str) -> Iterator[ManualMark]:
        """Yield all manual marks, the oldest first."""
        with self._engine.connect() as connection:
            for row in queries.streamed(connection, queries.manual(assignment)):
                yield rows.manual_of(row, row["identifier"])

    def marking_since(self, assignment: str) -> datetime | None:
        """Return when a person began to mark the class, None where nobody has."""
        with self._engine.connect() as connection:
            return connection.scalar(queries.first_manual(assignment))

    def matching(self, name: str) -> tuple[tuple[str, Facts], ...]:
        """Return the submissions of an id, a name, an email or a login, with their assignments.

        Where none fits exactly, those are returned of which a part fits.
        """
        listed = [(a, facts) for a in self.assignments() for facts in self.facts(a)]
        own = tuple(each for each in listed if each[1].id == name)
        exact = tuple(each for each in listed if called(each[1], name))
        part = name.strip().casefold()
        return (
            own
            or exact
            or tuple(
                (a, facts)
                for a, facts in listed
                if part
                in f"{facts.id}\n{facts.student or ''}\n{facts.identity.values()}".casefold()
            )
        )

    def history(self, assignment: str, submission: str) -> tuple[Entry, ...]:
        """Return all that is known of a submission, the oldest first."""
        with self._engine.connect() as connection:
            return tuple(queries.entries(connection, assignment, submission))

    def _settled(self, assignment: str) -> Iterator[tuple[Facts, Report, Extension | None]]:
        settings = self.settings(assignment)
        with self._engine.connect() as connection:
            marking = connection.scalar(queries.first_manual(assignment)) is not None
            newest = queries.streamed(connection, queries.current(assignment))
            for chunk in queries.chunks(newest):
                ids = [row["identifier"] for row in chunk]
                marked = queries.manual(assignment).where(tables.submissions.c.identifier.in_(ids))
                given: dict[str, list[ManualMark]] = {name: [] for name in ids}
                for row in connection.execute(marked).mappings():
                    given[row["identifier"]].append(rows.manual_of(row, row["identifier"]))
                longer = connection.execute(queries.longer(assignment, ids)).mappings()
                extended = {row["identifier"]: rows.extension_of(row) for row in longer}
                for row in chunk:
                    facts, report = rows.facts_of(row), rows.report_of(row["report"])
                    extension = extended.get(facts.id)
                    settled = policy.settle(
                        report, given[facts.id], facts, settings, extension, marking=marking
                    )
                    yield facts, settled, extension


def _standing(facts: Facts, report: Report, late: timedelta) -> Standing:
    graded = report.status == "graded"
    questions = {question.name: question.score for question in report.questions}
    for each in report.adjustments:
        if each.question is not None:
            questions[each.question] = tidy(questions.get(each.question, 0.0) + each.points)
    taken = sum(each.points for each in report.adjustments if each.kind == "late")
    return Standing(
        submission=facts.id,
        status=report.status,
        student=facts.student,
        identity=facts.identity,
        score=report.score,
        max_score=report.max_score,
        raw_score=tidy(sum(questions.values())),
        penalty=tidy(-taken),
        pending=report.manual_points_pending,
        submitted=facts.submitted,
        late_seconds=late.total_seconds(),
        attempt=facts.attempt,
        questions=questions if graded else {},
        message=report.message,
    )


def _known(states: dict[str, int], submission: str, assignment: str) -> int:
    if submission not in states:
        raise UsageError(
            f"no submission `{submission}` of {assignment} is in the gradebook; nothing was added."
        )
    return states[submission]


def user() -> str:
    """Return the name of the user of this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return str(os.getuid())
