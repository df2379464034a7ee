"""Every attack, in every tier that this machine allows, as root and as an unprivileged user.

The attacks are data: see `families/`. `drive.py` grades each of them, followed by an honest
notebook, in one run of warm processes; the tests read what it wrote down.
"""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from attacks.case import REACHED, Case
from attacks.families import CASES, FAMILIES
from attacks.runs import RUNS, Run
from rich.console import Console

from grader.feedback.terminal import print_report
from grader.report import Report

EACH = [
    pytest.param(run, case, id=f"{run.name}-{case.name}")
    for run in RUNS
    for family in run.families
    for case in FAMILIES[family]
]
each = pytest.mark.parametrize(("run", "case"), EACH)


def record(found, run: Run, case: Case, assertion: str) -> dict[str, Any]:
    """Return what was found of a case; skip, with the reason, what cannot hold in this tier."""
    if run.tier in case.not_run_in:
        pytest.skip(case.not_run_in[run.tier])
    if assertion in case.open_in.get(run.tier, {}):
        pytest.skip(case.open_in[run.tier][assertion])
    return found(run)["cases"][case.name]  # type: ignore[no-any-return]


@each
def test_the_mark_is_the_deserved_one(found, run: Run, case: Case):
    report = record(found, run, case, "mark")["report"]
    earned = {q["name"]: q["score"] for q in report["questions"] if q["score"]}
    assert earned == {name: mark for name, mark in case.marks.items() if mark}
    assert report["score"] == sum(case.marks.values())


@each
def test_it_ends_in_a_report_that_says_what_happened(found, run: Run, case: Case):
    report = record(found, run, case, "report")["report"]
    assert report["status"] == case.status, report["message"]
    assert case.message in (report["message"] or "")
    if case.status != "graded":
        return
    assert report["execution"]["status"] == case.ends(run.tier), report["message"]
    errors = {
        cell["index"]: cell["error"] or cell["status"]
        for cell in report["execution"]["cells"]
        # What a searching cell reaches is the next test's business.
        if cell["status"] != "ok" and not (cell["error"] or "").startswith(REACHED)
    }
    expected = case.cell_errors(run.tier)
    assert errors.keys() == expected.keys(), errors
    assert [e for index, e in errors.items() if expected[index] not in e] == []


@each
def test_nothing_hidden_is_reached_or_shown(found, run: Run, case: Case):
    seen = record(found, run, case, "hidden")
    cells = (seen["report"]["execution"] or {"cells": []})["cells"]
    assert [c["error"] for c in cells if (c["error"] or "").startswith(REACHED)] == []
    assert seen["leaks"] == []


@each
def test_the_next_submission_is_unaffected(found, run: Run, case: Case):
    seen = record(found, run, case, "next")
    assert seen["next"] == found(run)["honest"][case.assignment]
    assert seen["after"] == seen["before"]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_honest_notebooks_earn_what_they_deserve(found, run: Run):
    scores = {name: each["report"]["score"] for name, each in found(run)["honest"].items()}
    assert scores == {"averages": 4.5, "convolution": 7} if run.whole else {"averages": 4.5}


@pytest.mark.parametrize("case", [case for case in CASES if case.bites], ids=lambda case: case.name)
def test_the_search_finds_what_nothing_keeps_from_it(found, case: Case):
    """Without isolation these attacks succeed: they look in the right places."""
    (run,) = [run for run in RUNS if run.tier == "none"]
    errors = found(run)["cases"][case.name]["report"]["execution"]["cells"]
    assert any((cell["error"] or "").startswith(REACHED) for cell in errors)


def test_attacks_have_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES)


class Script(HTMLParser):
    """Collects what a browser could run or fetch in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form"):
            self.found.append(tag)
        for name, value in attrs:
            content = value or ""
            own = content.startswith(("#", "data:image/png;base64,", "data:image/svg+xml;base64,"))
            beside = re.fullmatch(r"(feedback|staff|reports)/[^:]*", content) is not None
            if name.startswith("on") or (name == "http-equiv" and content == "refresh"):
                self.found.append(f"{tag} {name}")
            if name in ("src", "href", "action", "srcset") and not (own or beside):
                self.found.append(f"{tag} {name}={content[:80]}")


@pytest.fixture
def whole(found, shared: Path) -> Path:
    """Return the folder of what was kept of each case, in the run of every family."""
    run = next(run for run in RUNS if run.whole)
    found(run)
    return shared / run.name / "out"


def test_no_page_holds_anything_that_a_browser_would_run(whole: Path):
    pages = sorted(whole.rglob("*.html"))
    assert len(pages) > 100
    for path in pages:
        script = Script()
        script.feed(path.read_text())
        assert script.found == [], path
        assert "default-src 'none'" in path.read_text()
    (page,) = (whole / "scripts_everywhere" / "feedback").rglob("*.html")
    assert "&lt;script&gt;" in page.read_text()


def test_no_cell_of_the_table_is_a_formula(whole: Path):
    tables = sorted(whole.glob("*/grades.csv"))
    for path in tables:
        for row in csv.reader(io.StringIO(path.read_text())):
            assert [cell for cell in row if cell.startswith(("=", "+", "@", "\t"))] == []
    (table,) = whole.glob("formula_as_file_name/grades.csv")
    assert "'=HYPERLINK" in table.read_text()


def test_what_is_kept_stays_in_its_folder(whole: Path):
    kept = {path.relative_to(whole).parts[1] for path in whole.rglob("*") if path.is_file()}
    assert kept == {"reports", "feedback", "staff", "snapshots", "grades.csv", "index.html"}


def test_the_terminal_view_hands_on_no_control_characters(whole: Path):
    (path,) = (whole / "terminal_escapes" / "reports").glob("*.json")
    screen = io.StringIO()
    print_report(Report.model_validate_json(path.read_text()), Console(file=screen, width=80))
    assert "[bold]100 of 100[/bold]" in screen.getvalue()
    assert [c for c in screen.getvalue() if ord(c) < 32 and c != "\n"] == []
