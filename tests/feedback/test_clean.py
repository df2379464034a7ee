"""Whatever a file holds becomes HTML without a tag or an attribute that is not known to be mild."""

import json
from html.parser import HTMLParser

import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment import Question
from grader.feedback import cells, clean, outputs

QUESTION = Question(name="q", title="Q", points=1, captures=("x",))
TAGS = [
    "script",
    "style",
    "svg",
    "math",
    "iframe",
    "img",
    "a",
    "b",
    "p",
    "table",
    "td",
    "/p",
    "/div",
    "!--",
    "title",
]
ATTRIBUTES = [
    "onerror=a()",
    "style='position:fixed'",
    "class=result",
    "id=q",
    "src=http://x/",
    "href='javascript:a()'",
]
MILD = {"href": "#", "src": "data:image/"}
pieces = st.one_of(
    st.tuples(st.sampled_from(TAGS), st.lists(st.sampled_from(ATTRIBUTES), max_size=2)).map(
        lambda t: f"<{t[0]} {' '.join(t[1])}>"
    ),
    st.sampled_from(
        [
            "[a](javascript:b)",
            "![a](http://x)",
            "```",
            "$$",
            "<",
            ">",
            '"',
            "&lt;script&gt;",
            "`",
            "\n\n",
            "# h",
        ]
    ),
    st.text(max_size=8),
)
sources = st.lists(pieces, max_size=12).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | sources,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
mimes = st.sampled_from(
    [
        "text/html",
        "text/markdown",
        "text/plain",
        "image/png",
        "image/svg+xml",
        "image/jpeg",
        "text/latex",
        "x/y",
    ]
)
found_outputs = values | st.lists(
    values
    | st.fixed_dictionaries(
        {
            "output_type": st.sampled_from(
                ["stream", "error", "display_data", "execute_result", "?"]
            ),
            "data": values | st.dictionaries(mimes, values, max_size=3),
            "text": values,
            "traceback": values,
        }
    ),
    max_size=3,
)


class Judge(HTMLParser):
    """Raises for what no student's HTML may hold."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in clean._TAGS, tag
        for name, value in attrs:
            assert name in ("colspan", "rowspan", "scope", "start", "src", "alt", "title"), name
            assert name != "src" or (value or "").startswith("data:image/"), value


@settings(deadline=None)
@given(sources)
def test_markup_and_markdown_hold_nothing_but_text_tables_and_own_pictures(source):
    Judge().feed(clean.markup(source))
    Judge().feed(clean.markdown(source))
    clean.markdown(source).encode()


@settings(deadline=None)
@given(found_outputs)
def test_any_outputs_can_be_shown(found):
    """Whatever the file holds, lone surrogates as well."""
    for each in outputs.outputs(found):
        each.html.encode()
    assert outputs.to_parse(found) >= 0


@settings(deadline=None)
@given(
    st.sampled_from(["code", "markdown", "raw", "x"]),
    sources,
    values,
    values,
    st.sampled_from(["\ud800", "x"]),
)
def test_any_cell_can_be_shown(kind, source, attachments, name, odd):
    cell = {
        "cell_type": kind,
        "source": source + odd,
        "metadata": {"name": name},
        "attachments": attachments,
    }
    node = nbformat.from_dict({"cells": [json.loads(json.dumps({**cell, "outputs": attachments}))]})
    (shown,) = cells.shown(node, frozenset(), (QUESTION,), cells.Outcomes())
    shown.html.encode()
    assert shown.index == 0


def test_text_cannot_be_turned_round_or_move_a_cursor():
    assert "\u202e" not in clean.plain("marks \u202e3/0")
    assert (
        clean.printed("\x1b[2J\x1b[31mred\x1b[0m\x1b[5;5H")
        == '<pre><span class="ansi-red-fg">red</span></pre>'
    )
    assert clean.printed(" 1%\r 50%\r100%\ndone") == "<pre>100%\ndone</pre>"


def test_code_in_markdown_stays_as_it_was_typed():
    assert "<code>a &lt; b &amp; c</code>" in clean.markdown("`a < b & c`")
    assert "$x &lt; y$" in clean.markdown("$x < y$")


def test_a_tag_that_is_never_closed_hides_nothing():
    for tag in ("script", "style", "template", "textarea", "title", "xmp", "plaintext", "!--"):
        assert "my answer" in clean.markdown(f"<{tag}> my answer"), tag


def test_a_link_becomes_text_with_its_address():
    assert (
        clean.markdown("[here](https://example.org/a)").strip()
        == "<p>here (https://example.org/a)</p>"
    )
    assert clean.markdown("[here](javascript:a)").strip() == "<p>here</p>"
