"""What a student writes cannot run, load, cover or imitate anything on a page: in a real browser."""

import base64
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from PIL import Image, ImageChops
from support import WRONG

from grader.feedback.page import page

OWNED = "document.title='OWNED';document.body.innerHTML='OWNED'"


def svg(url: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90" onload="{OWNED}">'
        f'<script>{OWNED};fetch("{url}/svg-script")</script><image href="{url}/svg-image"/>'
        f'<style>@import url("{url}/svg-css");</style>'
        f'<foreignObject><iframe src="{url}/svg-frame"/></foreignObject><rect width="9" height="9"/></svg>'
    )


def markup(url: str) -> list[str]:
    """Return pieces of HTML, each of which does harm in a page without protection."""
    packed = base64.b64encode(svg(url).encode()).decode()
    return [
        f"<script>{OWNED}</script>",
        f"<scr<script>ipt>{OWNED}</script>",
        f'<img src=x onerror="{OWNED}"><img src="{url}/image"><img srcset="{url}/srcset 1x">',
        f'<svg onload="{OWNED}"><script>{OWNED}</script><image href="{url}/inline-svg"/></svg>',
        f'<iframe src="{url}/frame"></iframe><iframe srcdoc="<script>parent.{OWNED}</script>"></iframe>',
        f'<object data="{url}/object"></object><embed src="{url}/embed"><audio src="{url}/audio" autoplay></audio>',
        f'<video poster="{url}/poster" src="{url}/video"></video><link rel="stylesheet" href="{url}/link">',
        f'<link rel="prefetch" href="{url}/prefetch"><link rel="preconnect" href="{url}">',
        f'<style>@import url("{url}/import"); body {{ background: url("{url}/body") }} h1, header {{ display: none }}</style>',
        f'<div style="background:url({url}/style)">styled</div>',
        f'<meta http-equiv="refresh" content="0; url={url}/refresh"><base href="{url}/base/">',
        f'<form action="{url}/form"><input autofocus onfocus="{OWNED}"><button>go</button></form>',
        '<div style="position:fixed;inset:0;z-index:99999;background:#fff"><h1>18 of 18 points</h1></div>',
        '<div class="result full" id="mean" style="position:absolute;top:0">3.5 / 3.5</div>',
        f'<a href="javascript:{OWNED}">click</a> <a href="{url}/ping" ping="{url}/ping">link</a>',
        f'<img src="data:image/svg+xml;base64,{packed}">',
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={OWNED}&gt;">',
        f'<noscript><p title="</noscript><img src=x onerror={OWNED}>">',
        f"<table background='{url}/table'><tr><td background='{url}/cell'>a</td></tr></table>",
        "<header><h1>100 of 1 points</h1></header><title>OWNED</title>",
        "</div></section></main></body></html><h1>after the end</h1><plaintext>",
        "<!-- <textarea> <xmp> <select> <template> <title>",
    ]


def hostile(url: str) -> list[nbformat.NotebookNode]:
    """Return a wrong answer among cells that try everything at once."""
    pieces = markup(url)
    cells = [new_markdown_cell(piece) for piece in pieces]
    cells += [new_raw_cell(piece) for piece in pieces]
    cells.append(
        new_markdown_cell(
            f"![a]({url}/md-image) [b](javascript:{OWNED}) <{url}/auto> [c]: {url}/ref\n\n"
            f'![x" onerror="{OWNED}](data:text/html;base64,AAAA)\n\n```mermaid\n<script>{OWNED}</script>\n```'
        )
    )
    data = [{"text/html": piece} for piece in pieces]
    data += [{"text/markdown": piece} for piece in pieces]
    data += [
        {"application/javascript": OWNED},
        {"text/javascript": OWNED},
        {"image/svg+xml": svg(url)},
        {"image/png": f'x"><script>{OWNED}</script>'},
        {"image/jpeg": f'x" onerror="{OWNED}'},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}},
        {"text/latex": f"$<script>{OWNED}</script>$"},
        {"text/plain": f"<script>{OWNED}</script>"},
    ]
    outputs = [new_output("display_data", data=each) for each in data]
    outputs += [
        new_output("stream", text=f"\x1b[31m</pre><script>{OWNED}</script>\x1b[99;99H\x1b]0;t\x07"),
        new_output("error", ename="E", evalue="", traceback=[f"</pre><script>{OWNED}</script>"]),
    ]
    for start in range(0, len(outputs), 10):
        cells.append(
            new_code_cell("'</pre><script>' # " + OWNED, outputs=outputs[start : start + 10])
        )
    cells.append(new_code_cell(WRONG))
    cells.append(
        new_code_cell("check('mean')", outputs=[new_output("stream", text="2 / 2 full marks")])
    )
    cells.append(new_code_cell(f"raise ValueError('''</code><script>{OWNED}</script>''')"))
    return cells


@pytest.fixture(params=["student", "staff"])
def attacked(request, material, listener, tmp_path) -> Path:
    path: Path = tmp_path / "page.html"
    path.write_text(page(material(*hostile(listener.url)), request.param), encoding="utf-8")
    return path


def test_the_attacks_are_attacks(browser, listener, tmp_path):
    """Without protection the same pieces run, load and cover: else this file would show nothing."""
    naked = tmp_path / "naked.html"
    naked.write_text("<title>score</title>" + "\n".join(markup(listener.url)[2:10]))
    assert "OWNED" in browser.dom(naked)
    assert {"/image", "/import", "/style"} <= {path.split("?")[0] for path in listener.asked}


def test_nothing_runs_and_nothing_is_loaded(attacked, browser, listener):
    dom = browser.dom(attacked)
    assert "<title>ann · Averages</title>" in dom
    assert "of 3.5 points" in dom
    assert "after the end" in dom, "a cell swallowed what follows"
    assert dom.rstrip().endswith("</body></html>")
    assert listener.asked == []


def test_the_sanitiser_alone_is_enough(attacked, browser, listener):
    """The policy in the page is a second wall: without it nothing runs or loads either."""
    text = attacked.read_text()
    start = text.index('<meta http-equiv="Content-Security-Policy"')
    attacked.write_text(text[:start] + text[text.index(">", start) + 1 :])
    assert "<title>ann · Averages</title>" in browser.dom(attacked)
    assert listener.asked == []


def test_the_policy_alone_stops_scripts_and_loads(browser, listener, material, tmp_path):
    text = page(material(new_code_cell(WRONG)))
    bare = tmp_path / "page.html"
    bare.write_text(text.replace("<main>", "<main>" + "\n".join(markup(listener.url)[:9])))
    assert "<title>ann · Averages</title>" in browser.dom(bare)
    assert listener.asked == []


def test_the_score_is_neither_hidden_nor_changed(material, browser, listener, tmp_path):
    """The top of the page, with the score and the questions, is the same picture."""
    clean, dirty = tmp_path / "clean.html", tmp_path / "dirty.html"
    honest = material(new_code_cell(WRONG))
    clean.write_text(page(honest), encoding="utf-8")
    dirty.write_text(page(material(*hostile(listener.url))), encoding="utf-8")
    shots = [
        Image.open(browser.picture(each, f"{each.stem}.png", 800, 1200)).convert("RGB")
        for each in (clean, dirty)
    ]
    top = (0, 0, 800, 300)  # the score and the list of questions
    assert ImageChops.difference(shots[0].crop(top), shots[1].crop(top)).getbbox() is None
    assert shots[0].crop(top).getcolors(2) is None, "the picture is not empty"


class Tags(HTMLParser):
    """Collects every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_no_mark_of_the_graders_own_can_be_imitated(material, listener):
    """A student's HTML has no class, id, style or link: it cannot look like a result."""
    text = page(material(*hostile(listener.url)))
    tags = Tags(text).found
    ids = [a["id"] for _, a in tags if "id" in a]
    assert sorted(ids) == ["mean", "model", "why"]
    results = [a for tag, a in tags if "result" in (a.get("class") or "").split()]
    assert len(results) == 3
    assert not [a for _, a in tags if "style" in a or any(name.startswith("on") for name in a)]
    assert {a["href"] for _, a in tags if "href" in a} == {"#mean", "#model", "#why"}
    assert all((a["src"] or "").startswith("data:image/") for _, a in tags if "src" in a)
    assert not {"script", "iframe", "form", "object", "link", "base"} & {tag for tag, _ in tags}
    assert "2 / 2 full marks" not in text, "what a student saved under a check is not shown"
