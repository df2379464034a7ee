"""Execute: run a submission's notebook in a fresh child process; only values come back."""

import os
import subprocess
import tempfile
import threading
import time
import uuid

import torch

from grader.assignment import Assignment
from grader.errors import SandboxError
from grader.intake import Submission
from grader.runtime.job import Cell, Job, QuestionPlan
from grader.sandbox import isolation, stage, watch
from grader.sandbox.execution import Execution
from grader.wire import to_bytes


def execute(
    submission: Submission,
    assignment: Assignment,
    given: dict[str, torch.Tensor],
    device: str,
    cancelled: threading.Event | None = None,
) -> Execution:
    """Run `submission` and observe what `assignment` asks for.

    `given` are the probes' inputs, `device` is "cpu" or "cuda"; `cancelled`, once set by another
    thread, ends the run with KeyboardInterrupt. Whatever the notebook does ends
    in an Execution; SandboxError is raised only where the machine failed before the notebook
    had begun.
    """
    job = make_job(submission, assignment, given, device)
    record = watch.Record(
        [cell.index for cell in job.cells], frozenset(q.name for q in assignment.questions)
    )
    separated = isolation.available()
    began = time.monotonic()
    with stage.staged(submission.companions) as place, tempfile.TemporaryFile() as stdin:
        stdin.write(to_bytes(job.to_frame()))
        stdin.seek(0)
        token = f"GRADER_RUN={uuid.uuid4().hex}"
        results, theirs = os.pipe()
        try:
            process = subprocess.Popen(
                separated.command(stage.command(place, theirs), (assignment.hidden.parent,)),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=place.work,
                env={**stage.environment(place, device), **dict([token.split("=")])},
                pass_fds=(theirs,),
                start_new_session=True,
            )
        except OSError as error:
            os.close(results)
            raise SandboxError(f"the notebook's process could not be started: {error}.") from error
        finally:
            os.close(theirs)
        try:
            watch.Watch(
                process,
                results,
                assignment.limits,
                record,
                separated.namespaced,
                cancelled or threading.Event(),
            ).run()
        finally:
            watch.kill(process, token)
            os.close(results)
            if process.stdout is not None:
                process.stdout.close()
    output = record.output.decode("utf-8", errors="replace")
    if not record.started:
        raise SandboxError(
            "the notebook's process ended before it could begin; its last words: "
            f"{output[-800:].strip() or '(none)'}"
        )
    return Execution(
        status=record.status,
        seconds=round(time.monotonic() - began, 3),
        device=device,
        isolation=separated.names,
        cells=record.result(),
        observations=tuple(record.observations),
        message=record.message,
        output=output,
    )


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
    return Job(
        cells=cells,
        questions=questions,
        preload=assignment.settings.preload,
        probes_source=assignment.probes_source,
        device=device,
        snapshot_bytes=assignment.limits.snapshot_bytes,
        memory_bytes=assignment.limits.memory_bytes,
        file_bytes=assignment.limits.file_bytes,
        given=given,
    )
