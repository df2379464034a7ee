"""The gratings are the golden ones, bit by bit, and what a plain loop makes of the formula."""

import math
from collections.abc import Mapping

import pytest
import torch

from reference.convolution import ORIENTATIONS, grating, set_gratings

GOLDEN_ARGUMENTS: dict[str, dict[str, object]] = {
    "grating_-90": {"angle": -90},
    "grating_-45": {"angle": -45},
    "grating_0": {"angle": 0},
    "grating_30": {"angle": 30},
    "grating_45": {"angle": 45},
    "grating_90": {"angle": 90},
    "grating_-12.5": {"angle": -12.5},
    "grating_45_patch": {"angle": 45, "patch": True},
    "grating_-60_sf20_res0.05": {"angle": -60, "sf": 1 / 20, "res": 0.05},
    "grating_20_sf14_res0.2_patch": {"angle": 20, "sf": 1 / 14, "res": 0.2, "patch": True},
}


@pytest.mark.parametrize("name", GOLDEN_ARGUMENTS)
def test_golden(name: str, golden: Mapping[str, torch.Tensor]) -> None:
    found = grating(**GOLDEN_ARGUMENTS[name])  # type: ignore[arg-type]
    assert found.dtype == torch.float32
    assert torch.equal(found, golden[name])


def test_every_golden_grating_is_compared(golden: Mapping[str, torch.Tensor]) -> None:
    assert {name for name in golden if name.startswith("grating")} == set(GOLDEN_ARGUMENTS)


def test_set_gratings(golden: Mapping[str, torch.Tensor]) -> None:
    found = set_gratings()
    assert found.shape == (5, 1, 48, 64)
    assert torch.equal(found, golden["stimuli"])
    for image, angle in zip(found, ORIENTATIONS, strict=True):
        assert torch.equal(image[0], grating(angle))


@pytest.mark.parametrize("angle", [-90, -33, 0, 10, 45])
@pytest.mark.parametrize("patch", [False, True])
def test_formula_pixel_by_pixel(angle: float, patch: bool) -> None:
    found = grating(angle, patch=patch)
    theta = math.radians(angle) + (0.1 if patch else 0)
    for row in range(0, 48, 5):
        for column in range(0, 64, 3):
            wave = math.cos((column * math.cos(theta) + row * math.sin(theta)) / 28 / 0.1)
            inside = math.hypot(column - 48, row - 24) < 640 / 3 / 2 * 0.1
            expected = math.copysign(0.5, wave) if inside or not patch else 0.0
            assert found[row, column] == expected or abs(wave) < 1e-4


def test_patch_is_on_the_right() -> None:
    where = grating(0, patch=True).nonzero()  # (pixels, 2)
    assert where[:, 1].min() >= 32
