"""Progress of a class on stderr: done, rate, time left, marks so far, failures, what is running."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from grader.feedback.terminal import clean, points
from grader.report import Report

_SHOWN = 3
_QUIET_SECONDS = 15.0  # between two lines where nothing can be drawn over


class _WithRunning(Progress):
    """A progress bar with a line under it."""

    # Asked for at every refresh: a notebook that hangs is seen to hang.
    running: Callable[[], str] = str

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        yield Text(self.running(), style="dim", no_wrap=True, overflow="ellipsis")


class ClassProgress:
    """Follows a class. `started` may be called by any thread."""

    def __init__(self, total: int, before: int = 0) -> None:
        """Make one for `total` submissions, of which `before` were done by an earlier command."""
        self._console = Console(stderr=True, highlight=False)
        self._total, self._done, self._before = total, before, before
        self._failed = self._graded = 0
        self._sum = 0.0
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._began = self._said = time.monotonic()
        self._bar = _WithRunning(
            TextColumn("grading"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[mean]}"),
            TextColumn("{task.fields[bad]}", style="yellow"),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._bar.running = self._what_runs
        self._task = self._bar.add_task(
            "", total=total, completed=before, rate="", left="", mean="", bad=""
        )

    def started(self, name: str) -> None:
        """Note that a submission has begun to run."""
        with self._lock:
            self._running[name] = time.monotonic()
        self._show()

    def finished(self, report: Report) -> None:
        """Note that a submission is done and kept."""
        with self._lock:
            self._running.pop(report.submission.id, None)
            self._done += 1
            self._failed += report.status != "graded"
            if report.status == "graded":
                self._graded += 1
                self._sum += report.score
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        with self._lock:
            here = self._done - self._before
            rate = f"{3600 * here / (now - self._began):,.0f}/h" if here else ""
            mean = f"mean {points(self._sum / self._graded)}" if self._graded else ""
            bad = f"{self._failed} not graded" if self._failed else ""
            rest = (self._total - self._done) * (now - self._began) / here if here else 0
        left = f"{rest // 60:.0f}:{rest % 60:02.0f} left" if rest else ""
        if self._console.is_terminal:
            self._bar.update(
                self._task, completed=self._done, rate=rate, left=left, mean=mean, bad=bad
            )
        elif now - self._said > _QUIET_SECONDS and here:
            self._said = now
            parts = [f"{self._done} of {self._total}", rate, left, mean, bad]
            self._console.print("grading: " + ", ".join(part for part in parts if part))

    def _what_runs(self) -> str:
        """Return the notebooks that have run for longest."""
        now = time.monotonic()
        with self._lock:
            oldest = sorted(self._running.items(), key=lambda pair: pair[1])[:_SHOWN]
        names = [f"{_short(clean(name))} ({now - since:.0f} s)" for name, since in oldest]
        return f"running: {', '.join(names)}" if names else ""

    def __enter__(self) -> "ClassProgress":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._bar.stop()


def _short(name: str) -> str:
    """Return a name in 24 columns; names of a class often differ at their ends only."""
    return name if len(name) <= 24 else f"{name[:9]}…{name[-14:]}"
