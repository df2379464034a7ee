"""Interrupts: SIGINT stops what the notebook does, and never the code that runs it."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Interrupts:
    """Where an interrupt may strike. Outside of `allowed` it is dropped: it came too late."""

    def __init__(self) -> None:
        self._inside = False
        signal.signal(signal.SIGINT, self._strike)

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Let an interrupt raise KeyboardInterrupt in this block, until the first one has."""
        self._inside = True
        try:
            yield
        finally:
            self._inside = False

    def _strike(self, _: int, __: FrameType | None) -> None:
        if self._inside:
            self._inside = False
            raise KeyboardInterrupt
