"""Maps become pictures: zero is white, one scale for all, and words for those who cannot see."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from grader.errors import AssignmentError
from grader.expect import tensor
from grader.feedback import drawing, shapes
from grader.feedback.drawing import draw
from grader.pictures import Panel, Picture, make, picture, planes

SHAPES = st.lists(st.integers(0, 500), max_size=6).map(tuple)


def pixels(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_panels_share_a_scale_that_is_symmetric_about_zero():
    one = torch.zeros(4, 30)
    one[0, 0], one[0, 1] = 2.0, -1.0
    two = torch.zeros(4, 30)
    two[0, 0] = -4.0
    drawn = draw(Picture("t", (Panel("a", one), Panel("b", two), Panel("c", one, "grey"))))
    assert drawn.limit == "4"
    a, b = pixels(drawn.panels[0].uri), pixels(drawn.panels[1].uri)
    assert a.shape == (4, 30, 3)
    red, blue, zero = a[0, 0], a[0, 1], a[3, 3]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert zero.min() > 235
    assert b[0, 0].sum() < blue.sum(), "-4 is darker than -1"
    assert drawn.panels[0].alt == "a: 4 rows, 30 columns, values from -1 to 2"


def test_a_small_map_is_drawn_with_its_numbers():
    panel = draw(Picture("t", (Panel("a", torch.tensor([[1.0, -2.5]])),))).panels[0]
    assert [(s.row, s.column, s.text) for s in panel.squares] == [(0, 0, "1"), (0, 1, "−2.5")]


def test_nan_and_infinity_are_seen_and_said():
    values = torch.ones(5, 30)
    values[0, 0], values[1, 1] = torch.nan, torch.inf
    panel = draw(Picture("t", (Panel("a", values),))).panels[0]
    assert pixels(panel.uri)[0, 0].tolist() == pixels(panel.uri)[1, 1].tolist() == [255, 221, 51]
    assert "some NaN or infinite" in panel.alt


@given(
    arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=30)),
    st.sampled_from(["signed", "input", "grey", "marks"]),
)
def test_any_map_can_be_drawn(values, style):
    panel = draw(Picture("t", (Panel("a", values, style),))).panels[0]
    assert pixels(panel.uri).shape[:2] == values.shape
    assert panel.alt.startswith(f"a: {values.shape[0]} rows")


def test_a_large_map_stays_a_small_picture():
    panel = draw(Picture("t", (Panel("a", torch.randn(4000, 3000)),))).panels[0]
    assert max(panel.width, panel.height) <= drawing.LONGEST_SIDE
    assert panel.alt.startswith("a: 4000 rows, 3000 columns")


def test_what_an_author_may_return():
    def made(function):
        return make([picture("q")(function)], "q", {"x": torch.ones(2, 2)}, {})

    one = Picture("t", (Panel("a", torch.ones(2, 2)),))
    assert made(lambda x: one) == made(lambda x: [one]) == (one,)
    assert made(lambda x: None) == made(lambda missing: one) == ()
    for wrong in (
        lambda x: "no",
        lambda x: Picture("t", (Panel("a", torch.ones(2)),)),
        lambda x: 1 / 0,
    ):
        with pytest.raises(AssignmentError, match="a picture of q could not be made"):
            made(wrong)


@pytest.mark.parametrize(
    "value",
    ["text", None, torch.ones(3), torch.ones(2, 2, dtype=torch.complex64), torch.ones(0, 3)],
)
def test_what_is_no_map_has_no_planes(value):
    assert planes(value) == ()


@given(SHAPES, SHAPES)
def test_the_shapes_of_a_sentence_are_those_that_were_compared(expected, found):
    if expected == found or 0 in expected + found:
        return
    with pytest.raises(AssertionError) as caught:
        tensor("convout", torch.empty(()).expand(found), expected)
    assert shapes.shapes_in(str(caught.value)) == (expected, found)
    one, two = shapes.draw(str(caught.value))
    assert tuple(axis.length for axis in one.axes) == expected
    assert tuple(axis.length for axis in two.axes) == found
    assert any(axis.differs for axis in one.axes + two.axes)
    assert max(one.height, two.height) <= one.frame == two.frame


def test_axes_are_compared_from_the_last():
    _, two = shapes.draw("x: expected shape (5, 6, 48, 64), found (6, 48, 60).")
    assert [axis.differs for axis in two.axes] == [False, False, True]


@given(st.text(max_size=200))
def test_other_sentences_draw_nothing(text):
    if not re.search("expected shape", text):
        assert shapes.draw(text) == ()
