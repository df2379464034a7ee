"""Cluster: a class graded by the workers of a Dask scheduler, from this process."""

import contextlib
import queue
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import dask
from distributed import Client, Future, KilledWorker
from distributed.comm.addressing import parse_address, parse_host_port

from grader import pipeline
from grader.assignment import Assignment
from grader.batch import parcel
from grader.batch.plan import Work
from grader.batch.produce import Produced, produce, produced
from grader.batch.site import GradingPlugin, grade_here
from grader.errors import SandboxError, SubmissionError, UsageError
from grader.facts import Extension
from grader.pipeline import Settings

# One that runs and one that waits on each thread: what is in memory here does not grow with the
# class, and a lost worker loses little.
IN_FLIGHT = 2
RETRIES = 2
LOOK_SECONDS = 2.0
PACKAGES = ("torch-grader", "torch")


@dataclass(frozen=True)
class Patience:
    """Seconds: for the scheduler to answer, and for a worker to be there."""

    scheduler: float = 15.0
    workers: float = 60.0


@contextlib.contextmanager
def connected(
    address: str, assignment: Assignment, settings: Settings, patience: Patience | None = None
) -> Iterator["Cluster"]:
    """Give the workers of the scheduler at `address`, ready to grade; leave nothing on them.

    Raises UsageError where there is no scheduler, no worker, or one that cannot grade.
    """
    patience = patience or Patience()
    # Uploads travel inside their tasks, and Dask warns of tasks above 10 MB.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"}):
        client = _client(address, patience.scheduler)
        cluster = Cluster(client, assignment, settings, patience.workers)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.close()


class Cluster:
    """The workers of one scheduler for one command; `grade` is what ClassGrading.run takes."""

    def __init__(
        self, client: Client, assignment: Assignment, settings: Settings, patience: float
    ) -> None:
        self._client = client
        self._address = str(client.scheduler.address)
        self._assignment = assignment
        self._settings = settings
        self._patience = patience
        # Commands that share a scheduler must neither use nor end each other's processes.
        self._plugin = f"torch-grader-{assignment.name}-{uuid.uuid4().hex}"
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._flying: dict[Future, Work] = {}
        self._threads: dict[str, int] = {}
        self._looked = self._seen = time.monotonic()

    def start(self) -> None:
        """Wait for a worker, and start warm processes on all that are there."""
        try:
            self._client.wait_for_workers(1, timeout=self._patience)
        except TimeoutError:
            raise self._no_workers() from None
        self._look()
        settings = self._settings
        plugin = GradingPlugin(
            parcel.pack_course(self._assignment),
            settings.device,
            settings.secret,
            settings.unsandboxed,
        )
        self._client.register_plugin(plugin, name=self._plugin)

    def grade(
        self, many: Iterable[Work], extensions: Mapping[str, Extension]
    ) -> Iterator[Produced]:
        """Yield what is to be kept of each upload, as it is done, in any order.

        What was running or waiting on workers that were lost again and again is graded once more
        at the end, one at a time: only who then loses its workers is at fault, and ends as `error`.

        Raises UsageError where no worker is left, or one joins that cannot grade.
        """
        suspects: list[Work] = []
        for work, found in self._each(many, extensions, alone=False):
            if isinstance(found, Produced):
                yield found
            else:
                suspects.append(work)
        for work, found in self._each(suspects, extensions, alone=True):
            if isinstance(found, Produced):
                yield found
            else:
                yield self._failed(work, found, extensions)

    def close(self) -> None:
        """End what is running on the workers, and remove all that is there for this command."""
        # Where the scheduler is gone nothing can be ended: idle workers clear up by themselves.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            if self._client.status == "running":
                self._client.cancel(list(self._flying), force=True)
                self._flying.clear()
                self._client.unregister_worker_plugin(self._plugin)
        self._client.close()

    def _each(
        self, many: Iterable[Work], extensions: Mapping[str, Extension], *, alone: bool
    ) -> Iterator[tuple[Work, Produced | SandboxError]]:
        rest = iter(many)
        while True:
            room = 1 if alone else max(1, IN_FLIGHT * sum(self._threads.values()))
            for work in islice(rest, max(0, room - len(self._flying))):
                refused = self._submit(work, extensions.get(work.upload.id))
                if refused:
                    yield work, refused
            if not self._flying:
                return
            future = self._next()
            work = self._flying.pop(future)
            yield work, self._result(future)

    def _submit(self, work: Work, extension: Extension | None) -> Produced | None:
        """Send an upload to some worker; one that cannot be read is refused here and now."""
        upload, fingerprint = work.upload, work.fingerprint
        try:
            packed = parcel.pack(upload, fingerprint, extension)
        except SubmissionError:
            return produce(upload, fingerprint, self._assignment, self._settings, None, extension)
        future = self._client.submit(grade_here, self._plugin, packed, pure=False, retries=RETRIES)
        self._flying[future] = work
        future.add_done_callback(self._done.put)
        return None

    def _next(self) -> Future:
        """Return the next one that is done, watching the workers meanwhile."""
        while True:
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._look()
            try:
                return self._done.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if time.monotonic() - self._seen > self._patience:
                    raise self._no_workers() from None

    def _look(self) -> None:
        """See which workers there are; new ones must have what is here."""
        before = self._threads.keys()
        try:
            found = self._client.nthreads() if self._client.status == "running" else {}
            if found.keys() - before:
                versions = self._client.get_versions(packages=PACKAGES)
                check_versions(versions["client"], versions["workers"])
        except OSError:
            found = {}
        self._threads = dict(found)
        self._looked = time.monotonic()
        if found:
            self._seen = self._looked

    def _result(self, future: Future) -> Produced | SandboxError:
        """Return what a worker made of an upload, or why that is not known."""
        try:
            # What was done may be lost with its worker before it is fetched, and be done again.
            found: Produced = future.result(timeout=self._patience)
            return found
        except UsageError:
            raise
        except KilledWorker as error:
            return SandboxError(
                f"every worker that graded it was lost ({error.allowed_failures + 1}), the last "
                f"one at {error.last_worker.address}. Its log, or the system's, says why: look for "
                "memory. The same command grades it again."
            )
        except Exception as error:
            return SandboxError(f"a worker could not grade it: {error or repr(error)}")
        finally:
            future.release()

    def _failed(
        self, work: Work, error: SandboxError, extensions: Mapping[str, Extension]
    ) -> Produced:
        upload = work.upload
        return produced(
            pipeline.failed(upload, self._assignment, error),
            upload,
            work.fingerprint,
            self._assignment,
            self._settings,
            extensions.get(upload.id),
        )

    def _no_workers(self) -> UsageError:
        return UsageError(
            f"expected a worker at the scheduler {self._address}, found none for "
            f"{self._patience:.0f} seconds. Start one with `dask worker {self._address} "
            "--nthreads 1` where torch-grader is installed; the same command goes on from here."
        )


def check_versions(own: Mapping[str, Any], workers: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UsageError where a worker has other versions, of what decides marks, than are here.

    Both are records as Dask's `Client.get_versions` gives them.
    """
    expected = _versions(own["packages"])
    for address, record in sorted(workers.items()):
        found = _versions(record["packages"])
        for name, version in expected.items():
            if found[name] != version:
                raise UsageError(
                    f"the worker {address}: expected {name} {version}, as it is here, found "
                    f"{found[name] or 'none'}. Install the same there and start it again."
                )


def _versions(packages: Mapping[str, str | None]) -> dict[str, str]:
    # The rest of Python's version does not matter, nor does a torch's build, as in 2.9.0+cpu.
    python = ".".join((packages["python"] or "").split(".")[:2])
    return {"Python": python} | {name: (packages[name] or "").split("+")[0] for name in PACKAGES}


def _client(address: str, seconds: float) -> Client:
    try:
        # A client that is refused its address takes half a minute to end, and does not end quietly.
        parse_host_port(parse_address(address)[1])
        return Client(address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise UsageError(
            f"expected a Dask scheduler at {address}, found none ({error}). Start one with `dask "
            "scheduler`, and name the address that it prints."
        ) from None
