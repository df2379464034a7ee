"""Shapes: the two shapes of a "expected shape (…), found (…)" sentence, drawn side by side."""

import re
from dataclasses import dataclass

_SHAPES = re.compile(r"expected shape \(([\d, ]{0,80})\), found \(([\d, ]{0,80})\)")
_BOX = 96.0  # the longer side of the larger shape, in units of the drawing
_LEAST = 6.0
_MOST_AXES = 8


@dataclass(frozen=True)
class Axis:
    """One number of a shape, and whether it is another one than in the other shape."""

    length: int
    differs: bool


@dataclass(frozen=True)
class DrawnShape:
    """A shape as a rectangle of its last two axes, to scale, stacked where there are more."""

    name: str
    axes: tuple[Axis, ...]
    width: float
    height: float
    stacked: bool
    frame: float  # the height that both shapes of a pair need


def shapes_in(message: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the expected and the found shape that a sentence of grader.expect names, if any."""
    match = _SHAPES.search(message)
    if match is None:
        return None
    expected, found = (tuple(int(n) for n in re.findall(r"\d+", text)) for text in match.groups())
    return (expected, found) if max(len(expected), len(found)) <= _MOST_AXES else None


def draw(message: str) -> tuple[DrawnShape, ...]:
    """Return the two shapes of a sentence, on one scale; nothing where it names none."""
    shapes = shapes_in(message)
    if shapes is None:
        return ()
    expected, found = shapes
    longest = max((*expected[-2:], *found[-2:], 1))
    frame = max(_scaled(rows, longest) for rows in (_plane(expected)[0], _plane(found)[0]))
    return (
        _drawn("expected", expected, found, longest, frame),
        _drawn("yours", found, expected, longest, frame),
    )


def _drawn(
    name: str, own: tuple[int, ...], other: tuple[int, ...], longest: int, frame: float
) -> DrawnShape:
    rows, columns = _plane(own)
    return DrawnShape(
        name=name,
        axes=_axes(own, other),
        width=_scaled(columns, longest),
        height=_scaled(rows, longest),
        stacked=any(n > 1 for n in own[:-2]),
        frame=frame,
    )


def _plane(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the last two axes, rows and columns; a vector is one row."""
    rows, columns = (1, 1, *shape)[-2:]
    return rows, columns


def _scaled(length: int, longest: int) -> float:
    return max(_LEAST, _BOX * length / longest)


def _axes(own: tuple[int, ...], other: tuple[int, ...]) -> tuple[Axis, ...]:
    """Mark the axes that differ, counted from the last where the numbers of axes differ."""
    padded = (-1,) * (len(own) - len(other)) + other[max(0, len(other) - len(own)) :]
    return tuple(Axis(n, n != m) for n, m in zip(own, padded, strict=True))
