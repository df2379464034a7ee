"""Observed: read a student's layer and responses out of what crossed the sandbox.

For hidden tests. Whatever a student may have built instead of the expected thing ends in an
AssertionError with a sentence, or in None where the caller has another way to go on.
"""

import functools
from collections.abc import Iterator, Mapping

import numpy as np
import torch

from grader import expect
from grader.tolerance import Arithmetic, error_bound, within

from .filters import filters
from .layer import Correlation, correlate
from .stimuli import ORIENTATIONS, set_gratings

LAYER_SIZE = (1, 6, 7)  # question 3's layer: input channels, output channels, K

Shape = tuple[int, ...]


def own_filters(
    name: str, module: object, c_in: int, c_out: int, K: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the weight (c_out, c_in, K, K) and the bias (c_out,), or None, of a student's layer.

    The parameters of `conv` come first; else any parameter, and then any buffer, with as many
    elements, so that a layer written with nn.Linear or with a bare nn.Parameter counts as well.
    Raises AssertionError where there is no such weight, or where it is zero throughout.
    """
    tensors = _tensors(name, module)
    weight = _find(tensors, "conv.weight", c_out * c_in * K * K)
    if weight is None:
        raise AssertionError(
            f"{name}: found no parameter that holds {c_out} filters of {c_in} x {K} x {K} weights."
        )
    bias = _find(tensors, "conv.bias", c_out)
    kernels = _channels_first(weight, c_out).reshape(c_out, c_in, K, K)
    if not bool(kernels.any()):
        raise AssertionError(f"{name}: all of its weights are zero.")
    return kernels, None if bias is None else bias.reshape(c_out)


def own_size(layer: object) -> tuple[int, int, int]:
    """Return question 3's size, with the student's own K where their kernels are of another.

    A layer with other kernels is lost where the layer is judged, and not again in what is
    computed with it.
    """
    c_in, c_out, K = LAYER_SIZE
    weight = getattr(getattr(layer, "conv", None), "weight", None)
    if isinstance(weight, torch.Tensor) and weight.ndim == 4:
        height, width = weight.shape[2:]
        if tuple(weight.shape[:2]) == (c_out, c_in) and height == width and height % 2:
            return c_in, c_out, int(height)
    return c_in, c_out, K


def own_weights(name: str, layer: object, like: object) -> torch.Tensor:
    """Return the kernels of a student's layer: shaped like the tensor `like`, else as asked for.

    Raises AssertionError where there are none, or where they are zero throughout.
    """
    kernels = [each for each in _tensors(name, layer).values() if each.ndim == 4 and each.any()]
    shape = like.shape if isinstance(like, torch.Tensor | np.ndarray) else None
    alike = next((each for each in kernels if each.shape == shape), None)
    return own_filters(name, layer, *LAYER_SIZE)[0] if alike is None else alike


def expected_activations(stimuli: object, layer: object) -> Iterator[Correlation]:
    """Yield what question 3's activations (5, 6, 48, 64) may be.

    First the truth: the set gratings under the set filters. Then what the student's own stimuli
    and layer give, so that a mistake in one of them costs once. Each of the two that is not
    there, or not of the right shape, or flat, is taken from the truth instead.
    """
    yield true_activations()
    try:
        weights, bias = own_filters("layer", layer, *own_size(layer))
    except AssertionError:
        weights, bias = filters(), None
    own = _own_stimuli(stimuli)
    yield correlate(set_gratings() if own is None else own, weights, bias)


@functools.cache
def true_activations() -> Correlation:
    """Return the activations (5, 6, 48, 64) to the set gratings under the set filters."""
    return correlate(set_gratings(), filters())


def activations_of_own_class(env: Mapping[str, object]) -> Correlation:
    """Return what a student's own class made of their own stimuli, as it was observed.

    Their forward may do anything, so its magnitude is not known: the largest activation times the
    number of products stands in for it. Raises AssertionError where nothing was observed, or
    where the activations are flat: then there is nothing to follow.
    """
    found = expect.tensor("the layer's activations", optional(env, "own_activations"))
    value = found.detach().to(torch.float64)
    finite = bool(value.numel()) and bool(torch.isfinite(value).all())
    if not finite or bool((value == value.flatten()[0]).all()):
        raise AssertionError("convout: your own layer gives nothing that it could be judged on.")
    c_in, _, K = LAYER_SIZE
    return Correlation(value, value.abs().amax().expand_as(value), c_in * K * K + 1)


def lost_on_the_way(
    layer: Mapping[str, object] | None, env: Mapping[str, object], arithmetic: Arithmetic
) -> frozenset[str]:
    """Return what the student's own class does not take over from filters given to it.

    `layer` are the values of question 2, where they are to be followed: "weight" or "bias" is
    returned where they show it to be wrong, and question 3's layer is one of that class.
    """
    if layer is None or not isinstance(optional(env, "own_activations"), torch.Tensor):
        return frozenset()
    told = env["given"]["colour_filters"]  # type: ignore[index]
    try:
        weight, bias = own_filters("layer", layer.get("given_filters"), 2, 3, 5)
    except AssertionError:
        return frozenset()
    right = within(weight, told, error_bound(told, 1, arithmetic))
    wrong = {"weight": not bool(right.all()), "bias": bias is not None and bool(bias.any())}
    return frozenset(name for name, is_wrong in wrong.items() if is_wrong)


def optional(env: Mapping[str, object], name: str) -> object:
    """Return what was observed as `name`, or None where nothing was.

    A check that takes `env` as a parameter can run where a value is missing that it only prefers
    to have; every named parameter has to be there.
    """
    return env[name] if name in env else None  # noqa: SIM401  (env.get raises there)


def part(name: str, value: object, key: str) -> object:
    """Return what a probe that returns a dict has observed under `key`."""
    if not isinstance(value, dict) or key not in value:
        raise AssertionError(f"{name}: could not be observed.")
    found: object = value[key]
    return found


def responses(name: str, value: object, shape: Shape) -> torch.Tensor:
    """Return a cell's responses in float64 as `shape`, whose last dimension is the cells.

    Axes of length 1 may be missing or too many: another check judges the shape. Raises
    AssertionError where the responses are too few, too many or not finite.
    """
    found = expect.tensor(name, expect.as_tensor(value)).detach().to(torch.float64)
    rows = torch.Size(shape[:-1]).numel()
    if found.shape[:1] != (rows,) or found.numel() != rows * shape[-1]:
        raise AssertionError(
            f"{name}: expected one response for each image and orientation, found shape "
            f"{tuple(found.shape)}."
        )
    if not bool(torch.isfinite(found).all()):
        raise AssertionError(f"{name}: holds NaN or infinite values.")
    return found.reshape(shape)


def _own_stimuli(value: object) -> torch.Tensor | None:
    """Return a student's stimuli (5, 1, 48, 64) if they are finite and not flat, else None."""
    shape = (len(ORIENTATIONS), 1, 48, 64)
    try:
        found = expect.tensor("stimuli", expect.as_tensor(value, shape), shape).detach()
    except AssertionError:
        return None
    finite = bool(torch.isfinite(found.to(torch.float64)).all())
    return found if finite and bool((found != found.flatten()[0]).any()) else None


def _tensors(name: str, module: object) -> Mapping[str, torch.Tensor]:
    """Return the parameters of a module, then its buffers, by name."""
    if not hasattr(module, "named_parameters") or not hasattr(module, "named_buffers"):
        raise AssertionError(f"{name}: expected an nn.Module, found {expect.kind(module)}.")
    found = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {
        key: value.detach()
        for key, value in found.items()
        if isinstance(value, torch.Tensor) and not value.is_complex()
    }


def _find(tensors: Mapping[str, torch.Tensor], name: str, numel: int) -> torch.Tensor | None:
    """Return the tensor called `name` if it has `numel` elements, else the first that has."""
    candidates = [tensors[name]] if name in tensors else []
    candidates += tensors.values()
    return next((each for each in candidates if each.numel() == numel), None)


def _channels_first(weight: torch.Tensor, c_out: int) -> torch.Tensor:
    """Return the weight with its output channels in front: a matmul may have had them last."""
    if weight.ndim > 1 and weight.shape[0] != c_out and weight.shape[-1] == c_out:
        return weight.movedim(-1, 0)
    return weight
