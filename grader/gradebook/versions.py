"""Versions: which files of an assignment a mark depends on, and their digest."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.assignment import Assignment

# What `grader build` and `grader verify` read, and what only pages are drawn from.
_WITHOUT_EFFECT = frozenset(
    {
        "notebook.py",
        "pictures.py",
        "variants.py",
        "mistakes.py",
        "attacks.py",
        "equivalent.toml",
        "certificate.json",
        "stability.json",
    }
)
_LATER = {"late", "score", "feedback"}  # settings that are applied to a mark, not part of it


def files(assignment: Assignment) -> dict[str, str]:
    """Return the SHA-256 of each file that marks depend on, by its path in the course.

    Of assignment.toml the settings count: neither comments, nor what is applied to marks later
    (lateness, rounding), so that a moved due date asks for no run.
    """
    found = dict(_hashed(assignment.public, "assignments"))
    found |= dict(_hashed(assignment.hidden, "reference"))
    settings = assignment.settings.model_dump_json(exclude=_LATER)
    found["assignments/assignment.toml"] = hashlib.sha256(settings.encode()).hexdigest()
    return dict(sorted(found.items()))


def digest(hashes: Mapping[str, str]) -> str:
    """Return one digest over the files."""
    return hashlib.sha256(json.dumps(dict(hashes), sort_keys=True).encode()).hexdigest()


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return what became of each file that differs: "changed", "new" or "gone"."""
    return {
        path: "new" if path not in before else "gone" if path not in now else "changed"
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)
    }


def settings_digest(version: str, seed: str, device: str) -> str:
    """Return the digest of all that a mark depends on beside the submission.

    `version` is a version's digest; `seed` a digest of what inputs are drawn from.
    """
    return hashlib.sha256("\n".join((version, seed, device)).encode()).hexdigest()


def _hashed(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if path.is_file() and not hidden and not (len(parts) == 1 and parts[0] in _WITHOUT_EFFECT):
            yield (
                "/".join((name, *parts)),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
