"""Stimuli: square-wave gratings, as the tutorial's formula makes them (float32)."""

import math

import torch

SCREEN_WIDTH, SCREEN_HEIGHT = 640, 480  # pixels of the full screen, at res = 1
ORIENTATIONS = (-90, -45, 0, 45, 90)  # degrees from vertical: the set of question 3
PATCH_TURN = 0.1  # radians: the stripes of a patch are turned by this much more


def grating(
    angle: float, sf: float = 1 / 28, res: float = 0.1, patch: bool = False
) -> torch.Tensor:
    """Return the grating of `angle` degrees from vertical: float32, (480 * res, 640 * res).

    The value is the sign of cos(xx cos θ + yy sin θ), as -0.5 and +0.5; xx runs along columns
    and yy along rows, `sf` radians per pixel of the full screen. With `patch`, only a disc
    remains, on grey (0). Its centre is at 0.75 of the width: the tutorial's formula puts it on
    the right, although its text says left, and the formula is what counts.
    """
    theta = math.radians(angle) + (PATCH_TURN if patch else 0.0)
    columns = torch.arange(0, SCREEN_WIDTH * res)  # (W,)
    rows = torch.arange(0, SCREEN_HEIGHT * res)  # (H,)
    xx = (sf * columns / res)[None, :]  # (1, W)
    yy = (sf * rows / res)[:, None]  # (H, 1)
    wave = torch.cos(xx * math.cos(theta) + yy * math.sin(theta))  # (H, W)
    image = torch.where(wave < 0, -0.5, 0.5)  # (H, W)
    return image * _disc(columns, rows, res) if patch else image


def set_gratings() -> torch.Tensor:
    """Return the five gratings of question 3, in order: float32, (5, 1, 48, 64)."""
    return torch.stack([grating(angle) for angle in ORIENTATIONS])[:, None]  # (5, 1, 48, 64)


def _disc(columns: torch.Tensor, rows: torch.Tensor, res: float) -> torch.Tensor:
    """Return 1 strictly inside the patch's disc and 0 outside: (H, W)."""
    dx = columns - 0.75 * SCREEN_WIDTH * res
    dy = rows - 0.5 * SCREEN_HEIGHT * res
    distance = torch.sqrt(dx[None, :] ** 2 + dy[:, None] ** 2)  # (H, W)
    return (distance < SCREEN_WIDTH / 3 / 2 * res).to(torch.float32)
