"""What people and rules made of the points is shown wherever a report is."""

import io
from datetime import UTC, datetime

from making import facts, manual, report, settings

from grader.feedback.items import distribution
from grader.feedback.material import Material
from grader.feedback.page import page
from grader.feedback.terminal import console, print_report, print_table
from grader.policy import settle
from grader.report import bonus

DUE = datetime(2026, 3, 1, tzinfo=UTC)
LATE = {"policy": "per_day", "due": DUE, "percent_per_day": 25}
COMMENT = "See <b>section 2</b>."


def printed(show, *reports) -> str:
    out = io.StringIO()
    show(*reports, console(out))
    return out.getvalue()


def settled(*, late: bool):
    when = datetime(2026, 3, 1, 1, tzinfo=UTC) if late else DUE
    known = facts(submitted=when, answers={"q0": "because", "q1": "so"})
    marks = [manual(1.5, comment=COMMENT), manual(1, "q1", "so")]
    return settle(report(pending=3.0), marks, known, settings(late=LATE))


def test_the_terminal_says_what_was_given_and_taken():
    text = printed(print_report, settled(late=True))
    assert text.startswith("4.88 of 6 points\n")
    assert all(len(line) <= 80 for line in text.splitlines())
    words = " ".join(text.split())
    assert f"+1.5 q0 A person read your answer and gave 1.5 of 2. {COMMENT}" in words
    assert "−1.62 Handed in 1 day late (each day that has begun counts): 25 %" in words


def test_a_marked_bonus_is_shown_as_bonus_until_a_rule_changes_the_sum():
    on_time, late = settled(late=False), settled(late=True)
    assert (bonus(on_time), bonus(late), bonus(report())) == (2, 0, 1)
    assert printed(print_report, on_time).startswith("4.5 of 6 points + 2 bonus = 6.5\n")
    assert "4.5/6 +2" in printed(print_table, [on_time])
    assert "4.88/6" in printed(print_table, [late])


def test_the_page_shows_them_and_escapes_the_comment():
    text = page(Material(report=settled(late=True), title="T"))
    assert "4.88 <small>of 6 points</small>" in text
    assert '<td class="points">−1.62</td>' in text
    assert "See &lt;b&gt;section 2&lt;/b&gt;." in text
    assert "<b>section" not in text
    assert "What changed the points" not in page(Material(report=report(), title="T"))


def test_the_distribution_is_of_what_counts():
    assert distribution([settled(late=False)])[7] == 1  # 4.5 of 6
    assert distribution([settled(late=True)])[8] == 1  # 4.875 of 6
