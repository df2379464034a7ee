"""Ready: settings and warm processes for a command that runs notebooks."""

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.cli.common import ended_by_signals
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.batch.cluster import Cluster
    from grader.batch.grading import ClassGrading, Grader
    from grader.sandbox.worker import Pool
    from grader.settings import Settings


@dataclass(frozen=True)
class Options:
    """What the command line says about how to run notebooks."""

    assignment: Assignment
    jobs: int | None
    device: str
    seed: str | None
    unsandboxed: bool

    def settings(self, *, afar: bool = False) -> "Settings":
        """Return how to grade. Raises UsageError where the device is not there."""
        from grader import device
        from grader.settings import Settings

        # This machine's GPU says nothing of the workers': it has to be asked for.
        where = "cuda" if self.device == "cuda" else "cpu"
        return Settings(where if afar else device.resolve(self.device), self.seed, self.unsandboxed)


@dataclass(frozen=True)
class Ready:
    """Settings, warm processes that are starting, and how many notebooks run at once."""

    settings: "Settings"
    pool: "Pool"
    workers: int

    def grader(self, work: "ClassGrading", starting: Callable[[str], None]) -> "Grader":
        """Return what runs a class here; `starting` is told of each submission that begins."""
        return work.local(self.pool, self.workers, starting)


@dataclass(frozen=True)
class Afar:
    """Settings, and the workers of a scheduler."""

    settings: "Settings"
    cluster: "Cluster"

    def grader(self, work: "ClassGrading", _: Callable[[str], None]) -> "Grader":
        """Return what runs a class there; nobody tells what begins on another machine."""
        return lambda many: self.cluster.grade(many, work.extensions)


@contextlib.contextmanager
def ready(options: Options, count: int) -> Iterator[Ready]:
    """Give what is needed to run `count` notebooks; signals end the block like Ctrl-C."""
    from grader import device
    from grader.sandbox.worker import Pool

    workers = device.workers(options.jobs, count)
    where = device.resolve(options.device)
    with (
        ended_by_signals(),
        Pool(
            options.assignment, where, warm=count > 2 * workers, unsandboxed=options.unsandboxed
        ) as pool,
    ):
        # They import torch while this process does.
        pool.start(min(workers, count))
        import torch

        # The processors are for the notebooks: checks are small.
        torch.set_num_threads(1)
        # What judges is imported while the first notebook runs.
        Thread(target=import_module, args=("grader.judging",), daemon=True).start()
        yield Ready(options.settings(), pool, workers)


@contextlib.contextmanager
def ready_afar(options: Options, scheduler: str) -> Iterator[Afar]:
    """Give the workers of the Dask scheduler at an address; signals end the block like Ctrl-C.

    Raises UsageError where there are none that can grade.
    """
    if importlib.util.find_spec("distributed") is None:
        raise UsageError(
            "--scheduler needs Dask, which is not installed: pip install 'torch-grader[cluster]'"
        )
    import torch

    from grader.batch.cluster import connected

    torch.set_num_threads(1)
    settings = options.settings(afar=True)
    with ended_by_signals(), connected(scheduler, options.assignment, settings) as cluster:
        yield Afar(settings, cluster)
