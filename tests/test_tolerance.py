"""The error bound holds for every honest way to add up, and for no real mistake."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from grader.tolerance import (
    FLOAT32_CPU,
    TF32_CUDA,
    arithmetic_of,
    error_bound,
    gamma,
    relative_bound,
    within,
)

seeds = st.integers(0, 2**31)


def tf32(x: torch.Tensor) -> torch.Tensor:
    """Round float32 to the 11 significant bits that TF32 keeps, to nearest."""
    bits = x.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)


def image_and_kernel(seed: int, size: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(1, 1, 24, 31, generator=generator),
        torch.randn(3, 1, size, size, generator=generator),
    )


def exact(x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    pad = w.shape[-1] // 2
    value = F.conv2d(x.double(), w.double(), padding=pad)
    return value, F.conv2d(x.double().abs(), w.double().abs(), padding=pad)


def by_fft(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    (H, W), K = x.shape[-2:], w.shape[-1]
    size = (H + K - 1, W + K - 1)
    spectrum = torch.fft.rfft2(x, s=size) * torch.fft.rfft2(w[:, 0].flip(-2, -1), s=size)
    full = torch.fft.irfft2(spectrum, s=size)
    return full[..., K // 2 : K // 2 + H, K // 2 : K // 2 + W]


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6, width=32), st.floats(-1e6, 1e6, width=32)).filter(
            lambda p: all(v == 0 or abs(v) > 1e-12 for v in p)
        ),
        min_size=1,
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_of_a_float32_sum_is_within_the_bound(pairs, random):
    exact_sum = math.fsum(w * x for w, x in pairs)
    magnitude = math.fsum(abs(w * x) for w, x in pairs)
    random.shuffle(pairs)
    total = torch.tensor(0.0)
    for w, x in pairs:
        total = total + torch.tensor(w) * torch.tensor(x)
    bound = error_bound(torch.tensor(magnitude, dtype=torch.float64), len(pairs), FLOAT32_CPU)
    assert within(total, torch.tensor(exact_sum, dtype=torch.float64), bound)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([3, 5, 7, 9]))
def test_direct_cast_and_fft_stay_below_half_of_the_bound(seed, size):
    x, w = image_and_kernel(seed, size)
    value, magnitude = exact(x, w)
    bound = error_bound(magnitude, size * size, FLOAT32_CPU, transformed_dims=2)
    for honest in (F.conv2d(x, w, padding=size // 2), value.float(), by_fft(x, w)):
        assert within(honest, value, bound / 2).all()


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_real_mistakes_are_outside(seed):
    x, w = image_and_kernel(seed)
    value, magnitude = exact(x, w)
    cpu = error_bound(magnitude, 49, FLOAT32_CPU, transformed_dims=2)
    cuda = error_bound(magnitude, 49, TF32_CUDA)
    rounded = F.conv2d(tf32(x).double(), tf32(w).double(), padding=3)
    assert within(rounded, value, cuda).all()
    assert not within(rounded, value, cpu).all()
    for wrong in (value * 1.002, value + 1e-3, value.half(), value.bfloat16()):
        assert not within(wrong, value, cpu).all()
    for wrong in (value.flip(-1), value + 0.05, F.conv2d(x, w.flip(2, 3), padding=3).double()):
        assert not within(wrong, value, cuda).all()


def test_nan_and_inf_are_never_within():
    value = torch.zeros(3)
    found = torch.tensor([float("nan"), float("inf"), 0.0])
    assert within(found, value, torch.full((3,), 1e30)).tolist() == [False, False, True]


@given(st.integers(0, 10_000))
def test_gamma_grows_with_the_number_of_terms(n):
    assert gamma(n, 2**-24) <= gamma(n + 1, 2**-24)
    assert gamma(n, 2**-24) >= n * 2**-24


def test_gamma_refuses_where_no_bound_holds():
    with pytest.raises(ValueError, match="expected 0 <="):
        gamma(2**24, 2**-24)
    with pytest.raises(ValueError, match="expected 0 <="):
        gamma(-1, 2**-24)


def test_the_bound_is_that_of_the_device():
    assert arithmetic_of("cpu") is FLOAT32_CPU
    assert arithmetic_of("cuda") is TF32_CUDA
    assert arithmetic_of("cuda:1") is TF32_CUDA
    # two factors rounded to 11 bits: a little less than 2 · 2⁻¹¹, far above float32's bound
    assert relative_bound(49, TF32_CUDA) > 100 * relative_bound(49, FLOAT32_CPU)
    assert relative_bound(49, TF32_CUDA) < 1.4e-3


def test_error_of_the_factors_is_added():
    more = relative_bound(49, FLOAT32_CPU, factor_error=1e-5)
    assert more == pytest.approx(relative_bound(49, FLOAT32_CPU) + 1e-5)


def test_transformed_dims_share_the_largest_bound():
    magnitude = torch.tensor([[1.0, 4.0], [2.0, 3.0]])
    alone = error_bound(magnitude, 9, FLOAT32_CPU)
    rows = error_bound(magnitude, 9, FLOAT32_CPU, transformed_dims=1)
    both = error_bound(magnitude, 9, FLOAT32_CPU, transformed_dims=2)
    assert (rows == alone.amax(1, keepdim=True)).all()
    assert (both == alone.max()).all()
    # ... and what rounding of the factors adds stays with each output
    own = error_bound(magnitude, 9, TF32_CUDA)
    shared = error_bound(magnitude, 9, TF32_CUDA, transformed_dims=2)
    assert (shared - own < alone.max() * 1.01).all()
    assert error_bound(torch.zeros(0, 3), 9, FLOAT32_CPU, transformed_dims=2).shape == (0, 3)


@pytest.mark.gpu
def test_cudnn_with_its_default_tf32_is_within_the_bound_of_cuda(gpu):
    for seed in range(20):
        x, w = image_and_kernel(seed)
        value, magnitude = exact(x, w)
        found = F.conv2d(x.to(gpu), w.to(gpu), padding=3).cpu()
        assert within(found, value, error_bound(magnitude, 49, TF32_CUDA)).all()
