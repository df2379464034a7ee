"""Originals: what the observing code needs of Python and torch, as it was before the notebook.

A notebook may replace `torch.manual_seed`, on purpose or by a slip such as `torch.manual_seed = 0`.
While the grader observes, the names of these modules mean again what they meant; afterwards they
are the notebook's own again. What a notebook changes *inside* an object stays changed.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_MODULES = (
    "builtins",
    "json",
    "os",
    "random",
    "traceback",
    "numpy",
    "numpy.random",
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "torch.random",
    "safetensors.torch",
)
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
    """Return whether nothing in `space` was replaced. Looking name by name takes ten times as long.

    An object that claims to be equal to what it replaced stays in its place, to the notebook's loss.
    """
    try:
        return names.items() <= space.items()
    except BaseException:
        return False


def take() -> Originals:
    """Return the originals as they are now."""
    spaces = [vars(sys.modules[name]) for name in _MODULES if name in sys.modules]
    return Originals(
        tuple(
            (space, {name: value for name, value in space.items() if name not in _KEPT})
            for space in spaces
        )
    )
