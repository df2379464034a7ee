"""Stability: how close honest work comes to the error bound, over seeds and threads.

The right answers of a corpus (`grader.corpus`) are graded on many inputs. Then the same checks
run with only a share of the bound allowed; the smallest share that still passes everything says
how large the largest error was.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import torch

from grader import build, checks, corpus, intake, pipeline
from grader.assignment import Assignment
from grader.certificate import digest
from grader.corpus import Case
from grader.device import processors
from grader.intake import Upload
from grader.judging import judge
from grader.pipeline import Settings
from grader.sandbox.execution import Execution, Observation
from grader.sandbox.worker import Pool
from grader.tolerance import arithmetic_of

THREADS = (1, 2)
LIMIT = 0.5  # honest work stays below this share of the bound
STEPS = 7  # halvings of an interval: shares are found to 1 in 128


@dataclass(frozen=True)
class Run:
    """One notebook on one draw of inputs: what it lost, and the share that each question needs."""

    names: tuple[str, ...]
    seed: int
    threads: int
    lost: tuple[str, ...]
    shares: Mapping[str, float]


Planned = tuple[Case, int, int]


def plan(assignment: Assignment, seeds: int) -> list[Planned]:
    """Return what to grade: right answers, the draw of inputs, and the number of threads.

    Right answers to different questions share a notebook.
    """
    packed = pack([case for case in corpus.cases(assignment) if case.kind == "variant"])
    return [(each, seed, n) for seed in range(seeds) for n in THREADS for each in packed]


def runs(assignment: Assignment, settings: Settings, planned: Sequence[Planned]) -> Iterator[Run]:
    """Grade what is planned; yield each run, in order."""
    largest: dict[str, float] = {}
    answers = list({case.name: case for case, _, _ in planned}.values())
    texts = {
        (case.name, threads): _with_threads(text, threads)
        for case, text in zip(answers, corpus.notebooks(assignment, answers), strict=True)
        for threads in THREADS
    }
    with (
        Pool(assignment, settings.device, warm=True, unsandboxed=settings.unsandboxed) as pool,
        pipeline.ending_together(settings, processors()) as (ending, pooled),
        tempfile.TemporaryDirectory(prefix="grader-stability-") as folder,
    ):

        def executed(
            numbered: tuple[int, Planned],
        ) -> tuple[Execution, dict[str, torch.Tensor]]:
            number, (case, seed, threads) = numbered
            path = Path(folder) / f"{number}.ipynb"
            path.write_text(texts[case.name, threads], encoding="utf-8")
            own = replace(ending, secret=f"stability {seed}")
            submission = intake.read(Upload(path.stem, path), assignment)
            given = pipeline.draw(submission, assignment, own)
            return pipeline.run(submission, assignment, given, own, pool), given

        done = pooled.map(executed, enumerate(planned))
        for (case, seed, threads), (execution, given) in zip(planned, done, strict=True):
            marks = judge(execution, assignment, given)
            lost = tuple(m.question.name for m in marks if m.status != "full")
            for seen in execution.observations:
                if seen.question not in lost:
                    known = largest.get(seen.question, 0.0)
                    share = _share(seen, assignment, given, execution.device, known)
                    largest[seen.question] = share
            yield Run(tuple(case.name.split(" + ")), seed, threads, lost, dict(largest))


def summary(found: Sequence[Run], assignment: Assignment) -> dict[str, Any]:
    """Return the runs' figures as plain JSON values."""
    return {
        "digest": digest(assignment),
        "variants": len({name for run in found for name in run.names}),
        "seeds": len({run.seed for run in found}),
        "threads": sorted({run.threads for run in found}),
        "notebooks": len(found),
        "false_rejects": sum(bool(run.lost) for run in found),
        "largest_share_of_the_bound": dict(found[-1].shares) if found else {},
    }


def pack(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return cases that change different cells, put together; each of them once."""
    packed: list[Case] = []
    for case in sorted(cases, key=lambda c: -len(c.fills)):
        for place, other in enumerate(packed):
            if len(case.fills) == 1 and not set(case.fills) & set(other.fills):
                packed[place] = replace(
                    other,
                    name=f"{other.name} + {case.name}",
                    fills={**other.fills, **case.fills},
                )
                break
        else:
            packed.append(case)
    return tuple(packed)


def _share(
    seen: Observation,
    assignment: Assignment,
    given: Mapping[str, torch.Tensor],
    device: str,
    known: float,
) -> float:
    """Return the smallest share of the bound that passes everything, `known` at least."""

    def passes(share: float) -> bool:
        arithmetic = replace(arithmetic_of(device), share=share)
        findings = checks.check(seen, assignment, given, arithmetic)
        return all(each.status == "passed" for each in findings.checks)

    if passes(known):
        return known
    low, high = known, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def _with_threads(text: str, threads: int) -> str:
    """Return a notebook that computes with so many threads."""
    node = nbformat.reads(text, as_version=4)
    cell = nbformat.v4.new_code_cell(f"import torch\ntorch.set_num_threads({threads})")
    cell.metadata["name"], cell["id"] = "threads", "threads"
    node.cells.insert(0, cell)
    return build.write(node)
