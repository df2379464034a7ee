"""Plan: what of a class is still to be done. Imports no torch: there may be nothing to run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.batch.names import snapshot_name, upload_name
from grader.gradebook import Command, Gradebook, Version, settings_digest
from grader.gradebook.records import Marked
from grader.intake import Upload, fingerprint
from grader.settings import Settings, inputs_digest


@dataclass(frozen=True)
class Work:
    """An upload that has to be run, and the digest of all that is run."""

    upload: Upload
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What is to be done: run `todo`; `twins` (by fingerprint) get the marks of what is run.

    `done` are ids that have their mark, `other` those whose mark another version of the
    assignment gave: they are left to `grader regrade`. `models` are ids, by fingerprint, of
    what an earlier command ran.
    """

    todo: tuple[Work, ...]
    twins: Mapping[str, tuple[Upload, ...]]
    models: Mapping[str, str]
    done: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.todo) + sum(map(len, self.twins.values()))


@dataclass(frozen=True)
class Assigned:
    """One command's plan for a class, and all that it is carried out with.

    `digest` covers everything that marks depend on; `uploads` are all that were handed in, by id.
    """

    plan: Plan
    uploads: Mapping[str, Upload]
    assignment: Assignment
    settings: Settings
    folder: Path
    book: Gradebook
    command: Command
    version: Version
    digest: str


def assigned(
    uploads: Sequence[Upload],
    assignment: Assignment,
    settings: Settings,
    folder: Path,
    book: Gradebook,
    command: Command,
) -> Assigned:
    """Return what a command has to do for a class; the assignment's version is kept in the book."""
    version = book.version(command, assignment)
    inputs = inputs_digest(assignment, settings)
    digest = settings_digest(version.digest, inputs, settings.device)
    return Assigned(
        plan(uploads, assignment.name, digest, book, folder),
        {upload.id: upload for upload in uploads},
        *(assignment, settings, folder, book, command, version, digest),
    )


def plan(
    uploads: Sequence[Upload], assignment: str, settings: str, book: Gradebook, folder: Path
) -> Plan:
    """Return what is still to be done; `settings` is the digest of all that marks depend on."""
    marked = book.marked(assignment)
    todo: dict[str, Work] = {}
    twins: dict[str, list[Upload]] = defaultdict(list)
    models: dict[str, str] = {}
    done, other, waiting = [], [], []
    for upload in uploads:
        print_of, before = fingerprint(upload), marked.get(upload.id)
        if before is None or not _stands(before, upload, print_of, folder):
            waiting.append(Work(upload, print_of))
        elif before.settings != settings:
            other.append(upload.id)
        else:
            done.append(upload.id)
            if before.status == "graded":
                models[print_of] = upload.id
    for work in waiting:
        if work.fingerprint in todo or work.fingerprint in models:
            twins[work.fingerprint].append(work.upload)
        else:
            todo[work.fingerprint] = work
    return Plan(
        tuple(todo.values()),
        {name: tuple(each) for name, each in twins.items()},
        models,
        tuple(done),
        tuple(other),
    )


def _stands(mark: Marked, upload: Upload, fingerprint: str, folder: Path) -> bool:
    """Return whether a mark is of these bytes, and what it was made from is kept."""
    if mark.fingerprint != fingerprint or mark.status == "error":
        return False
    kept = (snapshot_name(upload.id), upload_name(fingerprint))
    return mark.status == "ungradable" or all((folder / name).is_file() for name in kept)
