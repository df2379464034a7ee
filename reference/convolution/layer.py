"""Layer: the equation of a convolutional layer, twice: as a module, and exactly with its bound."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


class ConvolutionalLayer(nn.Module):
    """C_out kernels slid over C_in channels, zero-padded to the same size; no nonlinearity."""

    def __init__(
        self, c_in: int = 1, c_out: int = 6, K: int = 7, filters: torch.Tensor | None = None
    ) -> None:
        """Make the layer; `filters` (c_out, c_in, K, K), if given, are its weights (bias zero)."""
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters.detach().clone())
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        """Return the activations (N, c_out, H, W) of images `s` (N, c_in, H, W); K is odd."""
        activations: torch.Tensor = self.conv(s)  # (N, c_out, H, W)
        return activations


@dataclass(frozen=True)
class Correlation:
    """A correlation in float64, and what its error bound is made of.

    `value` is Σ w·x (+ b), `magnitude` Σ |w|·|x| (+ |b|), shaped alike; `terms` the number of
    products in each sum, the bias counted as one.
    """

    value: torch.Tensor
    magnitude: torch.Tensor
    terms: int


def correlate(
    inputs: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None = None
) -> Correlation:
    """Return C(o, y, x) = b_o + Σ_c Σ_ky Σ_kx w(o, c, ky, kx) · I(c, y + ky, x + kx), no flip.

    inputs (N, C_in, H, W), weights (C_out, C_in, K, K'), bias (C_out,); the image is zero
    outside, ky and kx count from the kernel's middle, and the result is (N, C_out, H, W).
    Raises ValueError where a kernel's size is even, because it has no middle.
    """
    if weights.shape[2] % 2 == 0 or weights.shape[3] % 2 == 0:
        raise ValueError(f"correlate: expected odd kernels, found {tuple(weights.shape[2:])}")
    image, kernels = (each.detach().to(torch.float64) for each in (inputs, weights))
    offset = torch.zeros(len(kernels)) if bias is None else bias.detach()
    offset = offset.to(torch.float64)[:, None, None]  # (C_out, 1, 1)
    return Correlation(
        value=_sum_of_products(image, kernels) + offset,
        magnitude=_sum_of_products(image.abs(), kernels.abs()) + offset.abs(),
        terms=kernels[0].numel() + (bias is not None),
    )


def correlate2d(image: torch.Tensor, kernel: torch.Tensor) -> Correlation:
    """Return the correlation of one image (H, W) with one odd kernel (K, K'), each part (H, W)."""
    whole = correlate(image[None, None], kernel[None, None])  # (1, 1, H, W)
    return Correlation(whole.value[0, 0], whole.magnitude[0, 0], whole.terms)


def _sum_of_products(image: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
    """Return Σ over channels and kernel places of weight · the part of the image under it."""
    (n, _, h, w), (c_out, _, kh, kw) = image.shape, kernels.shape
    # Every place of the image with what lies under a kernel there, zero outside.
    under = functional.unfold(image, (kh, kw), padding=(kh // 2, kw // 2))  # (N, C_in·kh·kw, H·W)
    sums = kernels.reshape(c_out, -1) @ under  # (N, C_out, H·W)
    return sums.reshape(n, c_out, h, w)
