"""Rejudge: new marks for kept snapshots, in processes of their own. No student code is run."""

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import nbformat
import torch

from grader import pipeline, report
from grader.assignment import Assignment
from grader.batch import kept
from grader.batch.again import Ran
from grader.errors import AssignmentError, GraderError
from grader.facts import Facts
from grader.intake import Submission
from grader.judging import judge, with_followed
from grader.notebook import Notebook
from grader.pipeline import Settings
from grader.report import Report
from grader.score import Mark

_CHUNK = 8
# A process of its own takes seconds to start, in which this many are judged.
_WORTH_A_PROCESS = 50


class Failure(str):
    """Why a kept snapshot could not be judged, in place of a report."""


@dataclass(frozen=True)
class Task:
    """A submission to judge: what it is, its report, the snapshot that a run left.

    `only` are the questions that may be marked otherwise. `ran` says how the run went, where it is
    a newer one than the report's; `reread` asks for the written answers as well.
    """

    facts: Facts
    before: Report = field(repr=False)
    snapshot: Path
    only: frozenset[str]
    reread: bool = False
    ran: Ran | None = None


@dataclass(frozen=True)
class Judgement:
    """A task's new report and facts; a failure in place of the report where there is none."""

    task: Task
    now: Report | Failure
    facts: Facts


@dataclass(frozen=True)
class How:
    """What all tasks have in common; it goes to other processes."""

    folder: Path
    assignment: Assignment
    device: str
    secret: str | None


def rejudge_all(tasks: Iterable[Task], total: int, how: How, workers: int) -> Iterator[Judgement]:
    """Yield the judgement of each task, in the order given.

    Raises AssignmentError, with the submission's id, where the assignment is broken.
    """
    workers = min(workers, total // _WORTH_A_PROCESS + 1)
    if workers == 1:
        _quiet()
        yield from (_judged(task, how) for task in tasks)
        return
    context = multiprocessing.get_context("forkserver")
    # What takes long to import is imported once, for all of them.
    context.set_forkserver_preload(["grader.batch.rejudge"])
    with ProcessPoolExecutor(workers, context, _quiet) as pool:
        chunks = _chunks(tasks)
        waiting = [pool.submit(_each, chunk, how) for chunk in islice(chunks, 2 * workers)]
        try:
            while waiting:
                done = waiting.pop(0).result()
                if (chunk := next(chunks, None)) is not None:
                    waiting.append(pool.submit(_each, chunk, how))
                yield from done
        finally:
            pool.shutdown(cancel_futures=True)


def _judged(task: Task, how: How) -> Judgement:
    try:
        return _judgement(task, how)
    except AssignmentError as error:
        raise AssignmentError(f"{error} (found with {task.facts.id})") from error
    except GraderError as error:
        return Judgement(task, Failure(error), task.facts)


def _judgement(task: Task, how: How) -> Judgement:
    """Judge what may have changed; what has not keeps its record."""
    facts, before, assignment = task.facts, task.before, how.assignment
    record = task.ran.execution if task.ran else before.execution
    if record is None:
        return Judgement(task, before, facts)
    message = task.ran.message if task.ran else before.message
    needed = with_followed(assignment, task.only)
    execution = kept.run_at(task.snapshot, record, message, assignment, needed)
    light = Submission(facts.id, facts.student, facts.sha256, (), facts.answers, (), _NO_NOTEBOOK)
    given = pipeline.draw(light, assignment, Settings(how.device, how.secret))
    new = {mark.question.name: mark for mark in judge(execution, assignment, given, task.only)}
    # Why something is missing stands in the notebook, and it is slow to read.
    missing = any(mark.status == "missing" for mark in new.values())
    reread = task.reread or missing
    read = kept.submission(facts, how.folder, assignment) if reread else light
    old = {question.name: question for question in before.questions}
    marks = tuple(
        new.get(q.name) or Mark(q, old[q.name].score, old[q.name].status, ())
        for q in assignment.questions
    )
    made = report.graded(read, assignment, marks, execution)
    now = made.model_copy(
        update={
            "questions": tuple(q if q.name in new else old[q.name] for q in made.questions),
            # What intake and the run had to say has not changed.
            "receipts": before.receipts,
            "submission": before.submission,
        }
    )
    return Judgement(task, now, replace(facts, answers=read.answers))


_NO_NOTEBOOK = Notebook(nbformat.v4.new_notebook(), ())


def _each(many: list[Task], how: How) -> list[Judgement]:
    return [_judged(task, how) for task in many]


def _chunks(many: Iterable[Task]) -> Iterator[list[Task]]:
    rest = iter(many)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _quiet() -> None:
    torch.set_num_threads(1)
