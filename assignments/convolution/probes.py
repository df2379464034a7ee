"""Probes of the convolution assignment: what is tried with a student's code, on fresh inputs.

Nothing here says what the right answer is.
"""

import math
from collections.abc import Callable
from typing import Any

import torch

from grader.probes import Given, probe

IMAGE = (48, 64)  # rows, columns: the size of the set gratings

# What the cells of question 7 are shown: soft-edged stripes on grey.
ANGLES = (0, 45, 90, 135)  # degrees from vertical
N_STRIPES = 3  # drawings with a spatial frequency of their own, to turn
N_PHASES = 6  # each drawing is shown at phases evenly around the circle
N_PATCHES = 2  # drawings with a spatial frequency and a phase of their own, to move
PLACES = ((0, 0), (1, 5), (3, 14), (6, 21))  # rows and columns from the first: odd and even ones
RADIUS = 11  # of a patch in pixels; outside, the image is grey
MARGIN = 7  # pixels of grey that are left at every border, more than a kernel needs


def inputs(generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Draw one submission's inputs: small random images, kernels and patches of stripes."""

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    height = _whole_number(9, 14, generator)
    other = height + _whole_number(2, 6, generator)  # never square
    return {
        "tiny_image": torch.tensor([[1.0, 2, 0, 0], [0, 3, 1, 0], [2, 0, 0, 1]]),
        "tiny_kernel": torch.tensor([[0.0, 1, 0], [0, 2, 3], [-1, 0, 0]]),
        "wide_image": noise(height, other),
        "tall_image": noise(other, height),
        "wide_kernel": noise(3, 5),
        "tall_kernel": noise(5, 3),
        "square_kernel": noise(7, 7),
        "grey_batch": noise(3, 1, height, other),
        "colour_batch": noise(2, 2, other, height),
        "colour_filters": noise(3, 2, 5, 5),
        "stripes": _stripes(generator),  # (N_STRIPES, 4 angles, N_PHASES, 1, H, W)
        "patches": _patches(generator),  # (N_PATCHES, 4 angles, 4 places, 1, H, W)
    }


# ------------------------------------------------------------------------------- question 1


@probe("q1_equation")
def tiny_correlation(given: Given, correlate2d: Callable[..., Any]) -> object:
    """A 3 x 4 image and a 3 x 3 kernel of whole numbers."""
    return correlate2d(given["tiny_image"], given["tiny_kernel"])


@probe("q1_equation")
def square_correlation(given: Given, correlate2d: Callable[..., Any]) -> object:
    """A wide image under a 7 x 7 kernel."""
    return correlate2d(given["wide_image"], given["square_kernel"])


@probe("q1_equation")
def oblong_correlations(given: Given, correlate2d: Callable[..., Any]) -> object:
    """A wide kernel on a tall image, and a tall kernel on a wide image."""
    return {
        "wide kernel": correlate2d(given["tall_image"], given["wide_kernel"]),
        "tall kernel": correlate2d(given["wide_image"], given["tall_kernel"]),
    }


# ------------------------------------------------------------------------------- question 2


@probe("q2_layer")
def default_layer(given: Given, ConvolutionalLayer: Callable[..., Any]) -> object:
    """A layer made without arguments."""
    return ConvolutionalLayer()


@probe("q2_layer")
def small_kernels(given: Given, ConvolutionalLayer: Callable[..., Any]) -> object:
    """1 input channel, 4 kernels of 3 x 3, a wide batch."""
    images = given["grey_batch"]
    layer = _on(images, ConvolutionalLayer(c_in=1, c_out=4, K=3))
    return {"layer": layer, "output": layer(images)}


@probe("q2_layer")
def two_channels(given: Given, ConvolutionalLayer: Callable[..., Any]) -> object:
    """2 input channels, 3 kernels of 5 x 5, a tall batch."""
    images = given["colour_batch"]
    layer = _on(images, ConvolutionalLayer(c_in=2, c_out=3, K=5))
    return {"layer": layer, "output": layer(images)}


@probe("q2_layer")
def given_filters(given: Given, ConvolutionalLayer: Callable[..., Any]) -> object:
    """A layer that is given its filters."""
    return ConvolutionalLayer(c_in=2, c_out=3, K=5, filters=given["colour_filters"])


# ------------------------------------------------------------------------------- question 3


@probe("q3_activations")
def own_activations(
    given: Given, ConvolutionalLayer: Callable[..., Any], convLayer: Any, stimuli: Any
) -> object:
    """What the layer makes of the stimuli, if it is one of the class of question 2."""
    return convLayer(stimuli) if isinstance(convLayer, ConvolutionalLayer) else None  # type: ignore[arg-type]


# ------------------------------------------------------------------------------- question 6


@probe("q6_weights")
def layer_with_weights(given: Given, convLayer: object) -> object:
    """The layer that the weights were taken from."""
    return convLayer


# ------------------------------------------------------------------------------- question 7


@probe("q7_complex_cell")
def four_orientations(given: Given, ComplexCell: Callable[..., Any]) -> object:
    """Four cells, three images of noise."""
    images = given["grey_batch"]
    return _on(images, ComplexCell(n_orientations=4))(images)


@probe("q7_complex_cell")
def six_orientations(given: Given, ComplexCell: Callable[..., Any]) -> object:
    """Six cells, three images of noise."""
    images = given["grey_batch"]
    return _on(images, ComplexCell(n_orientations=6))(images)


@probe("q7_complex_cell")
def moved_patches(given: Given, ComplexCell: Callable[..., Any]) -> object:
    """The same four cells see every patch, and a grey image at the end."""
    patches = given["patches"].flatten(0, 2)  # (N, 1, H, W)
    images = torch.cat([patches, torch.zeros_like(patches[:1])])  # (N + 1, 1, H, W)
    return _on(images, ComplexCell(n_orientations=4))(images)


@probe("q7_complex_cell")
def turned_stripes(given: Given, ComplexCell: Callable[..., Any]) -> object:
    """Four cells are made anew for every drawing, and see it at every angle and phase."""
    return [
        _on(stripes, ComplexCell(n_orientations=4))(stripes.flatten(0, 1))  # (4 * N_PHASES, 4)
        for stripes in given["stripes"]
    ]


def _on(images: torch.Tensor, layer: Any) -> Any:
    """Return the layer, on the device of the images if it is a module."""
    return layer.to(images.device) if isinstance(layer, torch.nn.Module) else layer


# --------------------------------------------------------------------- drawing for question 7


def _stripes(generator: torch.Generator) -> torch.Tensor:
    """Draw stripes that fill the image: (N_STRIPES, angles, N_PHASES, 1, H, W)."""
    height, width = IMAGE
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    inside = torch.minimum(torch.minimum(y, height - 1 - y), torch.minimum(x, width - 1 - x))
    window = _fade(inside / MARGIN)  # (H, W)
    images = torch.zeros(N_STRIPES, len(ANGLES), N_PHASES, 1, height, width)
    circle = 2 * math.pi * torch.arange(N_PHASES)[:, None, None, None] / N_PHASES  # (N, 1, 1, 1)
    for drawing in images:
        period, start = _period_and_phase(generator)
        for angle, phases in zip(ANGLES, drawing, strict=True):
            phases[:] = window * _wave(x, y, angle, period, start + circle)
    return images


def _patches(generator: torch.Generator) -> torch.Tensor:
    """Draw discs of stripes at different places: (N_PATCHES, angles, places, 1, H, W).

    A patch at one angle is the same set of numbers at every place.
    """
    height, width = IMAGE
    border = RADIUS + MARGIN
    down, right = PLACES[-1]
    first_row = _whole_number(border, height - border - down, generator)
    first_column = _whole_number(border, width - border - right, generator)
    axis = torch.arange(-RADIUS, RADIUS + 1)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    window = _fade((RADIUS - torch.hypot(x.float(), y.float())) / RADIUS)  # (2 RADIUS + 1,) * 2
    images = torch.zeros(N_PATCHES, len(ANGLES), len(PLACES), 1, height, width)
    for drawing in images:
        period, phase = _period_and_phase(generator)
        for angle, places in zip(ANGLES, drawing, strict=True):
            patch = window * _wave(x, y, angle, period, phase)
            for image, (down, right) in zip(places, PLACES, strict=True):
                top, left = first_row + down - RADIUS, first_column + right - RADIUS
                image[0, top : top + len(patch), left : left + len(patch)] = patch
    return images


def _whole_number(low: int, high: int, generator: torch.Generator) -> int:
    """Draw a whole number, low <= number < high."""
    return int(torch.randint(low, high, (), generator=generator))


def _period_and_phase(generator: torch.Generator) -> tuple[float, float]:
    """Draw a period of 8 to 12 pixels and a phase in radians."""
    period, phase = torch.rand(2, generator=generator).tolist()
    return 8 + 4 * period, 2 * math.pi * phase


def _wave(
    x: torch.Tensor, y: torch.Tensor, angle: float, period: float, phase: float | torch.Tensor
) -> torch.Tensor:
    """Return stripes at `angle` degrees from vertical, of `period` pixels: |value| <= 0.5."""
    theta = math.radians(angle)
    across = x * math.cos(theta) + y * math.sin(theta)  # along the columns at 0 degrees
    return 0.5 * torch.cos(2 * math.pi * across / period + phase)


def _fade(depth: torch.Tensor) -> torch.Tensor:
    """Return a soft edge: 0 where `depth` is 0 or less, 1 where it is 1 or more."""
    return (1 - torch.cos(math.pi * depth.clamp(0, 1))) / 2
