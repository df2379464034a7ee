"""Expectations: the sentences of failed checks, for authors of otter test files.

Each function returns what it has verified or raises AssertionError with one sentence that a
student understands. None of them ever prints an expected *value* (only expected shapes and
types), so the same functions serve public and hidden tests.
"""

import math
import numbers
from collections.abc import Sequence

import numpy as np
import torch

from grader.tolerance import within


def tensor(name: str, value: object, shape: Sequence[int] | None = None) -> torch.Tensor:
    """Return `value` if it is a tensor of real numbers, of `shape` where one is given."""
    if isinstance(value, np.ndarray):
        raise AssertionError(
            f"{name}: expected a torch.Tensor, found a NumPy array; "
            "stay in PyTorch (no .numpy()), or turn it back with torch.from_numpy."
        )
    if not isinstance(value, torch.Tensor):
        raise AssertionError(f"{name}: expected a torch.Tensor, found {kind(value)}.")
    if value.is_complex():
        raise AssertionError(f"{name}: expected real numbers, found {_dtype(value)}; take .real.")
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise AssertionError(
            f"{name}: expected shape {_shape(shape)}, found {_shape(value.shape)}."
        )
    return value


def as_tensor(value: object, shape: Sequence[int] | None = None) -> object:
    """Return a NumPy array of numbers as a tensor, and anything else as it is.

    With `shape`, axes of length 1 that are missing or too many are put right as well. For checks
    of values, where another check already judges that it should be a tensor of that shape.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        value = torch.from_numpy(np.array(value))
    if shape is None or not isinstance(value, torch.Tensor):
        return value
    alike = [n for n in value.shape if n != 1] == [n for n in shape if n != 1]
    return value.reshape(tuple(shape)) if alike else value


def parameters(name: str, value: object, shapes: Sequence[Sequence[int]]) -> None:
    """Accept an nn.Module (or an inert copy) whose parameters are as many and as large as `shapes`.

    Only the number of elements counts: a student may store the same weights in another shape.
    """
    listed = " and ".join(_shape(shape) for shape in shapes)
    if not hasattr(value, "named_parameters"):
        raise AssertionError(f"{name}: expected an nn.Module, found {kind(value)}.")
    found = dict(value.named_parameters())
    if sorted(each.numel() for each in found.values()) != sorted(math.prod(s) for s in shapes):
        own = ", ".join(f"{key} {_shape(each.shape)}" for key, each in list(found.items())[:6])
        raise AssertionError(
            f"{name}: expected parameters of shape {listed}, found {own or 'no parameters'}."
        )


def detached(name: str, value: object) -> torch.Tensor:
    """Return `value` if it is a tensor that is cut off from the autograd graph."""
    found = tensor(name, value)
    if found.requires_grad:
        raise AssertionError(
            f"{name}: expected plain numbers, found a tensor that still tracks gradients; "
            "cut it off with .detach()."
        )
    return found


def close(
    name: str, value: object, expected: torch.Tensor, bound: torch.Tensor, hint: str = ""
) -> torch.Tensor:
    """Return `value` if it is a tensor within `bound` of `expected` (same shape) everywhere.

    The sentence says how much of it differs and where the first difference is, not what was
    expected there; `hint` is added to it.
    """
    found = tensor(name, value, expected.shape)
    right = within(found, expected, bound)
    if bool(right.all()):
        return found
    if not bool(torch.isfinite(found.detach().to(torch.float64)).all()):
        raise AssertionError(f"{name}: holds NaN or infinite values. {hint}".rstrip())
    wrong = (~right).nonzero()
    where = ", ".join(str(int(i)) for i in wrong[0])
    place = f", first at [{where}]" if where else ""
    what = "is wrong" if right.numel() == 1 else f"{_share(len(wrong), right.numel())} wrong"
    raise AssertionError(f"{name}: {what}, by more than rounding{place}. {hint}".rstrip())


def whole_number(name: str, value: object) -> int:
    """Return `value` as an int if it is one whole number: int, 3.0, a NumPy or 0-d tensor."""
    if isinstance(value, torch.Tensor | np.ndarray) and math.prod(value.shape) == 1:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise AssertionError(f"{name}: expected one whole number, found {kind(value)}.")
    if isinstance(value, numbers.Integral):
        return int(value)
    real = float(value)
    if not math.isfinite(real) or not real.is_integer():
        raise AssertionError(f"{name}: expected a whole number, found {real:g}.")
    return value if isinstance(value, int) else int(real)


def number(name: str, value: object, expected: int, hint: str = "") -> int:
    """Return `value` if it is the whole number `expected`; the sentence does not name it."""
    found = whole_number(name, value)
    if found != expected:
        shown = f"{found:,}" if abs(found) < 10**18 else "this huge number"
        raise AssertionError(f"{name}: {shown} is not the right count. {hint}".rstrip())
    return found


def choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return the one of `choices` that `value` spells; case, spaces and hyphens do not matter."""
    listed = ", ".join(f'"{each}"' for each in choices)
    if not isinstance(value, str):
        raise AssertionError(f"{name}: expected one of {listed}, found {kind(value)}.")
    for each in choices:
        if _spelling(value) == _spelling(each):
            return each
    raise AssertionError(f'{name}: expected one of {listed}, found "{value[:40]}".')


def _spelling(text: str) -> str:
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return letters.replace("centre", "center")


def _share(count: int, total: int) -> str:
    if count == total:
        return "all values are"
    percent = 100 * count / total
    if percent >= 1:
        return f"{percent:.0f} % of the values are"
    return f"{count} of {total} values {'is' if count == 1 else 'are'}"


def _shape(shape: Sequence[int]) -> str:
    return str(tuple(int(n) for n in shape))


def _dtype(value: torch.Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def kind(value: object) -> str:
    """Return what `value` is, in words: "a whole array of shape (3, 4)", "a str"."""
    if value is None:
        return "None"
    if value is ...:
        return "the placeholder ..."
    if isinstance(value, torch.Tensor | np.ndarray):
        return f"a whole array of shape {_shape(value.shape)}"
    name = str(getattr(value, "type_name", "") or type(value).__name__)
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
