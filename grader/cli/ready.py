"""Ready: settings and warm processes for a command that runs notebooks."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.cli.common import ended_by_signals

if TYPE_CHECKING:
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

    def settings(self) -> "Settings":
        """Return how to grade. Raises UsageError where the device is not there."""
        from grader import device
        from grader.settings import Settings

        return Settings(device.resolve(self.device), self.seed, self.unsandboxed)


@dataclass(frozen=True)
class Ready:
    """Settings, warm processes that are starting, and how many notebooks run at once."""

    settings: "Settings"
    pool: "Pool"
    workers: int


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
