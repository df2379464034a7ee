"""Filters: center-surround and Gabor kernels, as the tutorial's formula makes them (float32).

In NumPy, because the last digit of the published filters depends on which parts are float32:
the grid and the envelopes are, the carriers are float64, and so each value is rounded once.
"""

import math

import numpy as np
import numpy.typing as npt
import torch

SIGMA = 1.1  # width of a center-surround filter's center, in grid units
GABOR_WIDTH = 0.4 * SIGMA  # width of a Gabor's envelope
WAVELENGTH = 10.0  # of a Gabor's carrier, in grid units
PHASE = math.pi / 2  # of a Gabor's carrier: odd, so one side is light and the other dark

# How far an honest float32 evaluation of `filters(6, 7)` may be from it, in units of a filter's
# largest value, with u = 2⁻²⁴. In the middle of a Gabor the carrier is 0 and its envelope 1;
# the grid's own middle (torch.linspace: 2u), π/2 and the cosine are off by about 4u there,
# absolutely. A Gabor's largest value, which it is divided by, is 0.033, next to the middle:
# 4u / 0.033 is about 120u. The tests find 110u; this allows twice as much.
ROUNDING = 256 * 2.0**-24

Array = npt.NDArray[np.floating]


def filters(out_channels: int = 6, K: int = 7) -> torch.Tensor:
    """Return `out_channels` kernels of K x K: float32, (out_channels, 1, K, K).

    Channel 0 is center-surround, channel 1 its negative; the others are Gabors, their angles
    evenly spaced from 0 to 180 degrees, without the end. Each is divided by its largest
    |value|; after that its mean is subtracted.
    """
    x, y = grid(K)
    n_gabors = out_channels - 2
    angles = [math.pi * i / n_gabors for i in range(n_gabors)]
    both = center_surround(x, y)
    raw = np.stack([both, -both, *(gabor(x, y, theta) for theta in angles)])  # (C, K, K)
    raw = raw.astype(np.float32)
    scaled = raw / np.abs(raw).max(axis=(1, 2), keepdims=True)  # (C, K, K)
    centred = scaled - scaled.mean(axis=(1, 2), keepdims=True)  # (C, K, K)
    return torch.from_numpy(centred[:, None])  # (C, 1, K, K)


def grid(K: int) -> tuple[Array, Array]:
    """Return the coordinates (x along rows, y along columns) of a K x K kernel, each (K, K)."""
    axis = np.linspace(-K / 2, K / 2, K).astype(np.float32)  # (K,)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    return x, y


def center_surround(x: Array, y: Array) -> Array:
    """Return exp(-r / 2σ²) - ½ exp(-r / 2(2σ)²), with r and not r², shaped like x and y."""
    r = np.sqrt(x**2 + y**2)
    center, surround = np.exp(-r / (2 * SIGMA**2)), np.exp(-r / (2 * (2 * SIGMA) ** 2))
    return np.asarray(center - 0.5 * surround)


def gabor(x: Array, y: Array, theta: float) -> Array:
    """Return exp(-r / 2σ_g²) cos(2π x' / λ + φ), x' = x cos θ + y sin θ, shaped like x and y."""
    envelope = np.exp(-np.sqrt(x**2 + y**2) / (2 * GABOR_WIDTH**2))
    along = x.astype(np.float64) * math.cos(theta) + y.astype(np.float64) * math.sin(theta)
    return np.asarray(envelope * np.cos(2 * math.pi * along / WAVELENGTH + PHASE))
