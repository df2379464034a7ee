"""Originals: what the observing code needs of Python and torch, as it was before the notebook.

A notebook may replace `torch.manual_seed`, on purpose or by a slip such as `torch.manual_seed = 0`.
While the grader observes, the names of these modules mean again what they meant; afterwards they
are the notebook's own again. What a notebook changes *inside* an object stays changed.
"""

import contextlib
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.runtime import FILES

_MODULES = ("builtins", "json", "random", "traceback", "numpy.random", "torch.random",
            "safetensors.torch")  # fmt: skip
# Of these only the names that the runtime or the probes use. To look at an object at all is to
# write to it (Python counts references), and then its memory is shared no longer.
_LARGE_MODULES = ("os", "numpy", "torch", "torch.nn", "torch.nn.functional")
# The process's own bookkeeping: not to be put back.
_KEPT = frozenset({"_", "__warningregistry__"})


@dataclass(frozen=True)
class Originals:
    """The names of some modules, and what they meant when this was made."""

    spaces: tuple[tuple[dict[str, object], Mapping[str, object]], ...]

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Give every name its first meaning for the time of the block."""
        # No function is called before they are back: it could be one of those replaced.
        changed = [
            (space, name, space.get(name, self), value)
            for space, names in self.spaces
            if not _has(space, names)
            for name, value in names.items()
            if space.get(name, self) is not value
        ]
        for space, name, _, value in changed:
            space[name] = value
        try:
            yield
        finally:
            for space, name, before, _ in changed:
                if before is self:
                    del space[name]
                else:
                    space[name] = before


def _has(space: Mapping[str, object], names: Mapping[str, object]) -> bool:
    """Return whether nothing in `space` was replaced; by name it would take ten times as long.

    An object that claims to be equal to what it replaced stays, to the notebook's own loss.
    """
    try:
        return names.items() <= space.items()
    except BaseException:
        return False


@cache
def own_words() -> frozenset[str]:
    """Return every word in the runtime's own files."""
    package = Path(__file__).parent.parent
    return frozenset(_words("\n".join((package / name).read_text("utf-8") for name in FILES)))


def take(probes_source: str) -> Originals:
    """Return the originals as they are now, of what the runtime and these probes may use."""
    used = own_words() | _words(probes_source)
    spaces = [
        *((name, None) for name in _MODULES),
        *((name, used) for name in _LARGE_MODULES),
    ]
    loaded = [(vars(importlib.import_module(name)), asked) for name, asked in spaces]
    return Originals(tuple((space, _chosen(space, asked)) for space, asked in loaded))


def _chosen(space: Mapping[str, object], asked: frozenset[str] | None) -> dict[str, object]:
    if asked is None:
        return {name: value for name, value in space.items() if name not in _KEPT}
    return {name: space[name] for name in asked if name in space}


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Za-z_]\w+", text))
