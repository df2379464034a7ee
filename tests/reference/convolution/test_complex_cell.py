"""The complex cell does not mind position, and each output prefers its own orientation."""

import math

import pytest
import torch

from reference.convolution import ComplexCell, correlate, filters


def _stripes(angle: float, phase: float = 0.0) -> torch.Tensor:
    """A Gaussian patch of stripes, `angle` degrees from vertical, in the middle: (1, 1, 48, 64)."""
    y, x = torch.meshgrid(torch.arange(48) - 24, torch.arange(64) - 32, indexing="ij")
    across = x * math.cos(math.radians(angle)) + y * math.sin(math.radians(angle))
    window = torch.exp(-(x**2 + y**2) / (2 * 3**2)) * (x**2 + y**2 < 12**2)
    return (window * torch.cos(across * 2 * math.pi / 10 + phase))[None, None]


@pytest.mark.parametrize("n", [1, 4, 6])
def test_is_the_energy_of_the_exact_correlation(n: int) -> None:
    image = torch.randn(2, 1, 9, 12)
    expected = correlate(image, filters(n + 2, 7)[2:]).value.square().sum(dim=(2, 3))
    found = ComplexCell(n_orientations=n)(image)
    assert found.shape == (2, n)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("shift", [(1, 0), (0, -1), (-7, 13), (6, -11)])
def test_translation(shift: tuple[int, int]) -> None:
    cell, image = ComplexCell(), _stripes(30)
    moved = torch.roll(image, shift, dims=(2, 3))
    torch.testing.assert_close(cell(moved), cell(image), rtol=1e-5, atol=0)


def test_each_output_prefers_its_own_orientation() -> None:
    images = torch.cat([_stripes(angle) for angle in (0, 45, 90, 135)])
    preferred = ComplexCell()(images).argmax(dim=0).tolist()
    assert sorted(preferred) == [0, 1, 2, 3]
