"""Rows: records as the database keeps them, and back."""

import hashlib
import json
import zlib
from dataclasses import asdict
from datetime import UTC
from typing import Any

from sqlalchemy import RowMapping

from grader.assignment import AssignmentFile
from grader.facts import Extension, Facts, ManualMark
from grader.gradebook.records import Command, Version
from grader.report import Report
from grader.text import whole


def storable(text: str) -> str:
    """Return text that every database takes: no lone surrogates, no NUL."""
    return whole(text).replace("\0", "\N{REPLACEMENT CHARACTER}")


def of_facts(facts: Facts, assignment: str) -> dict[str, Any]:
    """Return the row of a submission's state; `state` is the same for the same facts."""
    row = {
        "assignment": storable(assignment),
        "identifier": storable(facts.id),
        "fingerprint": facts.fingerprint,
        "sha256": facts.sha256,
        "student": None if facts.student is None else storable(facts.student),
        "identity": json.dumps(dict(facts.identity), sort_keys=True),
        "submitted": facts.submitted and facts.submitted.astimezone(UTC),
        "late": facts.late,
        "attempt": facts.attempt,
        "source": storable(facts.source),
        "answers": json.dumps(dict(facts.answers), sort_keys=True),
    }
    state = hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()
    return {**row, "state": state}


def facts_of(row: RowMapping) -> Facts:
    """Return the facts that a row of `submissions` holds."""
    return Facts(
        id=row["identifier"],
        fingerprint=row["fingerprint"],
        sha256=row["sha256"],
        student=row["student"],
        identity=json.loads(row["identity"]),
        submitted=row["submitted"],
        late=row["late"],
        attempt=row["attempt"],
        source=row["source"],
        answers=json.loads(row["answers"]),
    )


def of_report(report: Report) -> dict[str, Any]:
    """Return the columns of `marks` that come from a report. It may not be settled yet."""
    if report.adjustments:
        raise ValueError("the gradebook keeps reports as they are before any adjustment")
    text = json.dumps(report.to_json())
    return {
        "status": report.status,
        "score": report.score,
        "max_score": report.max_score,
        "report": zlib.compress(text.encode()),
    }


def report_of(blob: bytes) -> Report:
    """Return the report that a row of `marks` holds."""
    return Report.model_validate_json(zlib.decompress(blob))


def command_of(row: RowMapping) -> Command:
    """Return the command that a row of `commands` holds."""
    return Command(row["id"], row["started_at"], row["line"], row["engine"], row["user"])


def version_of(row: RowMapping) -> Version:
    """Return the version that a row of `versions` holds."""
    return Version(
        id=row["id"],
        assignment=row["assignment"],
        name=row["name"],
        digest=row["digest"],
        files=json.loads(row["files"]),
        settings=AssignmentFile.model_validate_json(row["settings"]),
    )


def manual_of(row: RowMapping, submission: str) -> ManualMark:
    """Return the manual mark that a row of `manual_marks` holds."""
    return ManualMark(
        submission, row["question"], row["answer"], row["points"], row["comment"], row["marker"]
    )


def extension_of(row: RowMapping) -> Extension:
    """Return the extension that a row of `extensions` holds."""
    return Extension(row["identifier"], row["due"], row["seconds"])


def of_version(version: Version) -> dict[str, Any]:
    """Return the row of a version, without its id."""
    found = asdict(version)
    del found["id"]
    return {
        **found,
        "files": json.dumps(dict(version.files), sort_keys=True),
        "settings": version.settings.model_dump_json(),
    }
