"""Model: what a student may have done, as a record; and the numbers that it would give.

The record's defaults are the truth. `misconceptions.py` changes one field at a time.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, TypeVar

import torch
from torch.nn import functional

from grader import expect
from grader.diagnosis import Comparison, fact
from grader.snapshot import Failed, InertModule, Missing
from grader.tolerance import Arithmetic, error_bound, relative_bound

from . import counts
from .filters import ROUNDING, center_surround, filters, gabor, grid
from .observed import LAYER_SIZE, own_filters, part
from .stimuli import ORIENTATIONS, SCREEN_HEIGHT, SCREEN_WIDTH

SIZES = (48, 64, 1, 6, 7)  # height, width, c_in, c_out, K of question 4
CHOICES = ("center-surround", "gabor", "none")
HALF = 2.0**-11  # unit roundoff of float16

Values = Mapping[str, object]
Inputs = Mapping[str, torch.Tensor]
T = TypeVar("T")
Tensors = Callable[[torch.Tensor], torch.Tensor]


def same(value: torch.Tensor) -> torch.Tensor:
    """Return the tensor as it is."""
    return value


@dataclass(frozen=True)
class Border:
    """How an image is continued: the pixels added on each side, and what they hold.

    `before` and `after` are functions of the kernel's height or width.
    """

    before: Callable[[int], int] = lambda k: k // 2
    after: Callable[[int], int] = lambda k: k // 2
    mode: str = "constant"


@dataclass(frozen=True)
class Counted:
    """The five numbers of question 4."""

    activations_per_channel: int = counts.activations_per_channel(*SIZES)
    conv_weights: int = counts.conv_weights(*SIZES)
    conv_parameters: int = counts.conv_parameters(*SIZES)
    fc_weights_one_unit_per_channel: int = counts.fc_weights_one_unit_per_channel(*SIZES)
    fc_weights_one_unit_per_activation: int = counts.fc_weights_one_unit_per_activation(*SIZES)


@dataclass(frozen=True)
class Cell:
    """Question 7: which kernels, whether signs are dropped, how places are pooled."""

    kernels: str = "gabors"  # or "first", "center-surround too"
    rectified: bool = True
    pooled: str = "all"  # or "middle"


@dataclass(frozen=True)
class Model:
    """What a student may have done. Functions of tensors say how a thing was changed.

    stimuli: `theta` turns degrees into radians, `angles` are those used, `shown` changes the
    images. filters: `scaled`, `centred` and their order, `K`; `stored` changes what becomes the
    weight, `weights` and `bias` say where they come from. layer: the rest.
    """

    angles: tuple[float, ...] = ORIENTATIONS
    theta: Callable[[float], float] = math.radians
    shown: Tensors = same
    steps: tuple[str, ...] = ("scale", "centre")
    K: int = LAYER_SIZE[2]
    stored: Tensors = same
    weights: str = "given"  # or "random"
    bias: str = "zero"  # or "random", "constant"
    bias_exists: bool = True
    border: Border = Border()
    stride: int = 1
    dilation: int = 1
    kernel: Tensors = same
    channels_in: Tensors = same
    channels_out: Tensors = same
    output: str = "linear"
    bias_added: bool = True
    divided: Callable[[int], float] = lambda terms: 1.0
    rounding: str = "single"  # or "half"
    layer_used: str = "own"  # or "other"
    handed_on: str = "detached"  # or "attached", "numpy"
    counted: Counted = Counted()
    chosen: tuple[str, str] = ("center-surround", "gabor")
    cell: Cell = Cell()


TRUTH = Model()


def predict(
    question: str, values: Values, given: Inputs, arithmetic: Arithmetic
) -> Callable[[Model], Iterator[Comparison]]:
    """Return what sets the observed values of a question beside those that a model gives."""
    there = {name: value for name, value in values.items() if not isinstance(value, Missing)}
    if question not in QUESTIONS or any(isinstance(value, Failed) for value in there.values()):
        return lambda model: iter(())
    seen = Seen(there, given, arithmetic)
    return lambda model: QUESTIONS[question](seen, model)


@dataclass(frozen=True)
class Seen:
    """What was observed of one question, the probes' inputs, and what was computed from them.

    Many models share their sums: `once` computes what is kept under a key a single time.
    """

    values: Values
    given: Inputs
    arithmetic: Arithmetic
    kept: dict[object, Any] = field(default_factory=dict)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Return what is kept under `key`; make it, and keep it, the first time."""
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found


# ----------------------------------------------------------------------------- the questions


def _equation(seen: Seen, model: Model) -> Iterator[Comparison]:
    if model.stored is not same:
        return
    for name, key, image, kernel in (
        ("tiny_correlation", "", "tiny_image", "tiny_kernel"),
        ("oblong_correlations", "wide kernel", "tall_image", "wide_kernel"),
        ("oblong_correlations", "tall kernel", "wide_image", "tall_kernel"),
        ("square_correlation", "", "wide_image", "square_kernel"),
    ):
        if name in seen.values:
            value = seen.values[name]
            found = part(name, value, key) if key else value
            x, w = seen.given[image][None, None], seen.given[kernel][None, None]
            yield from _responses(seen, model, name + key, found, x, w, None)


def _layer(seen: Seen, model: Model) -> Iterator[Comparison]:
    default = seen.values.get("default_layer")
    if isinstance(default, InertModule):
        sizes = sorted(each.numel() for each in default.parameters())
        yield fact(sizes, sorted([model.K**2 * 6, *([6] if model.bias_exists else [])]))
    if "given_filters" in seen.values:
        told = seen.given["colour_filters"]
        read = partial(own_filters, "layer", seen.values["given_filters"], 2, 3, 5)
        weight, bias = seen.once("given filters", read)
        yield from _stored(model, weight, bias, told, error_bound(told, 1, seen.arithmetic))
    for name, images, size in (
        ("small_kernels", "grey_batch", (1, 4, 3)),
        ("two_channels", "colour_batch", (2, 3, 5)),
    ):
        if name in seen.values:
            value = seen.values[name]
            read = partial(own_filters, name, part(name, value, "layer"), *size)
            weight, bias = seen.once((name, "filters"), read)
            found = part(name, value, "output")
            yield from _responses(seen, model, name, found, seen.given[images], weight, bias)


def _activations(seen: Seen, model: Model) -> Iterator[Comparison]:
    images, told = (
        _gratings(model.angles, model.theta, model.shown),
        _filters(model.steps, model.K),
    )
    if "stimuli" in seen.values:
        stimuli = expect.tensor("stimuli", expect.as_tensor(seen.values["stimuli"], images.shape))
        yield Comparison(stimuli, images, error_bound(images, 1, seen.arithmetic))
    weight, bias = model.stored(told), None
    if "convLayer" in seen.values:
        read = partial(own_filters, "convLayer", seen.values["convLayer"], 1, 6, model.K)
        weight, bias = seen.once(("filters", model.K), read)
        scale = told.abs().amax(dim=(1, 2, 3), keepdim=True).expand_as(told).clamp(min=1)
        bound = error_bound(scale, 1, seen.arithmetic, factor_error=ROUNDING)
        yield from _stored(model, weight, bias, told, bound)
    if "convout" not in seen.values:
        return
    convout = seen.values["convout"]
    yield fact(_how_handed_on(convout), _how_handed_on(model.handed_on))
    found = expect.tensor("convout", expect.as_tensor(convout)).detach()
    drawn = (model.angles, model.theta, model.shown, model.steps, model.K)
    if model.layer_used == "other":
        yield fact(list(found.shape), [5, 6, 48, 64])
        flat = bool((found == found.flatten()[0]).all())
        yield fact([flat, bool(torch.isfinite(found).all())], [False, True])
        yield _some_other_layer(images, found, seen.arithmetic)
    else:
        if model.channels_out is same and found.ndim == 4:
            # One image and one kernel first: a wrong model seldom gives even these.
            few = found[1:2, 2:3], images[1:2], weight[2:3], None if bias is None else bias[2:3]
            if model.output != "batch norm":
                yield from _responses(seen, model, ("one", *drawn), *few)
        yield from _responses(seen, model, ("all", *drawn), found, images, weight, bias)


def _counts(seen: Seen, model: Model) -> Iterator[Comparison]:
    for name, expected in vars(model.counted).items():
        if name in seen.values:
            yield fact(expect.whole_number(name, seen.values[name]), expected)


def _choices(seen: Seen, model: Model) -> Iterator[Comparison]:
    for name, expected in zip(("channels_0_1", "channels_2_5"), model.chosen, strict=True):
        if name in seen.values:
            found = expect.choice(name, seen.values[name], CHOICES)
            yield fact(CHOICES.index(found), CHOICES.index(expected))


def _weights(seen: Seen, model: Model) -> Iterator[Comparison]:
    value = seen.values["weights"]
    yield fact(_how_handed_on(value), _how_handed_on(model.handed_on))
    found = expect.tensor("weights", expect.as_tensor(value)).detach()
    if model.weights == "random":
        yield fact(found.numel(), 294)
        yield fact(_looks_untouched(found, 49), True)
        return
    expected = model.channels_out(model.stored(_filters(model.steps, model.K)))
    yield Comparison(found, expected, torch.full_like(expected, 2 * ROUNDING))


def _cells(seen: Seen, model: Model) -> Iterator[Comparison]:
    if not {"moved_patches", "four_orientations"} <= set(seen.values) or model.cell == Cell():
        return
    patches = seen.given["patches"].flatten(0, 2)[:9:2]  # (5, 1, H, W)
    shown = [(expect.tensor("responses", seen.values["moved_patches"])[:9:2], patches)]
    if model.cell.pooled == "all":
        # Noise reaches the border, where kernels are cut off and no longer have a mean of zero.
        noise = expect.tensor("responses", seen.values["four_orientations"])
        shown.append((noise, seen.given["grey_batch"]))
    ways = list(
        zip(*(_cell_comparisons(model.cell, found, images) for found, images in shown), strict=True)
    )
    yield from next((way for way in ways if all(each.holds for each in way)), ways[0])


def _cell_comparisons(
    cell: Cell, found: torch.Tensor, images: torch.Tensor
) -> Iterator[Comparison]:
    """Compare responses (N, 4) with those of each way to drop signs and to pool."""
    for value, scale in _cell_responses(cell, images.to(torch.float64)):
        bound = 1e-4 * scale.amax().expand_as(value)
        yield Comparison(found.detach(), value, bound)


QUESTIONS: Mapping[str, Callable[[Seen, Model], Iterator[Comparison]]] = {
    "q1_equation": _equation,
    "q2_layer": _layer,
    "q3_activations": _activations,
    "q4_counts": _counts,
    "q5_filters": _choices,
    "q6_weights": _weights,
    "q7_complex_cell": _cells,
}


# ------------------------------------------------------------------------------- their parts


def _responses(
    seen: Seen,
    model: Model,
    name: object,
    found: object,
    images: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
) -> Iterator[Comparison]:
    """Compare responses with those of the model's layer to images (N, C, H, W).

    weight (C_out, C, K, K'), bias (C_out,) or None. `name` is what the sums are kept under. The
    first comparison bounds every response by the largest that is possible, which needs no second
    convolution; the second bounds each by its own magnitude.
    """
    x = model.channels_in(seen.once((name, "images"), lambda: images.to(torch.float64)))
    w = seen.once((name, "weight"), lambda: weight.detach().to(torch.float64))
    w = model.kernel(w[:, : x.shape[1]])
    b = torch.zeros(len(w), dtype=torch.float64)
    if bias is not None and model.bias_added:
        b = bias.detach().to(torch.float64)
    share = model.divided(w.shape[2] * w.shape[3])
    terms = w[0].numel() + (bias is not None)
    key = name, model.border, model.stride, model.dilation, model.kernel, model.channels_in

    def slide(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        padded = functional.pad(x, _amounts(model.border, *w.shape[2:]), mode=model.border.mode)
        return functional.conv2d(padded, w, b, stride=model.stride, dilation=model.dilation)

    value = seen.once((key, model.bias_added), lambda: slide(x, w, b)) / share
    largest = seen.once(
        (key, model.bias_added, "largest"),
        lambda: x.abs().amax() * w.abs().sum(dim=(1, 2, 3)).amax() + b.abs().amax(),
    )
    bound = (relative_bound(terms, seen.arithmetic) * largest / share).expand_as(value)
    yield from _against(model, found, value, bound, largest / share)
    magnitude = (
        seen.once((key, model.bias_added, "magnitude"), lambda: slide(x.abs(), w.abs(), b.abs()))
        / share
    )
    bound = error_bound(magnitude, terms, seen.arithmetic, transformed_dims=2)
    yield from _against(model, found, value, bound, magnitude)


def _against(
    model: Model,
    found: object,
    value: torch.Tensor,
    bound: torch.Tensor,
    magnitude: torch.Tensor,
) -> Iterator[Comparison]:
    """Compare responses with a value, after what the model does to it, within a bound."""
    if model.rounding == "half":
        bound = bound + magnitude * ((1 + HALF) ** 3 - 1) * 2
    expected, bound = (model.channels_out(e) for e in _output(model.output, value, bound))
    observed = expect.tensor("responses", expect.as_tensor(found, expected.shape)).detach()
    if model.rounding == "half" and observed.shape == expected.shape:
        yield fact(bool((observed == observed.half()).all()), True)
    yield Comparison(observed, expected, bound)


def _output(
    kind: str, value: torch.Tensor, bound: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Apply what comes after the sum, with what it makes of the error bound."""
    own = 2.0**-20  # of the function's own rounding
    match kind:
        case "relu":
            return value.relu(), bound
        case "absolute":
            return value.abs(), bound
        case "sigmoid":
            return value.sigmoid(), bound / 4 + own
        case "tanh":
            return value.tanh(), bound + own
        case "batch norm":
            spread = (value.var(dim=(0, 2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()
            centred = (value - value.mean(dim=(0, 2, 3), keepdim=True)) / spread
            return centred, 4 * bound / spread + own * (1 + centred.abs())
        case _:
            return value, bound


def _stored(
    model: Model,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    told: torch.Tensor,
    bound: torch.Tensor,
) -> Iterator[Comparison]:
    """Compare a layer that was given filters with what the model says became of them."""
    fan_in = weight[0].numel()
    if model.weights == "random":
        yield fact(_looks_untouched(weight, fan_in), True)
    else:
        yield Comparison(weight, model.stored(told), bound)
    if bias is not None and model.bias_exists:
        constant = bool(bias.any()) and bool((bias == bias[0]).all())
        kind = "zero" if not bool(bias.any()) else "random"
        kind = "constant" if constant else kind
        kinds = ("zero", "random", "constant")
        yield fact(kinds.index(kind), kinds.index(model.bias))
        if kind == "random":
            yield fact(bool((bias.abs() <= fan_in**-0.5).all()), True)
    else:
        yield fact(bias is not None, model.bias == "zero" and model.bias_exists)


def _looks_untouched(weight: torch.Tensor, fan_in: int) -> bool:
    """Tell whether weights look like those that nn.Conv2d draws: evenly in ±1/√fan_in."""
    largest = float(weight.abs().max()) * math.sqrt(fan_in)
    spread = float(weight.double().std()) * math.sqrt(3 * fan_in)
    return 0.85 < largest <= 1 + 1e-6 and 0.7 < spread < 1.3


def _some_other_layer(
    images: torch.Tensor, found: torch.Tensor, arithmetic: Arithmetic
) -> Comparison:
    """Look for any kernels and biases of which `found` are the activations (5, 6, 48, 64).

    They are fitted by least squares to every seventh pixel, and have to give all of them.
    """
    x = images.to(torch.float64)
    windows = functional.unfold(x, 7, padding=3).movedim(1, 2)  # (5, 3072, 49)
    columns = torch.cat([windows, torch.ones_like(windows[..., :1])], dim=2).reshape(-1, 50)
    target = found.to(torch.float64).movedim(1, 3).reshape(len(columns), -1)  # (15360, 6)
    weights = torch.linalg.lstsq(columns[::7], target[::7], driver="gelsd").solution  # (50, 6)
    expected, magnitude = columns @ weights, columns.abs() @ weights.abs()
    return Comparison(target, expected, 8 * error_bound(magnitude, 50, arithmetic))


@cache
def _gratings(
    angles: tuple[float, ...], theta: Callable[[float], float], shown: Tensors
) -> torch.Tensor:
    """Return the stimuli of question 3 as a model draws them: (5, 1, 48, 64)."""
    res, sf = 0.1, 1 / 28
    xx = (sf * torch.arange(0, SCREEN_WIDTH * res) / res)[None, :]
    yy = (sf * torch.arange(0, SCREEN_HEIGHT * res) / res)[:, None]
    waves = [xx * math.cos(theta(each)) + yy * math.sin(theta(each)) for each in angles]
    images = torch.stack([torch.where(torch.cos(wave) < 0, -0.5, 0.5) for wave in waves])
    return shown(images[:, None])


@cache
def _filters(steps: tuple[str, ...], K: int) -> torch.Tensor:
    """Return six filters that went through these steps, in this order: (6, 1, K, K)."""
    if steps == ("scale", "centre"):
        return filters(6, K)
    x, y = grid(K)
    both = center_surround(x, y)
    raw = [both, -both, *(gabor(x, y, math.pi * i / 4) for i in range(4))]
    bank = torch.stack([torch.from_numpy(each).to(torch.float32) for each in raw])[:, None]
    for step in steps:
        if step == "scale":
            bank = bank / bank.abs().amax(dim=(1, 2, 3), keepdim=True)
        else:
            bank = bank - bank.mean(dim=(1, 2, 3), keepdim=True)
    return bank


def _cell_responses(
    cell: Cell, images: torch.Tensor
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield what such cells answer, and their sums of magnitudes, for each way: each (N, 4)."""
    bank = filters(4 if cell.kernels == "first" else 6).to(torch.float64)
    kernels = bank[:4] if cell.kernels != "gabors" else bank[2:]
    simple = functional.conv2d(images, kernels, padding=3)  # (N, 4, H, W)
    for drop in (torch.square, torch.abs, torch.relu) if cell.rectified else (same,):
        kept = drop(simple)
        if cell.pooled == "middle":
            middle = kept[:, :, kept.shape[2] // 2, kept.shape[3] // 2]
            yield middle, middle.abs()
        else:
            yield kept.sum(dim=(2, 3)), kept.abs().sum(dim=(2, 3))
            yield kept.mean(dim=(2, 3)), kept.abs().mean(dim=(2, 3))
            if cell.rectified:
                yield kept.amax(dim=(2, 3)), kept.abs().amax(dim=(2, 3))


def _amounts(border: Border, kh: int, kw: int) -> tuple[int, int, int, int]:
    """Return the padding as torch wants it: left, right, top, bottom."""
    return border.before(kw), border.after(kw), border.before(kh), border.after(kh)


def _how_handed_on(value: object) -> int:
    """Return 0 for a detached tensor, 1 for one that tracks gradients, 2 for a NumPy array."""
    if isinstance(value, str):
        return ("detached", "attached", "numpy").index(value)
    return int(value.requires_grad) if isinstance(value, torch.Tensor) else 2
