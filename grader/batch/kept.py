"""Kept: what stays of a submission's run, so that it can be judged again without being run.

Of an upload: a zip with its notebook and companion files, under its fingerprint. Of a run: the
frames that crossed the sandbox, each array once, compressed.
"""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from grader import intake
from grader.assignment import Assignment
from grader.batch.names import snapshot_name, upload_name
from grader.errors import GraderError, SandboxError, SubmissionError
from grader.facts import Facts
from grader.intake.contents import ZIP_MAGIC, contents
from grader.intake.upload import Submission, Upload
from grader.report import ExecutionRecord, Report
from grader.sandbox.execution import CellOutcome, Execution, Observation, read_observation
from grader.text import file_text
from grader.wire import Frame, FrameReader, to_bytes

_SAME_BLOB = "same_blob_as"
_DAMAGE = (OSError, EOFError, ValueError, IndexError, TypeError, zlib.error, GraderError)
# The least time that a zip can hold: the same upload gives the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def pack(path: Path) -> bytes:
    """Return an upload as a zip that reads like it; names that are no text are made text.

    Raises SubmissionError where the upload cannot be read.
    """
    if path.is_file():
        data = path.read_bytes()
        if data[:4] in ZIP_MAGIC:
            return data
    found = contents(path)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**found.notebooks, **found.others}.items()):
            member = zipfile.ZipInfo(file_text(name), _NO_TIME)
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def to_frames(execution: Execution) -> bytes:
    """Return a run's observations as compressed frames; arrays that repeat are kept once."""
    places: dict[bytes, int] = {}
    parts = []
    for place, each in enumerate(execution.observations):
        document, blob = dict(each.document), each.blob
        first = places.setdefault(hashlib.sha256(blob).digest(), place) if blob else place
        if first != place:
            document, blob = {**document, _SAME_BLOB: first}, b""
        parts.append(to_bytes(Frame(document, blob)))
    return gzip.compress(b"".join(parts), compresslevel=6, mtime=0)


def from_frames(
    data: bytes, most_bytes: int, only: Collection[str] | None = None
) -> tuple[Observation, ...]:
    """Return the observations of a run. `most_bytes` is the largest snapshot that may be in it.

    Those of other questions than `only` are left out, where it is given.

    Raises SandboxError where the bytes are not what `to_frames` made.
    """
    if not data:
        raise SandboxError("a kept snapshot is empty.")
    blobs: list[bytes] = []
    found = []
    try:
        for frame in FrameReader(most_bytes + (1 << 20)).feed(gzip.decompress(data)):
            document = dict(frame.document)
            first = document.pop(_SAME_BLOB, None)
            blobs.append(frame.blob if first is None else blobs[first])
            if only is None or document.get("question") in only:
                found.append(read_observation(Frame(document, blobs[-1]), most_bytes))
    except _DAMAGE as error:
        raise SandboxError(f"a kept snapshot is damaged: {error}") from error
    return tuple(found)


def submission(facts: Facts, folder: Path, assignment: Assignment) -> Submission:
    """Return a submission as it was handed in, from `folder`.

    Raises SandboxError where it is not kept there, or damaged.
    """
    path = folder / upload_name(facts.fingerprint)
    if not path.is_file():
        raise SandboxError(f"{path} is gone: what {facts.id} handed in was kept there.")
    upload = Upload(facts.id, path, facts.identity, facts.submitted, facts.late, facts.attempt)
    try:
        upload = replace(upload, notebook=_counted(upload, facts.fingerprint))
        read = intake.read(upload, assignment)
    except SubmissionError as error:
        # It could be read when it was handed in: the sentence is not for the student.
        raise SandboxError(
            f"{path} is damaged: what {facts.id} handed in was kept there. Remove it; the same "
            f"`grader grade` then runs it again. ({error})"
        ) from error
    # The file itself may have been another one: inputs are drawn from its digest.
    return replace(read, sha256=facts.sha256, student=facts.student)


def _counted(upload: Upload, fingerprint: str) -> str | None:
    """Return which of several kept notebooks is the one that was run, where that was known."""
    names = contents(upload.path).notebooks
    if len(names) == 1:
        return None
    several = (replace(upload, notebook=name) for name in names)
    return next((u.notebook for u in several if intake.fingerprint(u) == fingerprint), None)


def execution(facts: Facts, report: Report, folder: Path, assignment: Assignment) -> Execution:
    """Return a submission's run, from its report and its snapshot.

    Raises SandboxError where the snapshot is not in `folder`, or damaged.
    """
    if report.execution is None:
        raise SandboxError(f"{facts.id} was never run.")
    path = folder / snapshot_name(facts.id)
    return run_at(path, report.execution, report.message, assignment)


def run_at(
    path: Path,
    record: ExecutionRecord,
    message: str | None,
    assignment: Assignment,
    only: Collection[str] | None = None,
) -> Execution:
    """Return a run from its record and the snapshot at `path`: of the questions `only`, or all.

    Raises SandboxError where the snapshot is not there, or damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        observations = from_frames(data, assignment.limits.snapshot_bytes, only)
    except SandboxError as error:
        who = path.name.removesuffix(".frames.gz")
        advice = f"Remove it; the same `grader grade` then runs {who} again."
        raise SandboxError(f"{path}: {error} {advice}") from error
    return Execution(
        status=record.status,
        seconds=record.seconds,
        device=record.device,
        isolation=record.isolation,
        cells=tuple(CellOutcome(c.index, c.status, c.error) for c in record.cells),
        observations=observations,
        message=message,
    )
