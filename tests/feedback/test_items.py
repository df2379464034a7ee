"""The class: item analysis agrees with an independent computation; the index holds every student."""

from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from grader.feedback import items
from grader.feedback.index import index
from grader.report import (
    AssignmentRecord,
    CheckRecord,
    DiagnosisRecord,
    QuestionRecord,
    Report,
    SubmissionRecord,
)
from grader.store import file_name

POINTS = st.lists(st.integers(0, 4), min_size=3, max_size=3)


def report(
    identifier: str, scores: list[float], status: str = "graded", **fields: object
) -> Report:
    """Return a report of three questions of 4 points, the last a bonus."""
    questions = tuple(
        QuestionRecord(
            name=f"q{i}", title=f"Question <{i}>", score=score, max_score=4, bonus=i == 2,
            status="full" if score == 4 else "partial", diagnosis=None,
            checks=(
                CheckRecord(name="a check", hidden=True, status="passed" if score == 4 else "failed",
                            points=score, max_points=4, message=""),
            ),
        )
        for i, score in enumerate(scores)
    )  # fmt: skip
    return Report(
        assignment=AssignmentRecord(name="a", version="1"),
        submission=SubmissionRecord(id=identifier, student=None, sha256=""),
        status=status, message=None, score=sum(scores), max_score=8, manual_points_pending=0,
        questions=questions, execution=None, receipts=(),
    ).model_copy(update=fields)  # fmt: skip


@given(st.lists(POINTS, min_size=items.FEWEST, max_size=40))
def test_difficulty_and_discrimination(table):
    found = items.items([report(f"s{i}", row) for i, row in enumerate(table)])
    scores = np.array(table, dtype=float)
    for column, item in enumerate(found):
        rest = np.delete(scores, column, axis=1).sum(axis=1)
        assert item.difficulty == pytest.approx(scores[:, column].mean() / 4)
        if np.ptp(scores[:, column]) and np.ptp(rest):
            expected = stats.pearsonr(scores[:, column], rest).statistic
            assert item.discrimination == pytest.approx(expected, abs=1e-9)
        else:
            assert item.discrimination is None


def test_few_submissions_say_nothing_about_discrimination():
    rows = [report(f"s{i}", [i, i, 0]) for i in range(items.FEWEST - 1)]
    assert [each.discrimination for each in items.items(rows)] == [None] * 3
    assert items.items([]) == ()


def test_what_was_not_graded_does_not_count():
    rows = [
        report("a", [4, 4, 4]),
        report("b", [0, 0, 0], "ungradable"),
        report("c", [0, 0, 0], "error"),
    ]
    assert [each.difficulty for each in items.items(rows)] == [1, 1, 1]
    assert sum(items.distribution(rows)) == 1


@given(st.lists(POINTS, max_size=30))
def test_every_graded_submission_is_in_one_bin(table):
    counts = items.distribution([report(f"s{i}", row) for i, row in enumerate(table)])
    assert sum(counts) == len(table)
    assert counts[-1] == sum(row[0] + row[1] >= 0.9 * 8 for row in table)


def diagnosed(identifier: str, name: str) -> Report:
    base = report(identifier, [1, 4, 4])
    record = DiagnosisRecord(misconceptions=(name,), message=f"says {name}", confidence="unique")
    first = base.questions[0].model_copy(update={"diagnosis": record})
    return base.model_copy(update={"questions": (first, *base.questions[1:])})


def test_misconceptions_are_ranked_and_lead_to_the_pages():
    rows = [diagnosed("a", "rare"), diagnosed("b/b", "common"), diagnosed("c", "common")]
    found = items.misconceptions(rows)
    assert [(each.name, each.submissions) for each in found] == [
        ("common", ("b/b", "c")),
        ("rare", ("a",)),
    ]
    text = index(rows, "T", file_name)
    assert text.index("says common") < text.index("says rare")
    assert '<a href="staff/b/b.html#q0">' in text


def test_the_index_escapes_and_its_links_lead_to_the_files():
    rows = [
        report(name, [1, 2, 3]) for name in ("<script>alert(1)</script>", "a b#?%", "../up", "ü/é")
    ]
    text = index(rows, "<T>", file_name)
    assert "<script" not in text
    assert "Question &lt;0&gt;" in text
    assert "javascript" not in text
    assert 'href="staff/a%20b___' in text
    assert 'href="staff/../' not in text


def test_an_empty_and_an_ungraded_class_have_an_index():
    assert "0 <small>submissions" in index([], "T", file_name)
    text = index(
        [report("a", [0, 0, 0], "ungradable", message="Not a <notebook>.")], "T", file_name
    )
    assert "Not a &lt;notebook&gt;." in text


def test_a_thousand_submissions_are_a_page_of_less_than_a_megabyte():
    rows = [report(f"course/section-{i % 7}/student-{i:04}", [i % 5, 4, 0]) for i in range(1000)]
    text = index(rows, "T", file_name)
    assert len(text.encode()) < 1_000_000
    assert text.count('<a href="staff/') == 1000


def test_every_link_of_a_real_folder_leads_somewhere(browser, tmp_path):
    """Also in a browser: from index.html as a file, without a server."""
    rows = [report("a b#c", [1, 2, 3])]
    (tmp_path / "index.html").write_text(index(rows, "T", file_name), encoding="utf-8")
    target = tmp_path / "staff" / f"{file_name('a b#c')}.html"
    target.parent.mkdir()
    target.write_text("<title>found</title>")
    dom = browser.dom(tmp_path / "index.html")
    link = dom.split('<a href="')[1].split('"')[0]
    assert (tmp_path / unquote(link)).is_file()
