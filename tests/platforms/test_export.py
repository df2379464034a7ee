"""`grader export` as its users meet it: where the file is, what did not fit, nothing replaced."""

import re
import sys
import zipfile
from pathlib import Path

import pytest
from classroom import canvas, moodle, standing
from click.testing import CliRunner
from readers import canvas_import, moodle_feedback
from support import TINY

from grader.cli import main
from grader.store import file_name

CLASS = (("Lee, Ann", 11, "s11", "ann", "Lab A"), ("Zhang, Wei", 13, "s13", "wei", "Lab B"))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a folder as `grader grade -o` leaves it; the gradebook's standings are given."""
    (tmp_path / "out" / "feedback" / "a").mkdir(parents=True)
    (tmp_path / "out" / "gradebook.sqlite").touch()
    (tmp_path / "canvas.csv").write_bytes(canvas(CLASS).replace(b"Convolution", b"Averages"))
    given = [
        standing(
            "a/hw",
            14.5,
            student="Ann Lee",
            canvas_id="11",
            email="ann@uni.example",
            gradescope_submission="7001",
        ),
        standing("mystery\x1b[31m", 3),
        standing("w", 0, status="error", canvas_id="13"),
    ]
    (tmp_path / "out" / "feedback" / f"{file_name('a/hw')}.html").write_text("<p>Ann</p>")
    module = sys.modules["grader.cli.export"]
    monkeypatch.setattr(module, "standings", lambda database, assignment: iter(given))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments), "--course", str(TINY)])


def test_the_file_is_written_and_what_did_not_fit_is_said(folder):
    done = run(
        folder / "out", "--to", "canvas", "--template", folder / "canvas.csv", "--column", 4002
    )
    assert done.exit_code == 0, done.output
    made = folder / "out" / "export" / "canvas.csv"
    taken = canvas_import(made.read_bytes(), {11: "", 13: "", 999: ""}, {4001, 4002})
    assert taken.grades[11] == {4002: "14.5"}
    assert taken.grades[13] == {4002: ""}
    assert "1 mark exported." in done.output
    said = re.sub(r"\s+", " ", done.output)
    assert "1 submission is without a mark because the grader failed" in said
    assert "1 submission has no row in the template: mystery?[31m: 3." in said
    assert "Next: in Canvas, Grades > Import" in said
    lines = done.output.splitlines()
    assert all(len(line) <= 80 for line in lines[1:])
    assert "\x1b" not in done.output


def test_a_second_export_replaces_the_first_but_no_file_of_somebody_else(folder):
    again = (folder / "out", "--to", "csv")
    assert run(*again).exit_code == 0
    assert run(*again).exit_code == 0
    own = folder / "mine.csv"
    own.write_text("precious")
    done = run(*again, "-o", own)
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert own.read_text() == "precious"
    assert run(*again, "-o", own, "--force").exit_code == 0
    assert own.read_text().startswith("id,student")


def test_the_template_is_never_replaced(folder):
    template = folder / "canvas.csv"
    before = template.read_bytes()
    done = run(folder / "out", "--to", "canvas", "--template", template, "--column", "4002",
               "-o", template, "--force")  # fmt: skip
    assert done.exit_code == 2
    assert "is the template itself" in done.output
    assert template.read_bytes() == before


def test_feedback_lies_beside_the_worksheet(folder):
    template = folder / "sheet.csv"
    template.write_bytes(moodle([(501, "Ann Lee", "ann@uni.example")]))
    done = run(folder / "out", "--to", "moodle", "--template", template, "--feedback",
               "-o", folder / "marks.csv")  # fmt: skip
    assert done.exit_code == 0, done.output
    archive = folder / "marks-feedback.zip"
    assert moodle_feedback(archive.read_bytes(), {501}) == {501: ("feedback.html", b"<p>Ann</p>")}
    assert "Upload multiple feedback files in a zip" in re.sub(r"\s+", " ", done.output)


def test_gradescopes_zip_is_whole(folder):
    assert run(folder / "out", "--to", "gradescope").exit_code == 0
    with zipfile.ZipFile(folder / "out" / "export" / "gradescope.zip") as archive:
        assert archive.testzip() is None


def test_a_zip_that_cannot_be_finished_is_not_there_at_all(folder):
    broken = folder / "out" / "reports" / "a"
    broken.mkdir(parents=True)
    (folder / "out" / "reports" / f"{file_name('a/hw')}.json").write_text('{"schema": 99}')
    done = run(folder / "out", "--to", "gradescope")
    assert done.exit_code == 2
    assert "Grade the folder again." in re.sub(r"\s+", " ", done.output)
    assert [path.name for path in (folder / "out" / "export").iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "canvas"), "Export Entire Gradebook"),
        (("--to", "moodle"), "Download grading worksheet"),
        (("--to", "csv", "--feedback"), "--feedback does nothing with --to csv"),
        (("--to", "moodle", "--column", "x"), "--column does nothing with --to moodle"),
        (("--to", "canvas", "--template", "/no/such.csv"), "no such file: /no/such.csv"),
    ],
)
def test_a_wrong_command_says_what_to_do_and_writes_nothing(folder, arguments, sentence):
    done = run(folder / "out", *arguments)
    assert done.exit_code == 2
    assert sentence in re.sub(r"\s+", " ", done.output)
    assert not (folder / "out" / "export").exists()


def test_a_folder_that_grade_did_not_make_is_refused(tmp_path):
    done = run(tmp_path, "--to", "csv")
    assert done.exit_code == 2
    assert "no gradebook.sqlite" in done.output
