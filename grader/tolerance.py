"""Tolerance: how far an honest floating-point result may lie from the exact one.

A result that is a sum of n products, y = Σ wᵢ·xᵢ, computed in any order in floating-point
arithmetic of unit roundoff u, satisfies

    |ŷ − y| ≤ γₙ(u) · Σ |wᵢ|·|xᵢ|        γₙ(u) = n·u / (1 − n·u)

(N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §3.1 and lemma 3.1).
Σ|w||x| is called the *magnitude* here: the same linear map applied to absolute values. Where the
device rounds the factors before it multiplies (TF32 on CUDA: u_in = 2⁻¹¹), each product carries
two more relative errors of at most u_in. Nothing below knows which linear map it is.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Arithmetic:
    """The arithmetic in which observed numbers were computed.

    `unit_roundoff` is u of the accumulation; `factor_roundoff` is the relative rounding of each
    factor before the product (0 where factors are used as they are). `share` is how much of the
    bound is allowed: less than 1 only to measure how close honest work comes to it.
    """

    name: str
    unit_roundoff: float
    factor_roundoff: float
    share: float = 1.0


FLOAT32_CPU = Arithmetic("float32 on the CPU", 2.0**-24, 0.0)
TF32_CUDA = Arithmetic("TF32 on CUDA", 2.0**-24, 2.0**-11)

# A fast transform (FFT, Winograd) adds in another order than lemma 3.1 assumes and spreads the
# error of its largest output over all of them; its own constant is a small multiple of u·log n
# (Higham §24.1). Twice γₙ of the largest magnitude covers it for every n ≥ 2 that was measured
# (tests/test_tolerance.py), and is still hundreds of times below the smallest real mistake.
DEFAULT_SLACK = 2.0


def arithmetic_of(device: str) -> Arithmetic:
    """Return the arithmetic that results from `device` ("cpu", "cuda", "cuda:1") may have used."""
    return TF32_CUDA if device.split(":")[0] == "cuda" else FLOAT32_CPU


def gamma(terms: int, unit_roundoff: float) -> float:
    """Return γₙ(u) = n·u / (1 − n·u) for n = `terms` rounding errors (Higham, lemma 3.1).

    Raises ValueError where n·u ≥ 1, because no bound holds there, or where n < 0.
    """
    product = terms * unit_roundoff
    if terms < 0 or product >= 1:
        raise ValueError(f"gamma: expected 0 <= terms * unit_roundoff < 1, found {product}")
    return product / (1 - product)


def relative_bound(
    terms: int,
    arithmetic: Arithmetic,
    *,
    factor_error: float = 0.0,
    slack: float = DEFAULT_SLACK,
) -> float:
    """Return the largest honest |error| / magnitude of a sum of `terms` products.

    `factor_error` is the relative error that the factors honestly carry already, for example
    because the weights are themselves results of a float32 formula.
    """
    return arithmetic.share * (_factors(arithmetic, factor_error) + _sum(terms, arithmetic, slack))


def error_bound(
    magnitude: torch.Tensor,
    terms: int,
    arithmetic: Arithmetic,
    *,
    factor_error: float = 0.0,
    slack: float = DEFAULT_SLACK,
    transformed_dims: int = 0,
) -> torch.Tensor:
    """Return the elementwise error bound of a linear map, in float64, shaped like `magnitude`.

    `magnitude` is Σ|w||x| for each output; `terms` the number of products in each sum. With
    `transformed_dims` = d, the last d dimensions may honestly have been computed together by a
    fast transform, so each of their sums gets the bound of the largest among them. (What
    rounding of the factors adds stays with each output: no transform spreads that.)
    """
    own = magnitude.detach().to(torch.float64).abs()
    summed = own
    if transformed_dims and own.numel():
        dims = tuple(range(-transformed_dims, 0))
        summed = own.amax(dim=dims, keepdim=True).expand_as(own)
    of_factors, of_sums = _factors(arithmetic, factor_error), _sum(terms, arithmetic, slack)
    return arithmetic.share * (own * of_factors + summed * of_sums)


def _factors(arithmetic: Arithmetic, factor_error: float) -> float:
    """Return the relative error of a product whose factors were rounded first."""
    return (1 + arithmetic.factor_roundoff) ** 2 * (1 + factor_error) - 1


def _sum(terms: int, arithmetic: Arithmetic, slack: float) -> float:
    """Return the relative error of the summation.

    One term more than there are products: a result computed in a wider type is rounded once more
    when it is stored.
    """
    return slack * gamma(terms + 1, arithmetic.unit_roundoff)


def within(found: torch.Tensor, expected: torch.Tensor, bound: torch.Tensor) -> torch.Tensor:
    """Return a boolean tensor: where |found − expected| ≤ bound. NaN and inf are never within.

    All three have the same shape; the comparison is made in float64.
    """
    difference = (found.detach().to(torch.float64) - expected.to(torch.float64)).abs()
    return difference <= bound
