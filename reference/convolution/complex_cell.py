"""Complex cell: the energy of a Gabor's responses, summed over positions."""

import torch
from torch import nn
from torch.nn import functional

from .filters import filters


class ComplexCell(nn.Module):
    """Responses that know the orientation of a stimulus and not its place.

    A simple cell's response comes and goes, and changes sign, with the phase of the stripes in
    front of it. Its square keeps the strength alone, and a sum over all positions does not
    change when the stimulus moves. Where stripes are, every phase of them stands before some
    position, so one Gabor an orientation does (a pair in quadrature would do at one position;
    Adelson & Bergen 1985).
    """

    def __init__(self, n_orientations: int = 4, K: int = 7) -> None:
        """Make the kernels, orientations evenly spaced from 0 to 180 degrees; K is odd."""
        super().__init__()
        self.register_buffer("kernels", filters(2 + n_orientations, K)[2:])  # (n, 1, K, K)

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        """Return the responses (N, n_orientations) to images `s` (N, 1, H, W)."""
        kernels = self.get_buffer("kernels")
        simple = functional.conv2d(s, kernels, padding=kernels.shape[-1] // 2)  # (N, n, H, W)
        return simple.square().sum(dim=(2, 3))  # (N, n)
