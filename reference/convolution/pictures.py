"""Pictures that take the truth to draw: the student's map, the true one, and the difference.

What is expected, and the difference to it, is for staff unless assignment.toml allows it; where
a map is wrong may be seen by anyone, as the sentences of the checks say how much of it is.
"""

from collections.abc import Iterator

import torch

from grader import expect
from grader.pictures import Panel, Picture, picture, planes
from grader.probes import Given
from grader.tolerance import Arithmetic, error_bound, within

from .filters import ROUNDING, filters
from .layer import Correlation, correlate, correlate2d
from .observed import LAYER_SIZE, expected_activations, own_filters, own_size, part

SMALL, COLOUR = (
    "ConvolutionalLayer(c_in=1, c_out=4, K=3)",
    "ConvolutionalLayer(c_in=2, c_out=3, K=5)",
)


@picture("q1_equation")
def random_image(
    given: Given, arithmetic: Arithmetic, square_correlation: object
) -> Picture | None:
    """A random image under a random kernel."""
    truth = correlate2d(given["wide_image"], given["square_kernel"])
    own = _alike(square_correlation, truth.value)
    if own is None:
        return None
    panels = (
        Panel("image", given["wide_image"], "input"),
        Panel("kernel", given["square_kernel"], "input"),
        Panel("found", own),
        *_against(own, truth.value, _wrong(own, truth, arithmetic)),
    )
    return Picture("correlate2d on a random image", panels)


@picture("q2_layer")
def layers(
    given: Given, arithmetic: Arithmetic, small_kernels: object, two_channels: object
) -> Iterator[Picture]:
    """The channel with the largest error, for each of two layers on random images."""
    for label, observed, images, size in (
        (SMALL, small_kernels, given["grey_batch"], (1, 4, 3)),
        (COLOUR, two_channels, given["colour_batch"], (2, 3, 5)),
    ):
        try:
            weight, bias = own_filters(label, part(label, observed, "layer"), *size)
            output = part(label, observed, "output")
        except AssertionError:
            continue  # the check's sentence has said so
        truth = correlate(images, weight, bias)
        own = _alike(output, truth.value)
        if own is None or not bool(_wrong(own, truth, arithmetic).any()):
            continue
        n, c = _worst(own, truth.value)
        wrong = _wrong(own, truth, arithmetic)[n, c]
        yield Picture(
            f"{label}: image {n}, channel {c}",
            (
                Panel("image", images[n, 0], "input"),
                Panel("found", own[n, c]),
                *_against(own[n, c], truth.value[n, c], wrong),
            ),
        )


@picture("q3_activations")
def worst_map(
    arithmetic: Arithmetic, stimuli: object, convLayer: object, convout: object
) -> Picture | None:
    """The map with the largest error, under the student's own stimuli and layer."""
    truth, own_truth = expected_activations(stimuli, convLayer)
    own = _alike(convout, truth.value)
    if own is None:
        return None
    if not _wrong(own, truth, arithmetic).any() or not _wrong(own, own_truth, arithmetic).any():
        return None
    n, c = _worst(own, own_truth.value)
    images = planes(expect.as_tensor(stimuli, truth.value[:, :1].shape), most=len(truth.value))
    return Picture(
        f"convout[{n}, {c}], where it is wrong",
        (
            *(Panel("stimulus", image, "grey") for image in images[n : n + 1]),
            Panel("convout", own[n, c]),
            *_against(own[n, c], own_truth.value[n, c], _wrong(own, own_truth, arithmetic)[n, c]),
        ),
        "Judged on the stimuli and the layer of the notebook, whatever they are.",
    )


@picture("q3_activations")
def layer_filters(arithmetic: Arithmetic, convLayer: object) -> Picture | None:
    """The filter of the layer that is farthest from the one asked for."""
    expected = filters()
    try:
        own, _ = own_filters("convLayer", convLayer, *own_size(convLayer))
    except AssertionError:
        return None
    return (
        _worst_filter("convLayer", own, expected, arithmetic)
        if own.shape == expected.shape
        else None
    )


@picture("q6_weights")
def weights(arithmetic: Arithmetic, weights: object, layer_with_weights: object) -> Picture | None:
    """The kernel that is farthest from the layer's own."""
    try:
        own, _ = own_filters("layer", layer_with_weights, *LAYER_SIZE)
    except AssertionError:
        return None
    found = _alike(weights, own)
    return None if found is None else _worst_filter("weights", found, own, arithmetic)


def _worst_filter(
    name: str, own: torch.Tensor, expected: torch.Tensor, arithmetic: Arithmetic
) -> Picture | None:
    """Compare filters (C_out, 1, K, K): the one with the largest error, None where all agree."""
    bound = error_bound(torch.ones_like(expected), 1, arithmetic, factor_error=ROUNDING)
    wrong = ~within(own, expected, bound)
    if not bool(wrong.any()):
        return None
    c, _ = _worst(own, expected)
    panels = (
        Panel(f"{name}, channel {c}", own[c, 0]),
        *_against(own[c, 0], expected[c, 0], wrong[c, 0]),
    )
    return Picture(f"{name}: filter {c}", panels)


def _against(own: torch.Tensor, expected: torch.Tensor, wrong: torch.Tensor) -> tuple[Panel, ...]:
    """Return what is expected, the difference and where it is wrong, all (H, W)."""
    difference = own.detach().to(torch.float64) - expected.to(torch.float64)
    return (
        Panel("expected", expected, staff_only=True),
        Panel("found − expected", difference, staff_only=True),
        Panel("wrong places", wrong, "marks"),
    )


def _alike(value: object, like: torch.Tensor) -> torch.Tensor | None:
    """Return a student's array in the shape of `like`; None where it is no such array."""
    try:
        return expect.tensor("value", expect.as_tensor(value, like.shape), like.shape).detach()
    except AssertionError:
        return None


def _wrong(own: torch.Tensor, truth: Correlation, arithmetic: Arithmetic) -> torch.Tensor:
    bound = error_bound(truth.magnitude, truth.terms, arithmetic, transformed_dims=2)
    return ~within(own, truth.value, bound)


def _worst(own: torch.Tensor, expected: torch.Tensor) -> tuple[int, int]:
    """Return the first two indices of the map (…, H, W) with the largest error."""
    error = (own.to(torch.float64) - expected.to(torch.float64)).abs().nan_to_num(torch.inf)
    first = int(error.amax(dim=(2, 3)).argmax())
    return first // own.shape[1], first % own.shape[1]
