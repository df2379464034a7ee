"""Execute: run a submission's notebook in a confined child; only values come back."""

import threading
import time

import torch

from grader.assignment import Assignment
from grader.errors import SandboxError
from grader.intake import Submission
from grader.probes import load_probes
from grader.runtime.confine import Bounds
from grader.runtime.job import Cell, Job, QuestionPlan
from grader.sandbox.execution import Execution
from grader.sandbox.watch import Record, Watch, explain_death
from grader.sandbox.worker import Worker


def execute(
    submission: Submission,
    assignment: Assignment,
    given: dict[str, torch.Tensor],
    device: str,
    worker: Worker,
    cancelled: threading.Event | None = None,
) -> Execution:
    """Run `submission` in a child of `worker` and observe what `assignment` asks for.

    `given` are the probes' inputs, `device` is "cpu" or "cuda"; `cancelled`, once set by another
    thread, ends the run with KeyboardInterrupt. Whatever the notebook does ends in an Execution;
    SandboxError is raised only where the machine failed.
    """
    job = make_job(submission, assignment, given, device)
    record = Record(
        [cell.index for cell in job.cells],
        observed_names(assignment),
        len(job.questions) + sum(len(cell.observe) for cell in job.cells),
    )
    with worker.run(job, submission.companions) as pipes:
        began = time.monotonic()
        Watch(
            pipes, worker.interrupt, assignment.limits, record, cancelled or threading.Event()
        ).run()
        seconds = time.monotonic() - began
    if record.died:
        explain_death(record, worker.ending, assignment.limits)
    output = record.output.decode("utf-8", errors="replace")
    if not record.started or not worker.alive:
        words = record.broken or output[-800:].strip() or "(none)"
        raise SandboxError(f"the notebook's process was lost; its last words: {words}")
    return Execution(
        status=record.status,
        seconds=round(seconds, 3),
        device=device,
        isolation=worker.isolation.names,
        cells=record.result(),
        observations=tuple(record.observations),
        message=record.message,
        output=output,
    )


def observed_names(assignment: Assignment) -> dict[str, frozenset[str]]:
    """Return, for each question, the names in its observations: its captures and its probes."""
    probes = load_probes(assignment.probes_source, str(assignment.probes_path)).probes
    return {
        question.name: frozenset(question.captures)
        | {probe.name for probe in probes if probe.question == question.name}
        for question in assignment.questions
    }


def make_job(
    submission: Submission,
    assignment: Assignment,
    given: dict[str, torch.Tensor],
    device: str,
) -> Job:
    """Return what the child is told: cells, names to capture, probes, inputs and limits."""
    questions = tuple(QuestionPlan(q.name, q.captures) for q in assignment.questions)
    known = {q.name for q in questions}
    cells = tuple(
        Cell(cell.index, cell.source, tuple(n for n in cell.checks if n in known))
        for cell in submission.cells
    )
    limits = assignment.limits
    return Job(
        cells=cells,
        questions=questions,
        probes_source=assignment.probes_source,
        device=device,
        snapshot_bytes=limits.snapshot_bytes,
        bounds=Bounds(
            memory_bytes=limits.memory_bytes if device == "cpu" else -1,
            file_bytes=limits.file_bytes,
            disk_bytes=limits.disk_bytes,
            cpu_seconds=limits.cpu_seconds,
            open_files=limits.open_files,
            threads=limits.threads,
        ),
        given=given,
    )
