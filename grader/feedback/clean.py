"""Clean: a student's Markdown, HTML and pictures as HTML that does nothing but show itself.

Markdown and colours are nbconvert's; what they return, and all HTML of the student, goes through
bleach afterwards, so nothing depends on what the source looked like. What is left has no style,
class, id, link, form, frame or remote picture: it cannot run, load, cover or imitate anything.
"""

import base64
import binascii
import html
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from bleach.html5lib_shim import Filter
from bleach.sanitizer import Cleaner
from PIL import Image

from grader.text import whole

LONGEST_TEXT = 12_000
MOST_LINES = 60
LARGEST_IMAGE = 400_000  # bytes
MOST_PIXELS = 16_000_000

_TAGS = frozenset(
    {
        "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details",
        "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li",
        "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary",
        "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
    }
)  # fmt: skip
_ATTRIBUTES = {
    "th": ["colspan", "rowspan", "scope"],
    "td": ["colspan", "rowspan"],
    "ol": ["start"],
    "a": ["href"],
    "img": ["src", "alt"],
    "abbr": ["title"],
}
_UNSEEN = re.compile(r"<(style|script|template|noscript)\b.*?</\1\s*>", re.DOTALL | re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ESCAPES = re.compile(r"\x1b(?!\[[\d;]*m)(?:\[[\d;?]*[A-Za-z])?")
_EMBEDDED = re.compile(r"data:image/(png|jpeg|gif);base64,([A-Za-z0-9+/=\s]+)\Z")
_KINDS = {"png": "PNG", "jpeg": "JPEG", "gif": "GIF"}
_MARKUP = re.compile(r"[<*_`\[]")
_MOST_MARKUP = 4_000
# What the style sheet gives no colour: most of a page's bytes would be these.
_UNCOLOURED = re.compile(
    r'<span class="(?!(?:k|kn|kc|kd|ow|nd|s1|s2|sd|sa|sb|si|se|mi|mf|mh|c1|c|ch|nf|nc)")\w*">'
    r"([^<>]*)</span>"
)
_LONGEST_LINE = 1_000  # Pygments takes the square of the time for some longer ones
_MOST_READ = 200_000
_PACKED = re.compile(r"data:image/\w{1,10};base64,[A-Za-z0-9+/=]{1,600000}")


class _NothingFromElsewhere(Filter):  # type: ignore[misc]  # html5lib has no types
    """A filter of html5lib tokens: links become text, remote pictures a note."""

    def __iter__(self) -> Iterator[Any]:
        targets: list[str] = []
        for token in super().__iter__():
            name, kind = token.get("name"), token["type"]
            if name == "a" and kind == "StartTag":
                targets.append(_value(token, "href"))
            elif name == "a" and kind == "EndTag":
                target = targets.pop() if targets else ""
                if target.startswith(("http://", "https://")):
                    yield {"type": "Characters", "data": f" ({target[:200]})"}
            elif name == "img":
                yield from self._image(token)
            else:
                yield token

    def _image(self, token: dict[str, Any]) -> Iterator[dict[str, Any]]:
        source, alt = _value(token, "src"), _value(token, "alt")
        if image(source):
            yield token
        else:
            yield {"type": "Characters", "data": f"[picture not shown: {alt[:200] or 'no text'}]"}


def markup(source: str) -> str:
    """Return a student's HTML with nothing but text, tables and pictures that it carries itself."""
    if _too_much(source):
        return plain(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bleach on text that looks like a file name
            cleaner = Cleaner(
                tags=_TAGS,
                attributes=_ATTRIBUTES,
                protocols={"http", "https", "data"},
                strip=True,
                filters=[_NothingFromElsewhere],
            )
            cleaned: str = cleaner.clean(_UNSEEN.sub("", visible(source)))
        return cleaned
    except Exception:  # a parser that gives up must not cost the page
        return plain(source)


@lru_cache(maxsize=1024)
def markdown(source: str) -> str:
    """Return a Markdown cell as HTML. Formulas stay as they were typed."""
    return markdown_with(source, {})


def markdown_with(source: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    """Return a Markdown cell as HTML, with the pictures that are attached to it."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    if _too_much(source):
        return plain(source)
    try:
        renderer = IPythonRenderer(
            escape=False, exclude_anchor_links=True, attachments=dict(attachments)
        )
        rendered = MarkdownWithMath(renderer=renderer).render(visible(source))
    except Exception:  # as above
        return plain(source)
    return markup(rendered)


@lru_cache(maxsize=1024)
def code(source: str) -> str:
    """Return Python code as HTML, in colours where it is not too long for them."""
    from nbconvert.filters.highlight import Highlight2HTML

    text = visible(source)
    if len(text) > LONGEST_TEXT or any(len(line) > _LONGEST_LINE for line in text.split("\n")):
        return plain(source)
    return _UNCOLOURED.sub(r"\1", Highlight2HTML()(text))


def plain(text: str) -> str:
    """Return text as a preformatted block, its middle left out where it is long."""
    return f"<pre>{html.escape(shortened(visible(text)))}</pre>"


def printed(text: str) -> str:
    """Return what a cell printed, with a terminal's colours and without its movements."""
    from nbconvert.filters.ansi import ansi2html

    if len(text) > _MOST_READ:
        half = _MOST_READ // 2
        text = f"{text[:half]}\n… the middle of a long output left out …\n{text[-half:]}"
    last = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return f"<pre>{ansi2html(shortened(visible(_ESCAPES.sub('', last))))}</pre>"


def image(source: str) -> bool:
    """Tell whether a source is a picture that the page itself carries, and no trap for a viewer."""
    match = _EMBEDDED.match(source)
    return match is not None and is_image(match.group(1), "".join(match.group(2).split()))


def is_image(kind: str, text: str) -> bool:
    """Tell whether base64 text is a picture of a kind, of a size that a page can hold."""
    if len(text) * 3 // 4 > LARGEST_IMAGE:
        return False
    try:
        with Image.open(
            io.BytesIO(base64.b64decode(text, validate=True)), formats=(_KINDS[kind],)
        ) as opened:
            return opened.width * opened.height <= MOST_PIXELS
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def visible(text: str) -> str:
    """Return text without characters that hide or turn round what stands beside them."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", whole(text))


def shortened(text: str) -> str:
    """Return text of at most LONGEST_TEXT characters and MOST_LINES lines: its ends."""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        left_out = len(lines) - MOST_LINES
        half = MOST_LINES // 2
        lines = [*lines[:half], f"… {left_out:,} lines left out …", *lines[-half:]]
    joined = "\n".join(lines)
    if len(joined) <= LONGEST_TEXT:
        return joined
    half = LONGEST_TEXT // 2
    left_out = len(joined) - LONGEST_TEXT
    return f"{joined[:half]}\n… {left_out:,} characters left out …\n{joined[-half:]}"


def _too_much(source: str) -> bool:
    """Tell whether a text is longer, or has more markup, than a parser should be given."""
    words = _PACKED.sub("", source)
    return len(words) > LONGEST_TEXT or len(_MARKUP.findall(words)) > _MOST_MARKUP


def _value(token: dict[str, Any], name: str) -> str:
    return str((token.get("data") or {}).get((None, name), ""))
