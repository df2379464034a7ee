"""A student's history: every mark, when and by which command it came, and what it changed."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from making import RUN, SETTINGS, facts, made, manual, report

from grader.facts import Extension
from grader.gradebook import Marking, open_gradebook
from grader.history import steps

DUE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def graded(tmp_path):
    """Return a folder: Ann was graded, marked by a person, regraded and given more time."""
    folder = tmp_path / "graded"
    folder.mkdir()
    book = open_gradebook(folder / "gradebook.sqlite")
    late = {"policy": "per_day", "due": DUE, "percent_per_day": 50}
    first = book.begin("grader grade hw.zip -o graded --database postgresql://ta:secret@db/x")
    version = book.version(first, made(tmp_path, late=late))
    for name, student in (("ann", "Ann Lee"), ("bob", "Bob Lee")):
        known = facts(name, student=student, submitted=DUE + timedelta(hours=1))
        book.record(first, version, SETTINGS, Marking(known, report(name, (0, 1)), RUN))
    second = book.begin("grader manual import graded sheet.csv")
    book.add_manual_marks(second, "a", [manual(1.5, comment="Good.", marker="kim")])
    third = book.begin("grader regrade graded --accept")
    ann = next(book.facts("a"))
    book.add_marks(
        third, version, SETTINGS, [Marking(ann, report("ann", (3, 1)), reason="q0 mended")]
    )
    book.add_extensions(third, "a", [Extension("ann", seconds=7200)])
    book.version(third, made(tmp_path, late=late, score={"rounding": "integer"}))
    book.close()
    return folder


def history(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "grader", "history", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_every_step_says_what_it_made_of_the_score(graded):
    book = open_gradebook(graded / "gradebook.sqlite")
    found = list(steps(book.history("a", "ann")))
    assert [(step.before, step.after) for step in found] == [
        (None, 0.5), (0.5, 1.25), (1.25, 2.75), (2.75, 5.5), (5.5, 6),
    ]  # fmt: skip
    assert [step.changes for step in found] == [
        ("first mark",),
        ("q0: 1.5 given by kim: Good.",),
        ("q0 mended", "q0: “a check” was failed, is passed"),
        ("more time: 2 hours",),
        ("the assignment's rules changed",),
    ]
    assert found[-1].after == next(book.standings("a")).score
    book.close()


def test_who_left_an_answer_blank_ends_where_the_gradebook_says(tmp_path):
    """The cap is the maximum, and that grows for all once a person marks one of them."""
    book = open_gradebook(tmp_path / "gradebook.sqlite")
    first = book.begin("grader grade")
    version = book.version(first, made(tmp_path, score={"cap": "max_score"}))
    for name, answers in (("ann", {"q0": "because"}), ("bob", {})):
        known = facts(name, answers=answers)
        book.record(first, version, SETTINGS, Marking(known, report(name, (4, 2), pending=0), RUN))
    assert [standing.score for standing in book.standings("a")] == [4, 4]
    book.add_manual_marks(book.begin("grader manual import"), "a", [manual(0)])
    again = Marking(facts("bob", answers={}, attempt=2), report("bob", (4, 2), pending=0), RUN)
    book.record(book.begin("grader grade"), version, SETTINGS, again)
    last = list(steps(book.history("a", "bob"), book.marking_since("a")))[-1]
    standing = {each.submission: each for each in book.standings("a")}["bob"]
    assert (last.after, last.max_score) == (standing.score, standing.max_score) == (6, 6)
    book.close()


def test_checks_of_one_name_are_told_apart(tmp_path):
    def twice(*outcomes: str):
        made_ = report("ann", (4, 2))
        checks = tuple(
            made_.questions[0].checks[0].model_copy(update={"status": o}) for o in outcomes
        )
        return made_.model_copy(
            update={"questions": (made_.questions[0].model_copy(update={"checks": checks}),)}
        )

    book = open_gradebook(tmp_path / "gradebook.sqlite")
    command = book.begin("grader grade")
    version = book.version(command, made(tmp_path))
    for outcomes in (("failed", "passed"), ("passed", "passed")):
        book.record(command, version, SETTINGS, Marking(facts(), twice(*outcomes), RUN))
    last = list(steps(book.history("a", "ann")))[-1]
    assert last.changes == ("q0: “a check” was failed, is passed",)
    book.close()


def test_the_history_of_a_student_is_shown_in_80_columns(graded):
    done = history(graded, "Ann Lee")
    assert done.returncode == 0, done.stderr
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    words = " ".join(done.stdout.split())
    for part in ("a · Ann Lee · ann", "– → 0.5 / 4", "1.25 → 2.75 / 6", "grader regrade graded"):
        assert part in words
    assert "secret" not in done.stdout


def test_as_json(graded):
    done = history(graded, "ann", "--format", "json")
    [found] = json.loads(done.stdout)
    assert (found["assignment"], found["submission"], found["student"]) == ("a", "ann", "Ann Lee")
    assert [step["after"] for step in found["steps"]] == [0.5, 1.25, 2.75, 5.5, 6]
    assert found["steps"][0]["command"]["line"].endswith("postgresql://ta:***@db/x")
    assert datetime.fromisoformat(found["steps"][0]["at"]).utcoffset() == timedelta(0)


def test_several_and_nobody_are_told_apart(graded):
    several = history(graded, "lee")
    assert several.returncode == 2
    assert several.stderr.splitlines()[1:] == ["  ann  Ann Lee", "  bob  Bob Lee"]
    nobody = history(graded, "zoe")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "nobody in the gradebook is called `zoe`" in nobody.stderr
