"""Probes: what an assignment observes after the notebook ran, as its author writes it.

A `probes.py` holds an `inputs` function and functions marked with `@probe`:

    def inputs(generator: torch.Generator) -> dict[str, torch.Tensor]:
        return {"image": torch.randn(9, 14, generator=generator)}

    @probe("q1_equation")
    def correlation(given, correlate2d):
        return correlate2d(given["image"], torch.ones(3, 3))

`given` is what `inputs` drew, on the chosen device; every other parameter is a name of the
student's notebook. What the function returns crosses the sandbox, as plain values, under the
function's own name. A probe holds no expected value, so there is nothing in it to steal.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch

from grader.errors import AssignmentError

GIVEN = "given"
Given = Mapping[str, torch.Tensor]


class Copies(Mapping[str, torch.Tensor]):
    """The inputs as one reader sees them: each tensor is copied when it is first asked for."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._copies: dict[str, torch.Tensor] = {}

    def __getitem__(self, name: str) -> torch.Tensor:
        if name not in self._copies:
            self._copies[name] = self._given[name].clone()
        return self._copies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


@dataclass(frozen=True)
class Probe:
    """One observation: `observe(given, **{name: notebook[name] for name in needs})`."""

    question: str
    name: str
    needs: tuple[str, ...]
    observe: Callable[..., object]


@dataclass(frozen=True)
class ProbeFile:
    """A loaded probes.py: how inputs are drawn, and the probes in the order of the file."""

    inputs: Callable[[torch.Generator], dict[str, torch.Tensor]]
    probes: tuple[Probe, ...]

    def draw(self, seed: int) -> dict[str, torch.Tensor]:
        """Return the inputs for `seed`, on the CPU. The same seed gives the same inputs.

        Raises AssignmentError where `inputs` does not return a dict of tensors.
        """
        drawn = self.inputs(torch.Generator().manual_seed(seed))
        tensors = isinstance(drawn, dict) and all(
            isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in drawn.items()
        )
        if not tensors:
            raise AssignmentError("probes.py: inputs() must return a dict of names to tensors.")
        return drawn


def probe(question: str) -> Callable[[Callable[..., object]], Probe]:
    """Mark a function as a probe of `question` (see the module's docstring)."""

    def mark(function: Callable[..., object]) -> Probe:
        first, *needs = inspect.signature(function).parameters
        if first != GIVEN:
            raise AssignmentError(
                f"probes.py: {function.__name__}: the first parameter must be `{GIVEN}`, "
                f"found `{first}`."
            )
        return Probe(question, function.__name__, tuple(needs), function)

    return mark


@functools.lru_cache(maxsize=8)
def load_probes(source: str, filename: str) -> ProbeFile:
    """Execute the text of a probes.py, once, and collect what it defines.

    Raises AssignmentError where it cannot be executed.
    """
    namespace: dict[str, object] = {"__name__": "probes", "__file__": filename}
    try:
        exec(compile(source, filename, "exec"), namespace)
    except AssignmentError:
        raise
    except Exception as error:
        raise AssignmentError(f"{filename}: cannot be loaded: {error!r}.") from error
    found = tuple(value for value in namespace.values() if isinstance(value, Probe))
    inputs = namespace.get("inputs", lambda generator: {})
    if not callable(inputs):
        raise AssignmentError(f"{filename}: `inputs` must be a function of one generator.")
    return ProbeFile(inputs, found)
