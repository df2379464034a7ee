"""Pictures: what an assignment shows of a student's values, as its author writes it.

`assignments/NAME/pictures.py` says what students may see, also in their own notebook; the one in
`reference/NAME/` what takes the truth to draw. Both hold functions marked with `@picture`:

    @picture("q3_activations")
    def first_map(stimuli, convout):
        return Picture("Your first map", (Panel("stimulus", stimuli[0, 0], "grey"),
                                          Panel("yours", convout[0, 0])))

A parameter is a captured name, a probe, `given` (the probes' inputs) or `arithmetic` (for
`grader.tolerance`). A function whose values are not all there is not called. It returns a
Picture, several, or None for nothing to show.
"""

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import torch

from grader.assignment import read_text
from grader.errors import AssignmentError
from grader.probes import GIVEN, Given
from grader.snapshot import Failed, Missing
from grader.tolerance import FLOAT32_CPU, Arithmetic

Style = Literal["signed", "input", "grey", "marks"]
Array = torch.Tensor | np.ndarray
MOST_PICTURES = 6


@dataclass(frozen=True)
class Panel:
    """One map (H, W), drawn in one of four styles.

    `signed` on the picture's common scale; `input` in the same colours on a scale of its own;
    `grey` from its smallest value (white) to its largest (black); `marks` true or false.

    A panel that is `staff_only` is never part of what a student reads, unless assignment.toml
    says `feedback.show_expected = true`.
    """

    title: str
    values: Array
    style: Style = "signed"
    staff_only: bool = False


@dataclass(frozen=True)
class Picture:
    """Panels side by side. Those that are `signed` share one scale, symmetric about zero."""

    title: str
    panels: tuple[Panel, ...]
    caption: str = ""

    def shown(self, *, staff: bool) -> "Picture | None":
        """Return the picture as staff or as students see it; None where nothing of it is left."""
        panels = tuple(panel for panel in self.panels if staff or not panel.staff_only)
        return Picture(self.title, panels, self.caption) if panels else None


Drawn = Picture | Iterable[Picture] | None


@dataclass(frozen=True)
class Maker:
    """A function that makes pictures of one question from the values that it names."""

    question: str
    needs: tuple[str, ...]
    make: Callable[..., Drawn]


def picture(question: str) -> Callable[[Callable[..., Drawn]], Maker]:
    """Mark a function as making pictures of `question` (see the module's docstring)."""

    def mark(function: Callable[..., Drawn]) -> Maker:
        return Maker(question, tuple(inspect.signature(function).parameters), function)

    return mark


def load_public(path: Path) -> tuple[Maker, ...]:
    """Return the makers in a pictures.py; none where there is no such file.

    Raises AssignmentError where it cannot be loaded.
    """
    if not path.is_file():
        return ()
    namespace: dict[str, object] = {"__name__": "pictures", "__file__": str(path)}
    try:
        exec(compile(read_text(path), str(path), "exec"), namespace)
    except AssignmentError:
        raise
    except Exception as error:
        raise AssignmentError(f"{path}: cannot be loaded: {error!r}.") from error
    return _makers(namespace)


def load_hidden(reference: ModuleType) -> tuple[Maker, ...]:
    """Return the makers in the `pictures` module of a reference package; none where it has none.

    Raises AssignmentError where it cannot be imported.
    """
    name = f"{reference.__name__}.pictures"
    if importlib.util.find_spec(name) is None:
        return ()
    try:
        return _makers(vars(importlib.import_module(name)))
    except Exception as error:
        raise AssignmentError(f"{name}: cannot be imported: {error!r}.") from error


def make(
    makers: Iterable[Maker],
    question: str,
    values: Mapping[str, object],
    given: Given,
    arithmetic: Arithmetic = FLOAT32_CPU,
) -> tuple[Picture, ...]:
    """Return the pictures of a question, made from what was observed of it.

    Raises AssignmentError where a function of the author's raises or returns anything else.
    """
    there = {k: v for k, v in values.items() if not isinstance(v, Missing | Failed)}
    there |= {GIVEN: given, "arithmetic": arithmetic}
    found: list[Picture] = []
    for maker in makers:
        if maker.question == question and all(name in there for name in maker.needs):
            found += _called(maker, [there[name] for name in maker.needs])
    return tuple(found[:MOST_PICTURES])


def planes(value: object, most: int = 6) -> tuple[np.ndarray, ...]:
    """Return the first maps (H, W) of an array of any number of dimensions, for drawing.

    None of them where it is no array of real numbers, or has fewer than two dimensions.
    """
    array = value.detach().cpu() if isinstance(value, torch.Tensor) else value
    if isinstance(array, torch.Tensor) and not array.is_complex():
        array = array.to(torch.float64).numpy()
    if not isinstance(array, np.ndarray) or array.ndim < 2 or not array.size:
        return ()
    if array.dtype.kind not in "biuf":
        return ()
    return tuple(array.reshape(-1, *array.shape[-2:])[:most])


def _called(maker: Maker, arguments: list[object]) -> list[Picture]:
    try:
        drawn = maker.make(*arguments)
        listed = [drawn] if isinstance(drawn, Picture) else list(drawn or ())
        for each in listed:
            if not isinstance(each, Picture) or any(
                len(planes(p.values)) != 1 for p in each.panels
            ):
                raise TypeError(f"expected Pictures of maps (H, W), found {each!r:.80}")
    except Exception as error:
        raise AssignmentError(
            f"pictures.py: a picture of {maker.question} could not be made: {error!r:.200}."
        ) from error
    return listed


def _makers(namespace: Mapping[str, object]) -> tuple[Maker, ...]:
    return tuple(value for value in namespace.values() if isinstance(value, Maker))
