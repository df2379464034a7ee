"""nbgrader: `submitted/STUDENT/ASSIGNMENT/*.ipynb`, with a `timestamp.txt` beside the notebooks."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.intake.layouts.handin import Arrangement, HandIn

METADATA = "timestamp.txt"
_TOP = "submitted/"
_STAMP = re.compile(r"(?P<time>\d{4}-\d\d-\d\d[ T][\d:.]+) ?(?P<zone>[\w/+:-]*)")


def arrange(files: Sequence[str], metadata: Mapping[str, bytes]) -> Arrangement | None:
    """Return the hand-ins of a `submitted` tree; None where it is none.

    Without the folder `submitted` around it, it is known by a `timestamp.txt`.
    """
    top = _TOP if all(path.startswith(_TOP) for path in files) else ""
    parts = {path: tuple(path.removeprefix(top).split("/", 2)) for path in files}
    notebooks = [each for path, each in parts.items() if path.lower().endswith(".ipynb")]
    stamped = any(len(each) == 3 and each[2] == METADATA for each in parts.values())
    if not notebooks or any(len(each) < 3 for each in notebooks) or not (top or stamped):
        return None
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    stamps: dict[tuple[str, str], str] = {}
    for path, each in parts.items():
        if len(each) < 3:
            continue
        student, assignment, name = each
        if name == METADATA:
            stamps[student, assignment] = path
        else:
            found[student, assignment][name] = path
    assignments = sorted({assignment for _, assignment in {**found, **stamps}})
    handins = []
    for student, assignment in {**found, **stamps}:
        key = student if len(assignments) == 1 else f"{student}/{assignment}"
        stamp = metadata.get(stamps.get((student, assignment), ""), b"")
        submitted = read_time(stamp.decode("utf-8", "replace"))
        handins.append(
            HandIn(
                id=key,
                files=found.get((student, assignment), {}),
                owner=key,
                identity={"student_id": student},
                submitted=submitted,
                order=submitted.timestamp() if submitted else 0,
            )
        )
    receipts = []
    if len(assignments) > 1:
        listed = ", ".join(assignments[:6])
        receipts.append(
            f"the tree holds {len(assignments)} assignments ({listed}); all of them are taken. "
            "Name the folders of one to have only that."
        )
    return Arrangement(tuple(handins), tuple(stamps.values()), tuple(receipts))


def read_time(text: str) -> datetime | None:
    """Return the time in a `timestamp.txt`, in UTC, or None where it cannot be read.

    nbgrader writes a zone's name or its offset after the time; without one it is UTC.
    """
    found = _STAMP.fullmatch(text.strip())
    if not found:
        return None
    try:
        time = datetime.fromisoformat(found["time"])
        zone = found["zone"]
        if re.fullmatch(r"[+-]\d\d:?\d\d", zone):
            time = datetime.fromisoformat(f"{found['time']}{zone}")
        elif zone not in ("", "Z"):
            time = time.replace(tzinfo=ZoneInfo(zone))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        return None
