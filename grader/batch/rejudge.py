"""Rejudge: new marks for kept snapshots, in processes of their own. No student code is run."""

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import torch

from grader import pipeline
from grader.assignment import Assignment
from grader.batch.grading import revived
from grader.errors import GraderError
from grader.facts import Facts
from grader.gradebook import Marking
from grader.pipeline import Settings
from grader.report import Report

Marked = tuple[Facts, Report]
_CHUNK = 8


class Failure(str):
    """Why a kept snapshot could not be judged, in place of a report."""


def rejudge_all(
    many: Iterable[Marked],
    folder: Path,
    assignment: Assignment,
    settings: Settings,
    workers: int,
) -> Iterator[tuple[Facts, Report, Report | Failure]]:
    """Yield each submission with its report before and now, in the order given.

    `settings` are plain: they go to other processes.
    """
    how = (folder, assignment, settings.device, settings.secret)
    if workers == 1:
        for facts, report in many:
            yield facts, report, _rejudge(facts, report, *how)
        return
    context = multiprocessing.get_context("forkserver")
    # What takes long to import is imported once, for all of them.
    context.set_forkserver_preload(["grader.batch.rejudge"])
    with ProcessPoolExecutor(workers, context, _quiet) as pool:
        chunks = _chunks(many)
        waiting = [pool.submit(_each, chunk, how) for chunk in islice(chunks, 2 * workers)]
        while waiting:
            done = waiting.pop(0).result()
            if (chunk := next(chunks, None)) is not None:
                waiting.append(pool.submit(_each, chunk, how))
            yield from done


def rejudged(
    facts: Facts, report: Report, folder: Path, assignment: Assignment, settings: Settings
) -> Report:
    """Return the report that the assignment, as it is now, gives a kept snapshot.

    Raises GraderError where it cannot.
    """
    kept = revived(Marking(facts, report), folder, assignment, settings)
    if kept.submission is None or kept.execution is None:
        return report
    now = pipeline.judged(kept.submission, assignment, kept.execution, kept.given).report
    # What intake and the run had to say has not changed.
    return now.model_copy(update={"receipts": report.receipts, "submission": report.submission})


def _rejudge(
    facts: Facts,
    report: Report,
    folder: Path,
    assignment: Assignment,
    device: str,
    secret: str | None,
) -> Report | Failure:
    try:
        return rejudged(facts, report, folder, assignment, Settings(device, secret))
    except GraderError as error:
        return Failure(error)


def _each(
    many: list[Marked], how: tuple[Path, Assignment, str, str | None]
) -> list[tuple[Facts, Report, Report | Failure]]:
    return [(facts, report, _rejudge(facts, report, *how)) for facts, report in many]


def _chunks(many: Iterable[Marked]) -> Iterator[list[Marked]]:
    chunk: list[Marked] = []
    for each in many:
        chunk.append(each)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _quiet() -> None:
    torch.set_num_threads(1)
