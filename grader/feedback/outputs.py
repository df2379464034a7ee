"""Outputs: what a cell of the student's notebook had shown, as HTML that is safe and small."""

import base64
import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grader.feedback import clean
from grader.text import whole

MOST_OUTPUTS = 12
_PICTURES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif"}
_SVG = "image/svg+xml"


@dataclass(frozen=True)
class Shown:
    """One output as HTML; `size` in bytes decides what is left out of a page that is too large."""

    html: str

    @property
    def size(self) -> int:
        return len(self.html)


def outputs(found: object, rich: bool = True) -> tuple[Shown, ...]:
    """Return the outputs of a code cell, whatever the file holds under that name.

    Unless they are `rich`, HTML and Markdown are shown as their plain text.
    """
    listed = (
        [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    )
    shown = [one for each in listed[:MOST_OUTPUTS] for one in _output(each, rich)]
    if len(listed) > MOST_OUTPUTS:
        shown.append(Shown(note(f"{len(listed) - MOST_OUTPUTS} more outputs left out")))
    return tuple(shown)


def to_parse(found: object) -> int:
    """Return how many characters of HTML and Markdown are among the outputs of a cell."""
    listed = found if isinstance(found, list) else []
    bundles = [each.get("data") for each in listed if isinstance(each, Mapping)]
    return sum(
        len(_text(bundle.get(mime)))
        for bundle in bundles
        if isinstance(bundle, Mapping)
        for mime in ("text/html", "text/markdown")
    )


def note(text: str) -> str:
    """Return a remark of the grader's own within a student's output."""
    return f'<p class="note">[{html.escape(text)}]</p>'


def _output(output: Mapping[str, Any], rich: bool) -> Iterator[Shown]:
    match output.get("output_type"):
        case "stream":
            yield Shown(clean.printed(_text(output.get("text"))))
        case "error":
            trace = output.get("traceback")
            lines = trace if isinstance(trace, list) else []
            text = "\n".join(str(line) for line in lines) or _text(output.get("evalue"))
            yield Shown(clean.printed(text))
        case "display_data" | "execute_result":
            data = output.get("data")
            if isinstance(data, Mapping):
                yield Shown(_data(data, rich))


def _data(data: Mapping[str, Any], rich: bool) -> str:
    """Return the best of what an output offers: a picture, then a table, then text."""
    for mime, kind in _PICTURES.items():
        if mime in data:
            return _picture(kind, _text(data[mime]), _alt(data))
    if _SVG in data:
        return _drawing(_text(data[_SVG]), _alt(data))
    if rich and "text/html" in data:
        return f'<div class="html">{clean.markup(_text(data["text/html"]))}</div>'
    if rich and "text/markdown" in data:
        return clean.markdown(_text(data["text/markdown"]))
    if "text/plain" in data:
        return clean.plain(_text(data["text/plain"]))
    return note("an output that only Jupyter can show")


def _picture(kind: str, text: str, alt: str) -> str:
    packed = "".join(text.split())
    if not clean.is_image(kind, packed):
        return note(f"a picture of {len(packed) * 3 // 4_000:,} kB, left out")
    return f'<img alt="{alt}" src="data:image/{kind};base64,{html.escape(packed)}">'


def _drawing(source: str, alt: str) -> str:
    """Return an SVG as an image: there a browser runs no script of it and loads nothing for it."""
    data = whole(source).encode()
    if len(data) > clean.LARGEST_IMAGE:
        return note(f"a drawing of {len(data) // 1000:,} kB, left out")
    packed = base64.b64encode(data).decode("ascii")
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{packed}">'


def _alt(data: Mapping[str, Any]) -> str:
    text = " ".join(clean.visible(_text(data.get("text/plain"))).split())[:120]
    return html.escape(f"the student's picture: {text}" if text else "the student's picture")


def _text(value: object) -> str:
    parts: Iterable[object] = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))
