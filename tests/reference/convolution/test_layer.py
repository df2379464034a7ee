"""The correlation against a plain loop, SciPy, torch, algebra, and the golden activations."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from grader.tolerance import FLOAT32_CPU, TF32_CUDA, Arithmetic, error_bound, within
from reference.convolution import (
    ConvolutionalLayer,
    correlate,
    correlate2d,
    filters,
    set_gratings,
)


def _by_loop(image: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """C(y, x) = Σ k(i, j) · I(y + i, x + j), i and j counted from the kernel's middle."""
    (height, width), (kh, kw) = image.shape, kernel.shape
    result = torch.zeros(height, width, dtype=torch.float64)
    for y in range(height):
        for x in range(width):
            for i in range(-(kh // 2), kh // 2 + 1):
                for j in range(-(kw // 2), kw // 2 + 1):
                    if 0 <= y + i < height and 0 <= x + j < width:
                        weight = kernel[i + kh // 2, j + kw // 2].item()
                        result[y, x] += weight * image[y + i, x + j].item()
    return result


@st.composite
def problems(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Draw images, odd kernels and biases of random small sizes, in float64."""
    sizes = st.integers(1, 3)
    n, c_in, c_out = draw(sizes), draw(sizes), draw(sizes)
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    kh, kw = (2 * draw(st.integers(0, 3)) + 1 for _ in range(2))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    shapes = (n, c_in, height, width), (c_out, c_in, kh, kw), (c_out,)
    images, weights, bias = (
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes
    )
    return images, weights, bias


few = settings(max_examples=40, deadline=None)


@few
@given(problems())
def test_loop(problem: tuple[torch.Tensor, ...]) -> None:
    images, weights, _ = problem
    image, kernel = images[0, 0], weights[0, 0]
    found = correlate2d(image, kernel)
    torch.testing.assert_close(found.value, _by_loop(image, kernel))
    torch.testing.assert_close(found.magnitude, _by_loop(image.abs(), kernel.abs()))
    assert found.terms == kernel.numel()


@few
@given(problems())
def test_scipy(problem: tuple[torch.Tensor, ...]) -> None:
    images, weights, bias = problem
    found = correlate(images, weights, bias)
    # SciPy centres the result on its larger input, so it is given the zeros around the image.
    kh, kw = weights.shape[2:]
    frame = ((kh // 2, kh // 2), (kw // 2, kw // 2))
    for n, image in enumerate(images.numpy()):
        for o, kernels in enumerate(weights.numpy()):
            channels = [
                signal.correlate2d(np.pad(channel, frame), kernel, mode="valid")
                for channel, kernel in zip(image, kernels, strict=True)
            ]
            expected = torch.from_numpy(np.sum(channels, axis=0)) + bias[o]
            torch.testing.assert_close(found.value[n, o], expected)


@few
@given(problems())
def test_torch(problem: tuple[torch.Tensor, ...]) -> None:
    images, weights, bias = problem
    padding = (weights.shape[2] // 2, weights.shape[3] // 2)
    found = correlate(images, weights, bias)
    expected = torch.nn.functional.conv2d(images, weights, bias, padding=padding)
    torch.testing.assert_close(found.value, expected)
    assert found.terms == weights[0].numel() + 1


@few
@given(problems())
def test_linear_in_images_and_in_weights(problem: tuple[torch.Tensor, ...]) -> None:
    images, weights, _ = problem
    once = correlate(images, weights).value
    torch.testing.assert_close(
        correlate(images + 2 * images.flip(3), weights).value,
        once + 2 * correlate(images.flip(3), weights).value,
    )
    torch.testing.assert_close(correlate(images, -3 * weights).value, -3 * once)


@few
@given(problems())
def test_flipping_both_flips_the_result(problem: tuple[torch.Tensor, ...]) -> None:
    images, weights, _ = problem
    flipped = correlate(images.flip(2, 3), weights.flip(2, 3)).value
    torch.testing.assert_close(flipped, correlate(images, weights).value.flip(2, 3))


@few
@given(problems())
def test_an_impulse_gives_the_flipped_kernel(problem: tuple[torch.Tensor, ...]) -> None:
    _, weights, _ = problem
    kernel = weights[0, 0]
    impulse = torch.zeros(kernel.shape)
    impulse[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1
    torch.testing.assert_close(correlate2d(impulse, kernel).value, kernel.flip(0, 1))


@few
@given(problems())
def test_float32_results_are_within_the_bound(problem: tuple[torch.Tensor, ...]) -> None:
    images, weights, bias = (each.float() for each in problem)
    truth = correlate(images, weights, bias)
    padding = (weights.shape[2] // 2, weights.shape[3] // 2)
    found = torch.nn.functional.conv2d(images, weights, bias, padding=padding)
    bound = error_bound(truth.magnitude, truth.terms, FLOAT32_CPU, transformed_dims=2)
    assert within(found, truth.value, bound).all()


@pytest.mark.parametrize("shape", [(1, 1, 2, 3), (1, 1, 3, 4)])
def test_even_kernels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="odd"):
        correlate(torch.zeros(1, 1, 5, 5), torch.zeros(shape))


def test_golden_activations(golden: Mapping[str, torch.Tensor]) -> None:
    truth = correlate(set_gratings(), filters())
    bound = error_bound(truth.magnitude, truth.terms, FLOAT32_CPU, transformed_dims=2)
    assert within(golden["convout"], truth.value, bound).all()
    assert within(golden["convout_float64"], truth.value, bound).all()
    assert f"{truth.value.abs().max():.5f}" == "2.84399"
    output = ConvolutionalLayer(filters=filters())(set_gratings())
    assert within(output, truth.value, bound).all()


def test_layer_without_filters_has_its_own() -> None:
    layer = ConvolutionalLayer(c_in=2, c_out=3, K=5)
    images = torch.randn(2, 2, 9, 12)
    truth = correlate(images, layer.conv.weight, layer.conv.bias)
    bound = error_bound(truth.magnitude, truth.terms, FLOAT32_CPU, transformed_dims=2)
    assert within(layer(images), truth.value, bound).all()
    assert layer.conv.bias is not None
    assert layer.conv.bias.any()


@pytest.mark.parametrize("arithmetic", [FLOAT32_CPU, TF32_CUDA], ids=lambda a: a.name)
def test_the_smallest_real_mistakes_are_outside_of_the_bound(arithmetic: Arithmetic) -> None:
    """On the set gratings: a bias of 1e-3 left in, and weights scaled by 1.002."""
    exact = correlate(set_gratings(), filters())
    bound = error_bound(exact.magnitude, exact.terms, arithmetic, transformed_dims=2)
    assert within(exact.value.float(), exact.value, bound / 2).all()
    assert not within(exact.value + 1e-3, exact.value, bound).all()
    assert not within(exact.value * 1.002, exact.value, bound).all()


def test_rounding_to_tf32_is_inside_on_cuda_and_outside_on_the_cpu() -> None:
    def tf32(x: torch.Tensor) -> torch.Tensor:
        bits = x.contiguous().view(torch.int32)
        return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)

    exact = correlate(set_gratings(), filters())
    rounded = correlate(tf32(set_gratings()), tf32(filters())).value
    for arithmetic, inside in ((TF32_CUDA, True), (FLOAT32_CPU, False)):
        bound = error_bound(exact.magnitude, exact.terms, arithmetic, transformed_dims=2)
        assert bool(within(rounded, exact.value, bound).all()) is inside
