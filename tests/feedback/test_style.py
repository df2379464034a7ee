"""The style sheet: text has a contrast of at least 4.5 to what it stands on, light and dark."""

import re
from importlib.resources import files

import pytest

SHEET = files("grader.feedback").joinpath("templates/style.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--(\w+): (#\w{3,6})", block))
    for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
)
ON_CARD = ("ink", "soft", "good", "part", "bad", "link", "keyword", "string", "number", "comment")


def luminance(colour: str) -> float:
    """Return the relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
def test_text_can_be_read(theme):
    pairs = [(text, ground) for text in ON_CARD for ground in ("paper", "card")]
    pairs += [("ink", "warm"), ("bad", "warm"), ("soft", "warm")]
    found = {pair: contrast(theme[pair[0]], theme[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < 4.5} == {}


def test_numbers_can_be_read_on_the_colours_of_the_heat_map():
    rules = re.findall(r"\.h\d \{ background: (#\w+); color: (#\w+);", SHEET)
    assert len(rules) == 5
    assert {rule: contrast(*rule) for rule in rules if contrast(*rule) < 4.5} == {}
