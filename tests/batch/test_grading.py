"""What is graded once is not graded again, and what is there says what counts."""

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import RIGHT, WRONG, write_notebook

from grader.errors import SandboxError


def ids(reports) -> list[str]:
    return sorted(each.submission.id for each in reports)


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


def test_identical_submissions_run_once_and_each_has_its_own_report(given, tmp_path, grade_class):
    out = tmp_path / "out"
    for name in ("ann", "bob"):
        write_notebook(given / f"{name}.ipynb", RIGHT)
    assert ids(grade_class(given)) == ["ann", "bob"]
    # A third hands in the same later.
    write_notebook(given / "cid.ipynb", RIGHT)
    assert ids(grade_class(given)) == ["cid"]
    reports = {n: json.loads((out / f"reports/{n}.json").read_text()) for n in ("ann", "cid")}
    assert [r["submission"]["id"] for r in reports.values()] == ["ann", "cid"]
    assert reports["ann"]["questions"] == reports["cid"]["questions"]
    for name in ("ann", "bob", "cid"):
        assert name in (out / f"feedback/{name}.html").read_text()
        assert (out / f"snapshots/{name}.frames.gz").is_file()
    assert len(list((out / "uploads").iterdir())) == 1


def test_only_one_of_identical_submissions_has_a_run(given, grade_class, opened):
    for name in ("ann", "bob", "cid"):
        write_notebook(given / f"{name}.ipynb", RIGHT)
    grade_class(given)
    reasons = [opened.history("averages", n)[-1].marking for n in ("ann", "bob", "cid")]
    assert sorted(bool(each.run) for each in reasons) == [False, False, True]
    assert sum(each.reason.startswith("identical to ") for each in reasons) == 2


def test_the_same_command_again_does_nothing(given, tmp_path, grade_class):
    write_notebook(given / "ann.ipynb", RIGHT)
    (given / "bob.ipynb").write_text("{")
    assert ids(grade_class(given)) == ["ann", "bob"]
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.[hjc]*")}
    assert before
    assert grade_class(given) == []
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_a_changed_notebook_runs_again_and_history_keeps_both(given, grade_class, opened):
    write_notebook(given / "ann.ipynb", WRONG)
    grade_class(given)
    write_notebook(given / "ann.ipynb", RIGHT)
    assert [each.score for each in grade_class(given)] == [3.5]
    marks = [e.marking.report.score for e in opened.history("averages", "ann") if e.marking]
    assert marks == [0.5, 3.5]


def test_what_could_not_be_read_is_tried_again_once_it_has_changed(given, grade_class):
    (given / "ann.ipynb").write_text("{")
    assert [each.status for each in grade_class(given)] == ["ungradable"]
    assert grade_class(given) == []
    write_notebook(given / "ann.ipynb", RIGHT)
    assert [each.status for each in grade_class(given)] == ["graded"]


def test_our_own_error_is_tried_again(given, grade_class, changed):
    hidden = "reference/averages/tests/mean.py"
    broken = changed(hidden, "expect.close(", "1 / 0, expect.close(")
    write_notebook(given / "ann.ipynb", RIGHT)
    assert [each.status for each in grade_class(given, broken)] == ["error"]
    assert [each.status for each in grade_class(given, broken)] == ["error"]
    assert [each.status for each in grade_class(given)] == ["graded"]


def test_marks_by_another_version_are_left_to_regrade(given, grade_class, changed):
    write_notebook(given / "ann.ipynb", RIGHT)
    grade_class(given)
    other = changed("reference/averages/tests/mean.py", "", "# changed")
    write_notebook(given / "bob.ipynb", WRONG)
    assert ids(grade_class(given, other)) == ["bob"]


@pytest.mark.parametrize("lost", ["snapshots/ann.frames.gz", "uploads"])
def test_what_a_mark_was_made_from_is_made_again_if_lost(given, tmp_path, grade_class, lost):
    write_notebook(given / "ann.ipynb", RIGHT)
    grade_class(given)
    path = tmp_path / "out" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert ids(grade_class(given)) == ["ann"]
    assert path.exists()


@pytest.mark.parametrize(
    "lost", ["feedback/ann.html", "staff/ann.html", "reports/ann.json", "grades.csv", "index.html"]
)
def test_a_lost_page_is_made_again_without_a_run(given, tmp_path, grade_class, lost):
    write_notebook(given / "ann.ipynb", WRONG)
    grade_class(given)
    path = tmp_path / "out" / lost
    before = path.read_bytes()
    path.unlink()
    assert grade_class(given) == []
    assert path.read_bytes() == before


def test_a_damaged_snapshot_is_named_with_what_to_do(given, tmp_path, grade_class):
    write_notebook(given / "ann.ipynb", RIGHT)
    grade_class(given)
    path = tmp_path / "out" / "snapshots" / "ann.frames.gz"
    data = path.read_bytes()
    write_notebook(given / "bob.ipynb", RIGHT)
    for bad in (b"no", data[:-9], data[:40] + bytes(20) + data[60:]):
        path.write_bytes(bad)
        with pytest.raises(SandboxError, match=r"ann\.frames\.gz: .*Remove it; the same"):
            grade_class(given)
    path.unlink()
    assert ids(grade_class(given)) == ["ann", "bob"]


def test_a_damaged_upload_is_for_staff_to_mend_and_its_mark_stays(given, tmp_path, grade_class):
    write_notebook(given / "ann.ipynb", RIGHT)
    grade_class(given)
    out = tmp_path / "out"
    (upload,) = (out / "uploads").iterdir()
    upload.write_bytes(b"no notebook")
    write_notebook(given / "bob.ipynb", RIGHT)
    with pytest.raises(SandboxError, match=r"\.zip is damaged: .*Remove it; the same"):
        grade_class(given)
    # Its page is made from it, too: where it is damaged, the report alone is shown.
    (out / "feedback" / "ann.html").unlink()
    (given / "bob.ipynb").unlink()
    assert ids(grade_class(given)) == []
    score = json.loads((out / "reports" / "ann.json").read_text())["score"]
    assert score > 0
    assert f"{score:g}" in (out / "feedback" / "ann.html").read_text()
    upload.unlink()
    assert ids(grade_class(given)) == ["ann"]


def test_lateness_rounding_and_an_extension_reach_every_file(given, tmp_path, grade_class, changed):
    due = datetime(2026, 3, 1, tzinfo=UTC)
    rules = f'[late]\npolicy = "per_day"\ndue = {due.isoformat()}\npercent_per_day = 50\n'
    late = changed("assignments/averages/assignment.toml", "", rules)
    for name in ("ann", "bob"):
        write_notebook(given / f"{name}.ipynb", RIGHT, f"# {name}")
    handed_in = due + timedelta(hours=30)
    extensions = b"student,days\nbob,2\n"
    now = grade_class(given, late, extensions, handed_in)
    out = tmp_path / "out"
    assert {each.submission.id: each.score for each in now} == {"ann": 0.0, "bob": 3.5}
    rows = {r["submission"]: r for r in csv.DictReader((out / "grades.csv").open())}
    reports = {p.stem: json.loads(p.read_text()) for p in (out / "reports").glob("*.json")}
    pages = {name: (out / f"feedback/{name}.html").read_text() for name in rows}
    assert {name: row["score"] for name, row in rows.items()} == {"ann": "0.0", "bob": "3.5"}
    assert {name: report["score"] for name, report in reports.items()} == {"ann": 0.0, "bob": 3.5}
    [why] = reports["ann"]["adjustments"]
    assert why["kind"] == "late"
    assert why["message"] in pages["ann"]
    assert "days late" not in pages["bob"]
    # An extension that comes later changes what counts, and nothing runs.
    assert grade_class(given, late, b"student,days\nann,1\n", handed_in) == []
    assert json.loads((out / "reports/ann.json").read_text())["score"] == 1.75


def test_a_name_that_is_no_text_is_graded_and_kept(given, tmp_path, grade_class):
    folder = given / "ann"
    folder.mkdir()
    write_notebook(folder / "hw.ipynb", RIGHT)
    (Path(str(folder)) / b"\xff\xfe.csv".decode("utf-8", "surrogateescape")).write_text("1")
    assert [each.message for each in grade_class(given)] == [None]
