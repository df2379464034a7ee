"""Extensions: read a table of students who have more time."""

from collections.abc import Collection, Mapping
from datetime import datetime

from grader.errors import UsageError
from grader.facts import Extension, Facts, called
from grader.sheets import number, read_table


def read_extensions(data: bytes, known: Collection[Facts]) -> tuple[Extension, ...]:
    """Read a CSV with the column `student` and one of `due`, `days` and `hours` filled in.

    A student is named by id, email, login or name. Raises UsageError that lists every fault: who
    is not among the submissions or cannot be told apart, what is no time.
    """
    faults: list[str] = []
    found: dict[str, Extension] = {}
    for place, row in read_table(data, ("student",), "a table of extensions"):
        try:
            extension = _extension(_submission(row["student"], known), row)
            if extension.submission in found:
                raise ValueError(f"`{row['student']}` is there twice")
            found[extension.submission] = extension
        except ValueError as error:
            faults.append(f"row {place}: {error}")
    if faults:
        raise UsageError("\n  ".join(["nothing was written. Mend these rows:", *faults]))
    return tuple(found.values())


def _submission(name: str, known: Collection[Facts]) -> str:
    exact = [facts.id for facts in known if facts.id == name]
    ids = exact or sorted({facts.id for facts in known if called(facts, name)})
    if not ids:
        raise ValueError(f"no submission is `{name}`'s, by id, email, login or name")
    if len(ids) > 1:
        raise ValueError(f"`{name}` may be {', '.join(ids)}; name one of these")
    return ids[0]


def _extension(submission: str, row: Mapping[str, str]) -> Extension:
    given = {key: row[key] for key in ("due", "days", "hours") if row.get(key)}
    if len(given) != 1:
        raise ValueError(
            "expected one of `due`, `days`, `hours`, found " + (", ".join(given) or "none")
        )
    key, text = given.popitem()
    if key != "due":
        seconds = number(text) * (86400 if key == "days" else 3600)
        if seconds > 10 * 366 * 86400:
            raise ValueError(f"`{text}` {key} is more than ten years")
        return Extension(submission, seconds=seconds)
    try:
        due = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is no time such as 2026-03-01T23:59:00+01:00") from None
    if due.utcoffset() is None:
        raise ValueError(
            f"`{text}` is without a zone: write 2026-03-01T23:59:00+01:00, or use `days`"
        )
    return Extension(submission, due=due)
