"""Certificate: a corpus finds out checks that are too lax or too strict, and goes stale loudly."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import pytest
from support import ROOT, TINY

from grader import certificate, corpus, stability
from grader.assignment import Assignment, Course
from grader.certificate import Result, digest, figures, results
from grader.errors import AssignmentError
from grader.pipeline import Settings
from grader.verify import certify

HIDDEN = "reference/averages/"
T = TypeVar("T")
ARGUED = """
[[mutant]]
cell = "why-answer"
before = "{before}"
after = "{after}"
why = "For the test's sake."
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    shutil.copytree(TINY, tmp_path / "course")
    return tmp_path / "course"


def averages_of(course: Path) -> Assignment:
    return Course(course).assignment("averages")


def certified(course: Path, *kinds: str) -> list[Result]:
    """Grade the corpus of a course, or the cases of some kinds."""
    return [
        r for r in results(averages_of(course), Settings()) if r.case.kind in kinds or not kinds
    ]


def passed_on(found: Iterable[T], total: int, what: str) -> Iterable[T]:
    return found


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_corpus_that_holds(course):
    found = certified(course)
    totals = figures(found)
    assert (totals.variants, totals.attacks) == (2, 1)
    assert totals.mutants > 10
    assert totals.false_rejects == totals.astray == totals.attacks_that_paid == 0
    survivors = [each.case.name for each in found if each.kept]
    assert survivors == [], survivors
    assert (totals.single_due, totals.single_right, totals.wrong_unique_claims) == (1, 1, 0)
    named = {each.case.name: each.named for each in found if each.case.kind == "mistake"}
    assert named["sum"] == {"mean": ("sum_taken",)}


def test_a_check_that_is_too_lax_is_found_out(course):
    replace(course / HIDDEN / "tests/mean.py", "51, arithmetic)", "51, arithmetic) + 1e9")
    replace(course / "assignments/averages/tests/mean.py", "4, arithmetic)", "4, arithmetic) + 9")
    found = certified(course)
    assert "sum" in {each.case.name for each in found if each.kept}
    assert figures(found).false_accepts > 0
    assert any("mistake sum" in sentence for sentence in certificate.failures(found))
    kills = certificate.kills(found, averages_of(course))
    assert kills["model"]["the answer counts the model's parameters"] > 0


def test_a_check_that_is_too_strict_is_found_out(course):
    replace(
        course / HIDDEN / "tests/model.py",
        "if not hasattr",
        "if model.type_name != 'Linear' or not hasattr",
    )
    found = certified(course)
    assert figures(found).false_rejects == 1
    assert any("variant sequential" in sentence for sentence in certificate.failures(found))


def test_an_argument_for_a_mutant_that_is_killed_is_refused(course):
    text = ARGUED.format(before="word = 'mean'", after="word = 'not mean'")
    (course / HIDDEN / "equivalent.toml").write_text(text)
    with pytest.raises(
        AssignmentError, match="no surviving mutant is why-answer: word = 'not mean'"
    ):
        certified(course)


def test_verify_writes_the_certificate_and_its_page(course, tmp_path):
    page = tmp_path / "certificate.md"
    proofs = list(certify(averages_of(course), Settings(), passed_on, seeds=1, table=page))
    assert not [proof for proof in proofs if proof.fault]
    document = json.loads((course / HIDDEN / "certificate.json").read_text())
    assert document["digest"] == digest(averages_of(course))
    measured = json.loads((course / HIDDEN / "stability.json").read_text())
    assert (measured["seeds"], measured["variants"], measured["false_rejects"]) == (1, 2, 0)
    assert page.read_text() == certificate.page(document, measured)
    again = certificate.certificate(certified(course), averages_of(course))
    assert certificate.to_text(again) == certificate.to_text(document)


def test_the_digest_sees_every_file_and_not_the_certificate(course):
    before = digest(averages_of(course))
    (course / HIDDEN / "certificate.json").write_text("{}")
    assert digest(averages_of(course)) == before
    replace(course / HIDDEN / "tests/why.py", "not this one", "not that one")
    assert digest(averages_of(course)) != before


def test_right_answers_of_different_questions_share_a_notebook(convolution):
    cases = [case for case in corpus.cases(convolution) if case.kind == "variant"]
    packed = stability.pack(cases)
    assert len(packed) < len(cases) / 2
    names = [name for case in packed for name in case.name.split(" + ")]
    assert sorted(names) == sorted(case.name for case in cases)


def test_stability_measures_how_much_of_the_bound_is_needed(course):
    assignment = averages_of(course)
    planned = stability.plan(assignment, 2)
    found = stability.summary(list(stability.runs(assignment, Settings(), planned)), assignment)
    assert (found["seeds"], found["threads"], found["false_rejects"]) == (2, [1, 2], 0)
    assert 0 < found["largest_share_of_the_bound"]["mean"] <= stability.LIMIT


# ------------------------------------------------------------------------------ the flagship


@pytest.fixture(scope="module")
def document(convolution: Assignment) -> dict:
    return json.loads((convolution.hidden / "certificate.json").read_text())


def test_the_flagship_is_certified_as_it_stands(convolution, document):
    again = (
        "run `grader verify -a convolution --table docs/certificate.md` and commit what it writes"
    )
    assert document["digest"] == digest(convolution), again


def test_the_flagship_s_certificate_holds(document):
    totals = document["totals"]
    assert totals["variants"] >= 30
    assert totals["mutants"] >= 120
    for name in (
        "false_rejects",
        "false_accepts",
        "astray",
        "attacks_that_paid",
        "wrong_unique_claims",
    ):
        assert totals[name] == 0, name
    assert totals["single_right"] >= 0.95 * totals["single_due"]
    assert all(case["holds"] for case in document["cases"])


def test_the_page_in_docs_is_the_certificate(convolution, document):
    path = convolution.hidden / certificate.STABILITY_FILE
    measured = json.loads(path.read_text()) if path.is_file() else None
    assert (ROOT / "docs" / "certificate.md").read_text() == certificate.page(document, measured)
