"""HandIn: what one student handed in at one time, told from names and metadata alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Identity = Mapping[str, str]


@dataclass(frozen=True)
class HandIn:
    """The files of one attempt, and what the platform says of it.

    `files` maps a file's name inside the upload to its path in the tree. `owner` is the same for
    all attempts of one student or group; among them the greatest `order` is the newest (0: not
    known). `group` holds the members where there are several. The rest is as in `Upload`.
    """

    id: str
    files: Mapping[str, str]
    owner: str
    identity: Identity = field(default_factory=dict)
    submitted: datetime | None = None
    late: bool | None = None
    attempt: int = 1
    order: float = 0
    group: tuple[Identity, ...] = ()


@dataclass(frozen=True)
class Arrangement:
    """A tree of files as a layout reads it: hand-ins, files that are no student's, sentences."""

    handins: tuple[HandIn, ...]
    odd: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How one platform names what it gives.

    `arrange` gets the paths of all files and the bytes of those called `metadata`, and returns None
    where they are not in this layout.
    """

    name: str
    metadata: str
    arrange: Callable[[Sequence[str], Mapping[str, bytes]], Arrangement | None]
