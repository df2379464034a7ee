"""No evidence, no points; a broken test is the author's error; nothing of its source gets out."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader import checks
from grader.checks import evidence
from grader.errors import AssignmentError
from grader.snapshot import Failed, Missing
from grader.tolerance import FLOAT32_CPU

HEAD = """
from otter.test_files import test_case
OK_FORMAT = False
name = "q"
"""


@pytest.fixture
def run(tmp_path: Path):
    def of(body: str, **values: object):
        path = tmp_path / "q.py"
        path.write_text(HEAD + body)
        return checks.run(path, evidence(values, {"g": torch.ones(2)}, FLOAT32_CPU))

    return of


CASE = '@test_case(name="x is three", points=2, hidden=True)\ndef three(x):\n    secret = 3\n'


def test_passed_and_failed(run):
    body = CASE + '    assert x == secret, "x: not this."\n'
    (good,), (bad,) = run(body, x=3), run(body, x=4)
    assert (good.status, good.points, good.label, good.hidden) == ("passed", 2, "x is three", True)
    assert (bad.status, bad.points, bad.message) == ("failed", 0, "x: not this.")


def test_a_missing_value_stops_the_check_before_it_runs(run):
    body = CASE + "    pass\n"
    (found,) = run(body, x=Missing("x"))
    assert (found.status, found.points) == ("not_run", 0)
    assert found.message == "`x` is not defined."
    (found,) = run(body, x=Missing("...", "placeholder"))
    assert found.message == "`x` still holds the placeholder `...`."


def test_a_value_that_could_not_be_observed_fails_the_check(run):
    (found,) = run(CASE + "    pass\n", x=Failed("ValueError", "bad\n  shape"))
    assert (found.status, found.points) == ("failed", 0)
    assert found.message == "Running your code raised ValueError: bad shape"


def test_none_is_a_value_like_any_other(run):
    (found,) = run(CASE + "    assert x is None\n", x=None)
    assert found.status == "passed"


def test_inputs_and_arithmetic_are_there(run):
    body = (
        '@test_case(name="n", points=1)\ndef n(given, arithmetic):\n'
        '    assert given["g"].sum() == 2 and arithmetic.unit_roundoff == 2**-24\n'
    )
    assert run(body)[0].status == "passed"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (CASE + "    x.nothing\n", "broke \\(AttributeError"),
        (CASE + "    1 / 0\n", "broke \\(ZeroDivisionError"),
        ('@test_case(name="n", points=1)\ndef n(y):\n    pass\n', "`y` is neither captured"),
        ("", "checks nothing"),
        ("1 / 0", "cannot be loaded"),
        ("def broken(:", "cannot be loaded"),
    ],
)
def test_a_broken_test_is_the_authors_error(run, body, sentence):
    with pytest.raises(AssignmentError, match=sentence):
        run(body, x=3)


def test_a_file_without_its_format_or_name_is_the_authors_error(tmp_path):
    path = tmp_path / "q.py"
    for text in ("name = 'q'\n", "OK_FORMAT = False\n"):
        path.write_text(text)
        with pytest.raises(AssignmentError, match="cannot be loaded"):
            checks.load(path)
    with pytest.raises(AssignmentError, match="found none"):
        checks.load(tmp_path / "other.py")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
def test_messages_of_any_kind_come_through_without_the_source(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("t") / "q.py"
    path.write_text(
        HEAD
        + CASE
        + "    raise AssertionError(given['text'])\n".replace("given['text']", repr(text)),
        encoding="utf-8",
    )
    (found,) = checks.run(path, evidence({"x": 1}, {}, FLOAT32_CPU))
    assert found.status == "failed"
    assert "secret" not in found.message
    assert "Error at line" not in found.message
    assert found.message.strip("'") in text or text.strip("'") == found.message


def test_one_test_cannot_change_what_the_next_one_sees(averages):
    values = {"values": torch.ones(2)}
    first = evidence({}, values, FLOAT32_CPU)
    first["given"]["values"].zero_()  # type: ignore[index]
    second = evidence({}, values, FLOAT32_CPU)
    assert second["given"]["values"].sum() == 2  # type: ignore[index]


def test_the_reference_is_imported_by_path_and_named_apart(averages, tmp_path):
    module = checks.load_reference(averages.hidden)
    assert module.mean(torch.ones(3)) == 1
    assert module.__name__ == "_reference_averages"
    with pytest.raises(AssignmentError, match="expected a package"):
        checks.load_reference(tmp_path)
