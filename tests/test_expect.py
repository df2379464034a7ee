"""The sentences of failed checks: right for every odd value, and silent about what is expected."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader import expect
from grader.snapshot import InertModule, Missing, Opaque

ODD = [
    None, ..., True, 3, 2.5, "text", b"x", [1, 2], (1,), {"a": 1}, object(), float("nan"),
    np.zeros(3), np.float32(2), np.array("x"), torch.zeros(2, 2), torch.zeros(0),
    torch.tensor(1j), torch.tensor(True), torch.zeros(5, 6, 48, 64, dtype=torch.int8),
    InertModule("Linear", {}, {}, {}), Opaque("function", "f"), Missing("x"),
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_no_value_makes_an_expectation_break(value):
    """Whatever a student put there, the check passes or fails with a sentence."""
    zeros = torch.zeros(2, 2)
    for check in (
        lambda: expect.tensor("x", value, (2, 2)),
        lambda: expect.detached("x", value),
        lambda: expect.close("x", value, zeros, zeros),
        lambda: expect.whole_number("x", value),
        lambda: expect.number("x", value, 12345),
        lambda: expect.choice("x", value, ("one", "two")),
    ):
        try:
            check()
        except AssertionError as error:
            sentence = str(error)
            assert sentence.startswith("x: ")
            assert "12345" not in sentence
            assert sentence.endswith(".")


def test_shapes_say_expected_and_found():
    with pytest.raises(AssertionError, match=r"convout: expected shape \(5, 6\), found \(6, 5\)\."):
        expect.tensor("convout", torch.zeros(6, 5), (5, 6))


def test_numpy_is_named_with_the_way_back():
    with pytest.raises(AssertionError, match=r"NumPy array; .*torch\.from_numpy"):
        expect.tensor("x", np.zeros(3))


def test_tracking_gradients_is_named():
    with pytest.raises(AssertionError, match=r"cut it off with \.detach\(\)"):
        expect.detached("x", torch.zeros(2, requires_grad=True))


def test_differences_say_how_many_and_where_but_not_what():
    expected = torch.full((4, 25), 0.123456)
    found = expected.clone()
    found[2, 7] = 9.87
    with pytest.raises(AssertionError) as caught:
        expect.close("x", found, expected, torch.full((4, 25), 1e-6), "Look at the border.")
    assert str(caught.value) == (
        "x: 1 % of the values are wrong, by more than rounding, first at [2, 7]. "
        "Look at the border."
    )


def test_nan_is_named():
    with pytest.raises(AssertionError, match="NaN or infinite"):
        expect.close("x", torch.tensor([float("nan")]), torch.zeros(1), torch.ones(1))


@pytest.mark.parametrize(
    "value",
    [3072, 3072.0, np.int64(3072), np.float32(3072), torch.tensor(3072), torch.tensor([3072.0])],
)
def test_a_count_may_be_written_in_many_ways(value):
    assert expect.number("n", value, 3072) == 3072


@pytest.mark.parametrize("value", [True, "3072", 3072.5, [3072], None, torch.zeros(2)])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(AssertionError, match="whole number"):
        expect.whole_number("n", value)


@given(st.integers(-(10**30), 10**30))
def test_whole_numbers_are_exact(n):
    assert expect.whole_number("n", n) == n


@pytest.mark.parametrize("value", ["center-surround", "Center Surround", " centre-surround "])
def test_choices_forgive_spelling(value):
    assert expect.choice("x", value, ("center-surround", "gabor")) == "center-surround"
