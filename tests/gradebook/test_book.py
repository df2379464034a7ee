"""The gradebook keeps every mark, on SQLite and on PostgreSQL alike."""

import dataclasses
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from making import RUN, SETTINGS, facts, made, manual, report
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from support import ROOT, TINY

from grader.assignment import Assignment, Course
from grader.errors import UsageError
from grader.facts import Extension, ManualMark
from grader.gradebook import Marking, Version, open_gradebook
from grader.gradebook.records import Marked
from grader.gradebook.tables import METADATA, connect


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return made(tmp_path)


def begun(book, assignment: Assignment) -> tuple:
    command = book.begin("grader grade hw/")
    return command, book.version(command, assignment)


def test_the_newest_mark_counts_and_the_older_ones_stay(book, assignment):
    command, version = begun(book, assignment)
    for scores in ((1.0, 0.0), (4.0, 2.0)):
        marking = Marking(facts(), report(scores=scores), RUN, "test")
        book.record(command, version, SETTINGS, marking)
    assert [(f.id, r.score) for f, r in book.current("a")] == [("ann", 6.0)]
    marked = [entry.marking for entry in book.history("a", "ann") if entry.marking]
    assert [each.report.score for each in marked] == [1.0, 6.0]
    assert [each.run for each in marked] == [RUN, RUN]


def test_facts_come_back_as_they_went_in(book, assignment):
    command, version = begun(book, assignment)
    kept = facts(
        "ann", student="Ann Ö", identity={"email": "a@b", "name": "Ann Ö"}, late=True, attempt=2,
        submitted=datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
        source="hw.ipynb", answers={"q0": "one\n\0\ud800", "q1": ""},
    )  # fmt: skip
    book.record(command, version, SETTINGS, Marking(kept, report()))
    [(found, _)] = book.current("a")
    assert found == kept
    assert found.submitted.utcoffset() == timedelta(0)


def test_text_that_a_database_refuses_is_mended(book, assignment):
    command, version = begun(book, assignment)
    book.record(command, version, SETTINGS, Marking(facts(student="a\0b\ud800"), report()))
    assert next(book.facts("a")).student == "a\N{REPLACEMENT CHARACTER}b?"


def test_submissions_are_sorted_as_python_sorts(book, assignment):
    ids = ["b", "a", "B", "é", "z", "Z/1", "_", "10", "9", "\U0001f600", "｡"]
    command, version = begun(book, assignment)
    book.add_marks(command, version, SETTINGS, (Marking(facts(i), report(i)) for i in ids))
    assert [f.id for f, _ in book.current("a")] == sorted(ids)
    assert [s.submission for s in book.standings("a")] == sorted(ids)


def test_marked_says_what_the_current_mark_was_made_of(book, assignment):
    command, version = begun(book, assignment)
    for name, status in (("a", "graded"), ("b", "ungradable"), ("c", "error")):
        book.record(command, version, SETTINGS, Marking(facts(name), report(name, status=status)))
    assert book.marked("a") == {
        "a": Marked("of a", SETTINGS, "graded", version.id),
        "b": Marked("of b", SETTINGS, "ungradable", version.id),
        "c": Marked("of c", SETTINGS, "error", version.id),
    }
    assert book.marked("other") == {}
    # Graded again under other settings: the old mark is no longer the current one.
    book.record(command, version, "other", Marking(facts("a"), report("a")))
    assert book.marked("a")["a"].settings == "other"


def test_a_regrade_keeps_the_run_that_it_comes_from(book, assignment):
    command, version = begun(book, assignment)
    book.record(command, version, SETTINGS, Marking(facts(), report(), RUN))
    again = book.begin("grader regrade")
    many = [Marking(f, report(f.id, (4, 2)), reason="q0: corrected") for f, _ in book.current("a")]
    book.add_marks(again, version, SETTINGS, many)
    last = book.history("a", "ann")[-1]
    assert (last.command, last.marking.run, last.marking.reason) == (again, RUN, "q0: corrected")


def test_many_marks_are_added_whole_or_not_at_all(book, assignment):
    command, version = begun(book, assignment)

    def broken():
        for number in range(450):
            yield Marking(facts(str(number)), report(str(number)))
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        book.add_marks(command, version, SETTINGS, broken())
    assert list(book.facts("a")) == []


def test_manual_marks_count_as_long_as_the_answer_is_the_same(book, assignment):
    command, version = begun(book, assignment)
    book.record(command, version, SETTINGS, Marking(facts(), report()))
    book.add_manual_marks(command, "a", [manual(0.5), manual(1.5, comment="Good.")])
    [standing] = book.standings("a")
    assert (standing.score, standing.max_score, standing.pending) == (5.5, 6, 0)
    assert standing.questions == {"q0": 4.5, "q1": 1.0}
    # Handed in again with the same answer, then with another one.
    book.record(command, version, SETTINGS, Marking(facts(fingerprint="new"), report()))
    assert next(book.standings("a")).score == 5.5
    changed = facts(fingerprint="newer", answers={"q0": "something else"})
    book.record(command, version, SETTINGS, Marking(changed, report()))
    assert (next(book.standings("a")).score, next(book.standings("a")).pending) == (4, 2)


def test_a_manual_mark_for_nobody_is_refused_and_nothing_is_added(book, assignment):
    command, version = begun(book, assignment)
    book.record(command, version, SETTINGS, Marking(facts(), report()))
    stranger = dataclasses.replace(manual(1), submission="zoe")
    with pytest.raises(UsageError, match="no submission `zoe`"):
        book.add_manual_marks(command, "a", [manual(1), stranger])
    assert list(book.given("a")) == []


def test_rules_extensions_and_lateness_reach_the_standings(book, tmp_path):
    due = datetime(2026, 3, 1, tzinfo=UTC)
    late = {"policy": "per_day", "due": due, "percent_per_day": 25}
    command, version = begun(book, made(tmp_path, late=late))
    for name in ("ann", "bob"):
        handed_in = facts(name, submitted=due + timedelta(hours=30))
        book.record(command, version, SETTINGS, Marking(handed_in, report(name)))
    book.add_extensions(
        command, "a", [Extension("bob", seconds=9e5), Extension("bob", seconds=8e4)]
    )
    ann, bob = book.standings("a")
    assert (ann.score, ann.raw_score, ann.penalty, ann.late_seconds) == (2, 4, 2, 108_000)
    assert (bob.score, bob.penalty, bob.late_seconds) == (3, 1, 28_000)


def test_a_moved_due_date_counts_at_once_and_asks_for_no_run(book, tmp_path):
    due = datetime(2026, 3, 1, tzinfo=UTC)
    first = {"policy": "cut_off", "due": due}
    command, before = begun(book, made(tmp_path, late=first))
    handed_in = facts(submitted=due + timedelta(hours=1))
    book.record(command, before, SETTINGS, Marking(handed_in, report()))
    assert next(book.standings("a")).score == 0
    moved = {"policy": "cut_off", "due": due + timedelta(days=1)}
    after = book.version(command, made(tmp_path, late=moved))
    assert next(book.standings("a")).score == 4
    assert (after.digest, after.id == before.id) == (before.digest, False)
    assert book.version(command, made(tmp_path, late=moved)) == after


def test_the_digest_covers_what_marks_depend_on_and_nothing_else(tmp_path):
    shutil.copytree(TINY, tmp_path / "course")
    course = Course(tmp_path / "course")
    book = open_gradebook(tmp_path / "book.sqlite")
    command = book.begin("grader grade")

    def digest() -> str:
        return book.version(command, course.assignment("averages")).digest

    hidden, public = (
        tmp_path / "course" / part / "averages" for part in ("reference", "assignments")
    )
    seen = [digest()]
    (hidden / "variants.py").write_text("# more")
    (hidden / "__pycache__").mkdir(exist_ok=True)
    (hidden / "__pycache__" / "x.pyc").write_bytes(b"x")
    toml = public / "assignment.toml"
    toml.write_text(f'# a comment\n{toml.read_text()}\n[score]\nrounding = "half"\n')
    assert digest() == seen[0]
    for path in (hidden / "tests" / "mean.py", hidden / "__init__.py", public / "probes.py"):
        path.write_text(path.read_text() + "\n# changed\n")
        seen.append(digest())
    toml.write_text(toml.read_text().replace("cell_seconds = 20", "cell_seconds = 30"))
    seen.append(digest())
    assert len(set(seen)) == 5


def test_no_row_can_be_changed_or_removed(place, assignment):
    book = open_gradebook(place)
    command, version = begun(book, assignment)
    book.record(command, version, SETTINGS, Marking(facts(), report(), RUN))
    book.add_manual_marks(command, "a", [manual(1)])
    book.add_extensions(command, "a", [Extension("ann", seconds=1)])
    engine = connect(place)
    verbs = ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"]
    verbs += ["TRUNCATE {0} CASCADE"] if engine.dialect.name == "postgresql" else []
    for table in METADATA.tables.values():
        assert table.name in inspect(engine).get_table_names()
        for verb in verbs:
            with pytest.raises(DBAPIError, match="only ever added"), engine.begin() as connection:
                connection.execute(text(verb.format(table.name, next(iter(table.c)).name)))
    assert len(list(book.current("a"))) == 1
    engine.dispose()


def test_a_settled_report_is_not_kept(book, assignment):
    command, version = begun(book, assignment)
    book.record(command, version, SETTINGS, Marking(facts(), report()))
    book.add_manual_marks(command, "a", [manual(1)])
    [(kept, settled)] = book.settled("a")
    with pytest.raises(ValueError, match="before any adjustment"):
        book.record(command, version, SETTINGS, Marking(kept, settled))


def test_a_newer_schema_is_refused(place):
    open_gradebook(place).close()
    engine = connect(place)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO schema (version) VALUES (99)"))
    engine.dispose()
    with pytest.raises(UsageError, match=r"schema 99; this grader knows schema 1\. Use the grader"):
        open_gradebook(place)


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("mysql://host/book", "no gradebook is kept in `mysql`"),
        ("postgresql://ann:secret@127.0.0.1:1/book", "cannot be opened"),
        ("://", "no URL of a database"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_in_a_sentence(where, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        open_gradebook(where)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    path.write_text("my notes\n" * 100)
    with pytest.raises(UsageError, match="file is not a database"):
        open_gradebook(path)
    assert path.read_text() == "my notes\n" * 100


def test_matching_is_exact_where_it_can_be(book, assignment):
    command, version = begun(book, assignment)
    people = [
        ("7", "Ann Lee", "ann@x.org"),
        ("8", "Ann Leeson", "al@x.org"),
        ("9", "Bo", "bo@x.org"),
    ]
    for identifier, name, email in people:
        known = facts(identifier, student=name, identity={"name": name, "email": email})
        book.record(command, version, SETTINGS, Marking(known, report(identifier)))

    def ids(name: str) -> list[str]:
        return [each.id for _, each in book.matching(name)]

    assert ids("9") == ["9"]
    assert ids("ann lee") == ["7"]
    assert ids("AL@x.org") == ["8"]
    assert ids("Lee") == ["7", "8"]
    assert ids("nobody") == []


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from making import RUN, SETTINGS, facts, made, report
from grader.gradebook import Marking, open_gradebook
place, name, count = sys.argv[1], sys.argv[3], int(sys.argv[4])
book = open_gradebook(place)
command = book.begin(f"grader grade {name}")
version = book.version(command, made(Path(sys.argv[5])))
print("ready", flush=True)
for number in range(count):
    one = f"{name}-{number}"
    book.record(command, version, SETTINGS, Marking(facts(one), report(one), RUN))
    print(one, flush=True)
"""


def writer(place: str, name: str, count: int, folder: Path) -> subprocess.Popen[str]:
    arguments = [place, str(ROOT / "tests"), name, str(count), str(folder)]
    line = [sys.executable, "-c", textwrap.dedent(WRITER), *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_two_processes_write_at_once_and_nothing_is_lost(place, tmp_path):
    both = [writer(place, name, 60, tmp_path) for name in ("one", "two")]
    assert [each.communicate()[0].count("\n") for each in both] == [61, 61]
    assert [each.returncode for each in both] == [0, 0]
    book = open_gradebook(place)
    assert len(list(book.current("a"))) == 120
    # Both found the same assignment: one version is kept.
    assert sum(entry.version is not None for entry in book.history("a", "one-0")) == 1
    book.close()


def test_a_killed_writer_leaves_whole_rows(place, tmp_path):
    """Every mark that was said to be kept is there; of a mark that was under way, all or nothing."""
    told: set[str] = set()
    for name in ("first", "second"):
        process = writer(place, name, 100_000, tmp_path)
        for _ in range(random.randint(1, 60)):
            told.add(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        told |= {*process.stdout}
        process.wait()
    said = {line.strip() for line in told if line.endswith("\n")} - {"ready"}
    book = open_gradebook(place)
    kept = {f.id: r.score for f, r in book.current("a")}
    assert said <= set(kept)
    assert set(kept.values()) <= {4.0}
    assert all(len(book.history("a", name)) == 2 for name in list(kept)[:5])
    book.close()
    if "://" not in place:
        with sqlite3.connect(place) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


NAMES = st.sampled_from(["ann", "Bob", "é", "a/b"])
ANSWERS = st.sampled_from(["because", "other", "nul\0"])
POINTS = st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.7])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), NAMES, ANSWERS, POINTS, st.integers(-50, 100)),
        st.tuples(st.just("manual"), NAMES, ANSWERS, POINTS),
        st.tuples(st.just("extend"), NAMES, st.integers(0, 90)),
        st.tuples(st.just("rules"), st.sampled_from(["none", "per_day", "cut_off"])),
    ),
    max_size=12,
)


@hypothesis_settings(max_examples=15, deadline=None,
                     suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(operations=OPERATIONS)
def test_the_same_operations_give_the_same_standings_everywhere(operations, new_database, tmp_path):
    places = [str(tmp_path / f"{uuid.uuid4()}.sqlite"), new_database()]
    books = [open_gradebook(place) for place in places]
    try:
        results = [outcome(book, operations, tmp_path) for book in books]
        assert results[0] == results[1]
    finally:
        for each in books:
            each.close()


def outcome(book, operations, folder: Path) -> tuple:
    due = datetime(2026, 3, 1, tzinfo=UTC)
    command, version = begun(book, made(folder))
    refused = []
    for kind, *values in operations:
        if kind == "record":
            name, answer, points, hours = values
            state = facts(name, answers={"q0": answer}, submitted=due + timedelta(hours=hours))
            book.record(command, version, SETTINGS, Marking(state, report(name, (points, 0.5))))
        elif kind == "manual":
            name, answer, points = values
            mark = ManualMark(name, "q0", manual(0, text=answer).answer, points)
            try:
                book.add_manual_marks(command, "a", [mark])
            except UsageError as error:
                refused.append(str(error))
        elif kind == "extend":
            book.add_extensions(command, "a", [Extension(values[0], seconds=3600 * values[1])])
        else:
            late = {"policy": values[0], "due": due, "percent_per_day": 12.5}
            version: Version = book.version(command, made(folder, late=late))
    history = [
        (entry.manual, entry.extension, entry.marking and entry.marking.report)
        for facts_ in book.facts("a")
        for entry in book.history("a", facts_.id)
    ]
    return list(book.standings("a")), list(book.settled("a")), history, refused
