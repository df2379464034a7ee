"""The filters are the golden ones and what a plain loop in double precision makes of them."""

import cmath
import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from reference.convolution import ROUNDING, center_surround, filters, gabor, grid

SIZES = [(6, 7), (8, 9), (4, 3), (2, 7), (6, 5)]
U = 2.0**-24


@pytest.mark.parametrize(("channels", "K"), SIZES)
def test_golden(channels: int, K: int, golden: Mapping[str, torch.Tensor]) -> None:
    found, expected = filters(channels, K), golden[f"filters_c{channels}_k{K}"]
    assert found.dtype == torch.float32
    # atol: where a value is zero but for its rounding, and the mean that was taken off
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=4 * U)


def _value(channel: int, n_gabors: int, x: float, y: float) -> float:
    """One value of a filter, not yet scaled, from the formula."""
    r, sigma = abs(complex(x, y)), 1.1
    if channel < 2:
        surround = 0.5 * math.exp(-r / (2 * (2 * sigma) ** 2))
        return (1 - 2 * channel) * (math.exp(-r / (2 * sigma**2)) - surround)
    theta = math.pi * (channel - 2) / n_gabors
    along = (complex(x, y) * cmath.exp(-1j * theta)).real
    envelope = math.exp(-r / (2 * (0.4 * sigma) ** 2))
    return envelope * math.cos(2 * math.pi * along / 10 + math.pi / 2)


def _scaled_and_centred(raw: torch.Tensor) -> torch.Tensor:
    scaled = raw / raw.abs().amax(dim=(1, 2), keepdim=True)
    return (scaled - scaled.mean(dim=(1, 2), keepdim=True))[:, None]  # (channels, 1, K, K)


@pytest.mark.parametrize(("channels", "K"), [*SIZES, (10, 11)])
def test_plain_loop_in_double_precision(channels: int, K: int) -> None:
    axis = [-K / 2 + i * K / (K - 1) for i in range(K)]
    kernels = [
        [[_value(channel, channels - 2, x, y) for y in axis] for x in axis]
        for channel in range(channels)
    ]
    expected = _scaled_and_centred(torch.tensor(kernels, dtype=torch.float64))
    error = (filters(channels, K).double() - expected).abs().max().item()
    assert error <= 16 * U  # an envelope's exponent, at most 20, is off by some u of itself


def test_a_student_may_use_float32_throughout() -> None:
    axis = torch.linspace(-3.5, 3.5, 7)
    x, y = torch.meshgrid(axis, axis, indexing="ij")
    r = torch.sqrt(x**2 + y**2)
    both = torch.exp(-r / (2 * 1.1**2)) - 0.5 * torch.exp(-r / (2 * 2.2**2))
    envelope = torch.exp(-r / (2 * 0.44**2))
    waves = [
        torch.cos(2 * torch.pi * (x * math.cos(t) + y * math.sin(t)) / 10 + torch.pi / 2)
        for t in (0, math.pi / 4, math.pi / 2, 3 * math.pi / 4)
    ]
    found = _scaled_and_centred(torch.stack([both, -both, *(envelope * wave for wave in waves)]))
    error = (found - filters()).abs().max().item()
    assert ROUNDING / 4 < error < ROUNDING  # wide enough, and no wider than it has to be


def test_mean_is_zero_and_largest_value_was_one() -> None:
    kernels = filters(6, 7).double()
    assert kernels.mean(dim=(1, 2, 3)).abs().max() < 2 * U
    spread = kernels.amax(dim=(1, 2, 3)) - kernels.amin(dim=(1, 2, 3))
    assert (spread[2:] - 2).abs().max() < 4 * U  # Gabors reach from -1 to 1


def test_channel_1_is_the_negative_of_channel_0() -> None:
    kernels = filters(6, 7)
    assert torch.equal(kernels[1], -kernels[0])


def test_parts() -> None:
    x, y = grid(7)
    assert x[0, 0] == -3.5
    assert x[-1, 0] == 3.5
    assert np.array_equal(x, y.T)
    assert center_surround(x, y)[3, 3] == 0.5  # 1 - 1/2 in the middle
    assert np.allclose(gabor(x, y, 0.3), -gabor(-x, -y, 0.3), atol=1e-15)  # odd
