"""Gradescope: folders `submission_<id>/`, and `submission_metadata.yml` that says whose they are.

The file was written by Ruby: its keys begin with a colon, and some values carry Ruby's types.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import yaml

from grader.intake.layouts.handin import Arrangement, HandIn, Identity

METADATA = "submission_metadata.yml"
_FOLDER = re.compile(r"submission_(\d+)")
_KEYS = {"name": "name", "sid": "student_id", "email": "email"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that reads Ruby's objects as the plain values they are made of."""


def _plain(loader: Any, _: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _plain)


def arrange(files: Sequence[str], metadata: Mapping[str, bytes]) -> Arrangement | None:
    """Return the hand-ins of an export of submissions; None where it is none."""
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for path in files:
        first, _, rest = path.partition("/")
        found = _FOLDER.fullmatch(first)
        if found and rest:
            folders[found[1]][rest] = path
    if METADATA not in files:
        return None
    receipts = []
    try:
        about = _about(metadata.get(METADATA, b""))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        about = {}
        receipts.append(
            f"{METADATA} cannot be read ({str(error).splitlines()[0]}); "
            "submissions have their ids, but no names."
        )
    ids = [*folders, *(each for each in about if each not in folders)]
    handins = tuple(_handin(each, folders.get(each, {}), about.get(each, {})) for each in ids)
    return Arrangement(handins, (METADATA,), tuple(receipts))


def _about(content: bytes) -> dict[str, Mapping[str, Any]]:
    """Return what the metadata says of each submission, by its id, colons dropped."""
    document = yaml.load(content, Loader=_Loader)
    if not isinstance(document, dict):
        raise ValueError(f"expected a table, found {type(document).__name__}")
    return {
        found[1]: _undotted(value)
        for key, value in document.items()
        if (found := _FOLDER.fullmatch(str(key))) and isinstance(value, dict)
    }


def _undotted(table: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key).lstrip(":"): value for key, value in table.items()}


def _handin(number: str, files: Mapping[str, str], about: Mapping[str, Any]) -> HandIn:
    submitters = about.get("submitters")
    people = [
        _person(_undotted(each))
        for each in (submitters if isinstance(submitters, list) else [])
        if isinstance(each, dict)
    ]
    people = [person for person in people if person]
    submitted = _time(about.get("created_at"))
    history = about.get("history")
    identity: dict[str, str] = {"gradescope_submission": number}
    if len(people) == 1:
        identity |= people[0]
    elif people:
        # Whose e-mail or number it is cannot be said of a group; `group` has them all.
        identity["name"] = ", ".join(person.get("name", "?") for person in people)
    owner = "\n".join(sorted(_key(person) for person in people)) if people else number
    return HandIn(
        id=number,
        files=files,
        owner=owner,
        identity=identity,
        submitted=submitted,
        attempt=1 + len(history) if isinstance(history, list) else 1,
        order=submitted.timestamp() if submitted else 0,
        group=tuple(people) if len(people) > 1 else (),
    )


def _person(submitter: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: str(submitter[theirs]).strip()
        for theirs, key in _KEYS.items()
        if submitter.get(theirs) is not None and str(submitter[theirs]).strip()
    }


def _key(person: Identity) -> str:
    return next(person[key] for key in ("email", "student_id", "name") if key in person)


def _time(value: Any) -> datetime | None:
    """Return a time in UTC; Ruby's TimeWithZone is a table that holds it as `utc`."""
    if isinstance(value, dict):
        value = value.get("utc")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
