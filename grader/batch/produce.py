"""Produce: one submission graded, as everything that is to be kept of it. Nothing is written here.

It runs where the notebook runs: in a thread of the coordinating process, or on another machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grader import pipeline, policy
from grader.assignment import Assignment
from grader.batch import kept
from grader.batch.names import page_names, report_name, snapshot_name, upload_name
from grader.facts import Extension, facts_of
from grader.feedback.material import gather
from grader.feedback.page import page
from grader.gradebook import Marking, Run
from grader.intake import Upload
from grader.pipeline import Graded
from grader.report import Report, text_of
from grader.sandbox.worker import Pool
from grader.settings import Settings, inputs_digest


@dataclass(frozen=True)
class Produced:
    """A mark for the gradebook, and the files of it by their path below the folder."""

    marking: Marking
    files: Mapping[str, bytes] = field(repr=False)


def produce(
    upload: Upload,
    fingerprint: str,
    assignment: Assignment,
    settings: Settings,
    pool: Pool | None,
    extension: Extension | None = None,
) -> Produced:
    """Grade one upload. Raises KeyboardInterrupt where grading is cancelled, and nothing else."""
    graded = pipeline.grade(upload, assignment, settings, pool)
    return produced(graded, upload, fingerprint, assignment, settings, extension)


def produced(
    graded: Graded,
    upload: Upload,
    fingerprint: str,
    assignment: Assignment,
    settings: Settings,
    extension: Extension | None = None,
) -> Produced:
    """Return what is to be kept of an upload that was graded, or could not be."""
    facts = facts_of(upload, fingerprint, graded)
    run, files = None, {}
    if graded.execution is not None:
        run = Run(
            inputs_digest(assignment, settings),
            graded.execution.device,
            graded.execution.status,
            graded.execution.seconds,
        )
        files[snapshot_name(upload.id)] = kept.to_frames(graded.execution)
    if graded.submission is not None:
        files[upload_name(fingerprint)] = kept.pack(upload.path)
    settled = policy.settle(graded.report, (), facts, assignment.settings, extension)
    return Produced(
        Marking(facts, graded.report, run),
        {**files, **views(graded, settled, assignment)},
    )


def views(graded: Graded, settled: Report, assignment: Assignment) -> dict[str, bytes]:
    """Return the report and its two pages, by their paths: what counts is `settled`."""
    names = page_names(settled.submission.id)
    material = gather(replace(graded, report=settled), assignment)
    return {
        names["student"]: page(material, "student").encode(),
        names["staff"]: page(material, "staff").encode(),
        # The last one: where it is there, the others are.
        report_name(settled.submission.id): text_of(settled),
    }


def twin(
    upload: Upload,
    other: Marking,
    receipts: tuple[str, ...],
    graded: Graded,
    assignment: Assignment,
    extension: Extension | None = None,
) -> Produced:
    """Return what is kept of an upload that is identical to `other`, which was graded already.

    `receipts` are those of the other upload itself, `graded` is what its mark was made from.
    """
    report = other.report
    own = report.model_copy(
        update={
            "submission": report.submission.model_copy(
                update={"id": upload.id, "student": upload.student}
            ),
            "receipts": upload.receipts + tuple(r for r in report.receipts if r not in receipts),
        }
    )
    facts = replace(
        facts_of(upload, other.facts.fingerprint),
        sha256=other.facts.sha256,
        answers=other.facts.answers,
    )
    files: dict[str, bytes] = {}
    if graded.execution is not None:
        files[snapshot_name(upload.id)] = kept.to_frames(graded.execution)
    settled = policy.settle(own, (), facts, assignment.settings, extension)
    marking = Marking(facts, own, None, f"identical to {other.facts.id}")
    return Produced(marking, {**files, **views(graded, settled, assignment)})
