"""Pipeline: from an upload to its report, every stage in order."""

import contextlib
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, TypeVar

import torch

from grader import intake, report
from grader.assignment import Assignment
from grader.errors import AssignmentError, GraderError, SandboxError, SubmissionError
from grader.intake import Submission, Upload
from grader.probes import load_probes
from grader.report import Report
from grader.sandbox.execute import execute
from grader.sandbox.execution import Execution
from grader.sandbox.worker import Pool
from grader.settings import Settings as Settings

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Graded:
    """A report and, where the notebook ran, what it was made from."""

    report: Report
    submission: Submission | None = None
    execution: Execution | None = None
    given: Mapping[str, torch.Tensor] = field(default_factory=dict, repr=False)


def grade(
    upload: Upload, assignment: Assignment, settings: Settings, pool: Pool | None = None
) -> Graded:
    """Grade one upload. Whatever is wrong with it, or with us, ends in a report.

    Without a `pool` of warm processes one is made for this upload alone.
    """
    try:
        return grade_read(intake.read(upload, assignment), assignment, settings, pool)
    except SubmissionError as error:
        return _refused(upload, assignment, "ungradable", str(error))
    except GraderError as error:
        return failed(upload, assignment, error)
    except Exception as error:
        return _refused(
            upload, assignment, "error", f"The grader itself failed; please report it: {error!r}"
        )


def grade_read(
    submission: Submission, assignment: Assignment, settings: Settings, pool: Pool | None = None
) -> Graded:
    """Grade a submission that was read. Raises GraderError where we fail."""
    given = draw(submission, assignment, settings)
    execution = run(submission, assignment, given, settings, pool)
    return judged(submission, assignment, execution, given)


def judged(
    submission: Submission,
    assignment: Assignment,
    execution: Execution,
    given: Mapping[str, torch.Tensor],
) -> Graded:
    """Return the report of a run. Raises AssignmentError where the assignment is broken."""
    # Imported here: it takes a second, in which a first notebook already runs.
    from grader.judging import judge

    marks = judge(execution, assignment, given)
    made = report.graded(submission, assignment, marks, execution)
    return Graded(made, submission, execution, given)


def grade_all(
    uploads: Iterable[Upload],
    assignment: Assignment,
    settings: Settings,
    pool: Pool,
    workers: int,
) -> Iterator[Graded]:
    """Grade uploads in warm processes of `pool`, `workers` at a time; yield each as it is done.

    Closing the iterator, or an interrupt in it, ends what is running.
    """

    def one(upload: Upload, own: Settings) -> Graded:
        return grade(upload, assignment, own, pool)

    return at_once(uploads, one, settings, workers)


def at_once(
    many: Iterable[T], one: Callable[[T, Settings], R], settings: Settings, workers: int
) -> Iterator[R]:
    """Yield `one(each, settings)` for each of many, as they are done, `workers` at a time.

    No more are begun than are asked for and a few in advance, so that results do not pile up.
    Closing the iterator, or an interrupt in it, ends what is running.
    """
    with ending_together(settings, workers) as (own, threads):
        rest = iter(many)
        waiting = {threads.submit(one, each, own) for each in islice(rest, workers + 1)}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            waiting |= {threads.submit(one, each, own) for each in islice(rest, len(done))}
            while done:
                yield done.pop().result()


@contextlib.contextmanager
def ending_together(
    settings: Settings, workers: int
) -> Iterator[tuple[Settings, ThreadPoolExecutor]]:
    """Give threads to grade in, and settings for it; the block's end ends what they run.

    The settings have an event of their own: what is graded afterwards is not cancelled by it.
    """
    own = replace(settings, cancelled=threading.Event())
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="grade") as threads:
        try:
            yield own, threads
        finally:
            own.cancelled.set()
            threads.shutdown(wait=True, cancel_futures=True)


def run(
    submission: Submission,
    assignment: Assignment,
    given: dict[str, torch.Tensor],
    settings: Settings,
    pool: Pool | None = None,
) -> Execution:
    """Run the notebook and observe it; where a warm process is lost, once more in another.

    Raises SandboxError where that one is lost too.
    """
    if pool is None:
        with Pool(assignment, settings.device, warm=False, unsandboxed=settings.unsandboxed) as own:
            return run(submission, assignment, given, settings, own)

    def attempt() -> Execution:
        with pool.lend() as worker:
            return execute(
                submission, assignment, given, settings.device, worker, settings.cancelled
            )

    try:
        return attempt()
    except SandboxError:
        return attempt()


def draw(
    submission: Submission, assignment: Assignment, settings: Settings
) -> dict[str, torch.Tensor]:
    """Return the probes' inputs for this submission, on the CPU."""
    probes = load_probes(assignment.probes_source, str(assignment.probes_path))
    return probes.draw(seed_of(submission, settings.secret or assignment.secret))


def seed_of(submission: Submission, secret: str) -> int:
    """Return the submission's own seed: it depends on the secret and on every byte handed in."""
    digest = hmac.digest(secret.encode(), submission.sha256.encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") >> 1


def failed(upload: Upload, assignment: Assignment, error: GraderError) -> Graded:
    """Return the report of an upload that could not be graded for a fault of ours."""
    return _refused(upload, assignment, "error", f"{_who(error)} {error}")


def _refused(
    upload: Upload, assignment: Assignment, status: Literal["ungradable", "error"], message: str
) -> Graded:
    return Graded(report.refused(upload, intake.digest(upload), assignment, status, message))


def _who(error: GraderError) -> str:
    if isinstance(error, AssignmentError):
        return "The assignment is broken; its author has to act:"
    return "The grader's machine failed; staff have to act:"
