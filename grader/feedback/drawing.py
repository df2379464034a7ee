"""Drawing: pictures as small images for a page, with the words that stand for them.

A map becomes a PNG of one pixel a value, which the browser enlarges; titles, numbers and the
layout are the page's own text, so that they stay readable on a phone, in print and to a screen
reader (docs/decisions/0010).
"""

import base64
import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib import colormaps
from PIL import Image

from grader.pictures import Panel, Picture, planes

LONGEST_SIDE = 512
_NOT_A_NUMBER = 255
_LEVELS = 255  # 0 … 254; the last entry of the palette is for NaN and infinities
_COLOURS = {"signed": "RdBu_r", "input": "RdBu_r", "grey": "Greys"}
_UNMARKED, _MARKED = (247, 247, 247), (217, 95, 14)
_YELLOW = (255, 221, 51)
_MOST_NUMBERS = 20  # a map of so few values is drawn with its numbers
_BRIGHT = 140  # of 255: black text above, white text below


@dataclass(frozen=True)
class DrawnPanel:
    """One map as an image: `uri` is a data URI, `alt` says what is seen, in numbers."""

    title: str
    uri: str
    alt: str
    width: int
    height: int
    staff_only: bool
    squares: tuple["Square", ...] = ()


@dataclass(frozen=True)
class Square:
    """One value of a small map, with its number: where, what it says, its colour and its ink."""

    row: int
    column: int
    text: str
    fill: str
    ink: str


@dataclass(frozen=True)
class DrawnPicture:
    """A picture ready for a page. `limit` is the end of the colour scale, "" without one."""

    title: str
    caption: str
    panels: tuple[DrawnPanel, ...]
    limit: str
    bar: str


def draw(picture: Picture) -> DrawnPicture:
    """Return a picture as images. Its signed panels share one scale from -limit to +limit."""
    arrays = [_reduced(planes(panel.values)[0]) for panel in picture.panels]
    signed = [a for a, p in zip(arrays, picture.panels, strict=True) if p.style == "signed"]
    limit = max((_largest(array) for array in signed), default=0.0)
    return DrawnPicture(
        title=picture.title,
        caption=picture.caption,
        panels=tuple(
            _panel(panel, array, limit) for panel, array in zip(picture.panels, arrays, strict=True)
        ),
        limit=f"{limit:.3g}" if signed else "",
        bar=_bar() if signed else "",
    )


def _panel(panel: Panel, array: np.ndarray, limit: float) -> DrawnPanel:
    height, width = array.shape
    low, high = (0.0, 1.0) if panel.style == "marks" else (-limit, limit)
    if panel.style == "input":
        low, high = -_largest(array), _largest(array)
    if panel.style == "grey":
        finite = array[np.isfinite(array)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    levels = _levels(array, low, high)
    few = array.size <= _MOST_NUMBERS
    return DrawnPanel(
        title=f"{panel.title} (own scale)" if panel.style == "input" and not few else panel.title,
        uri=_png(levels, panel.style),
        alt=_alt(panel, array),
        width=width,
        height=height,
        staff_only=panel.staff_only,
        squares=_squares(array, levels, panel.style) if few else (),
    )


def _alt(panel: Panel, array: np.ndarray) -> str:
    height, width = planes(panel.values)[0].shape
    finite = array[np.isfinite(array)]
    size = f"{panel.title}: {height} rows, {width} columns"
    if not finite.size:
        return f"{size}, no finite value"
    if panel.style == "marks":
        return f"{size}, {100 * float((array != 0).mean()):.0f} % of them marked"
    text = f"{size}, values from {float(finite.min()):.3g} to {float(finite.max()):.3g}"
    return text + ("" if finite.size == array.size else ", some NaN or infinite (yellow)")


def _levels(array: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the entry of the palette for each value; a map without contrast gets its middle."""
    if not high > low:
        scaled = np.full(array.shape, 0.5)
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = np.clip((array / 2 - low / 2) / (high / 2 - low / 2), 0, 1)
    levels = np.rint(np.nan_to_num(scaled) * (_LEVELS - 1))
    return np.where(np.isfinite(array), levels, _NOT_A_NUMBER).astype(np.uint8)


def _squares(array: np.ndarray, levels: np.ndarray, style: str) -> tuple[Square, ...]:
    palette = np.frombuffer(_palette(style), dtype=np.uint8).reshape(-1, 3)
    found = []
    for (row, column), value in np.ndenumerate(array):
        red, green, blue = (int(part) for part in palette[levels[row, column]])
        bright = (299 * red + 587 * green + 114 * blue) / 1000 > _BRIGHT
        found.append(
            Square(
                row=row,
                column=column,
                text=f"{value:.3g}".replace("-", "−"),
                fill=f"#{red:02x}{green:02x}{blue:02x}",
                ink="#000" if bright else "#fff",
            )
        )
    return tuple(found)


def _png(levels: np.ndarray, style: str) -> str:
    image = Image.fromarray(levels, mode="P")
    image.putpalette(_palette(style))
    return _uri(image)


@cache
def _bar() -> str:
    image = Image.fromarray(np.arange(_LEVELS, dtype=np.uint8)[None], mode="P")
    image.putpalette(_palette("signed"))
    return _uri(image)


@cache
def _palette(style: str) -> bytes:
    if style == "marks":
        colours = np.linspace(_UNMARKED, _MARKED, _LEVELS)
    else:
        colours = 255 * colormaps[_COLOURS[style]](np.linspace(0, 1, _LEVELS))[:, :3]
    return bytes(np.rint(colours).astype(np.uint8)) + bytes(_YELLOW)


def _uri(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=False)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _largest(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0


def _reduced(array: np.ndarray) -> np.ndarray:
    """Return a map of at most LONGEST_SIDE rows and columns: every n-th value of a larger one."""
    rows, columns = (-(-length // LONGEST_SIDE) for length in array.shape)
    return np.asarray(array[::rows, ::columns], dtype=np.float64)
