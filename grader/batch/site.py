"""Site: what a Dask worker holds in order to grade: one course's part, warm processes, a plugin."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from distributed import WorkerPlugin, get_worker

from grader import device
from grader.assignment import Assignment
from grader.batch import parcel
from grader.batch.parcel import CoursePart, Parcel
from grader.batch.produce import Produced, produce
from grader.errors import GraderError, SandboxError, UsageError
from grader.pipeline import Settings
from grader.sandbox.worker import Pool

# A coordinator that was killed says no goodbye: what it left here ends after this time.
IDLE_SECONDS = 600.0
LOOK_SECONDS = 15.0


class WorkerEndedError(Exception):
    """The worker is closing, or grading was stopped: nothing is known of the submission."""


@dataclass(frozen=True)
class Site:
    """A private folder with the assignment, warm processes for it, and how to grade."""

    place: Path
    assignment: Assignment
    pool: Pool
    settings: Settings

    def grade(self, work: Parcel) -> Produced:
        """Grade one upload in a folder of its own. Raises KeyboardInterrupt where it is ended."""
        try:
            with tempfile.TemporaryDirectory(dir=self.place) as folder:
                upload = parcel.unpack(work, Path(folder))
                return produce(
                    upload,
                    work.fingerprint,
                    self.assignment,
                    self.settings,
                    self.pool,
                    work.extension,
                )
        except OSError as error:
            raise SandboxError(f"{self.place}: {error.strerror}.") from error

    def close(self) -> None:
        """End the warm processes and remove the folder; to be called when nothing runs."""
        self.pool.close()
        shutil.rmtree(self.place, ignore_errors=True)
        name = f"_reference_{self.assignment.hidden.name}"
        for each in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[each]


def open_site(course: CoursePart, settings: Settings, folder: Path, processes: int) -> Site:
    """Make a site in `folder`, and start its warm processes.

    Raises UsageError where this machine lacks the device or any isolation.
    """
    device.resolve(settings.device)
    place = Path(tempfile.mkdtemp(prefix="grader-course-", dir=folder))  # mode 0700
    try:
        assignment = parcel.unpack_course(course, place)
        pool = Pool(assignment, settings.device, warm=True, unsandboxed=settings.unsandboxed)
        pool.start(processes)
        return Site(place, assignment, pool, settings)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


class GradingPlugin(WorkerPlugin):  # type: ignore[misc]
    """Keeps a site on a worker: from the registration, or the first submission, to the end."""

    def __init__(
        self, course: CoursePart, device: str, secret: str | None, unsandboxed: bool
    ) -> None:
        """Note what to grade and how; it travels to each worker, where `setup` follows."""
        self._course = course
        self._device = device
        self._secret = secret
        self._unsandboxed = unsandboxed

    async def setup(self, worker: Any) -> None:
        """Start the warm processes. Raises UsageError where this worker cannot grade."""
        self._address = str(worker.address)
        self._folder = Path(worker.local_directory)
        self._threads = int(worker.state.nthreads)
        self._site: Site | None = None
        self._changed = threading.Condition()
        self._running = 0
        self._used = time.monotonic()
        self._ended = False
        self._cancelled = threading.Event()
        torch.set_num_threads(1)
        self._watching = asyncio.create_task(self._watch())
        await asyncio.to_thread(self._prepare)

    async def teardown(self, worker: Any) -> None:
        """End what runs, and leave nothing."""
        self._watching.cancel()
        await asyncio.to_thread(self._end)

    def grade(self, work: Parcel) -> Produced:
        """Grade one upload. Raises WorkerEndedError where the worker closes meanwhile."""
        with self._at_work() as site:
            try:
                return site.grade(work)
            except KeyboardInterrupt as error:
                raise WorkerEndedError(f"the worker {self._address} was closed.") from error

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[Site]:
        site = self._prepare(1)
        try:
            yield site
        finally:
            with self._changed:
                self._running -= 1
                self._used = time.monotonic()
                self._changed.notify_all()

    def _prepare(self, starting: int = 0) -> Site:
        """Return the site, opened if need be, with so many more submissions noted as running."""
        with self._changed:
            if self._ended:
                raise WorkerEndedError(f"the worker {self._address} is closed.")
            if self._site is None:
                settings = Settings(
                    self._device, self._secret, self._unsandboxed, cancelled=self._cancelled
                )
                try:
                    self._site = open_site(self._course, settings, self._folder, self._threads)
                except (GraderError, OSError) as error:
                    raise UsageError(f"the worker {self._address} cannot grade: {error}") from error
            self._running += starting
            return self._site

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._cancelled.set()
            self._changed.wait_for(lambda: not self._running)
            self._close()

    def _close(self) -> None:
        if self._site is not None:
            self._site.close()
            self._site = None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self._close_if_idle)

    def _close_if_idle(self) -> None:
        with self._changed:
            if not self._running and time.monotonic() - self._used > IDLE_SECONDS:
                self._close()


def grade_here(plugin: str, work: Parcel) -> Produced:
    """Grade one upload on the worker that this runs on; `plugin` is the name of its plugin."""
    found = get_worker().plugins.get(plugin)
    if found is None:
        raise WorkerEndedError("grading was stopped on this worker.")
    made: Produced = found.grade(work)
    return made
