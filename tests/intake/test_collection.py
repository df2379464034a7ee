"""Whatever a platform gave becomes uploads with ids, names and times, and no file is dropped."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archives import docx, folder_at, notebook, tar_at, zip_at, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError, UsageError
from grader.intake import Collection, Upload, collect, fingerprint, read, read_roster, uploads
from grader.intake.collection import handed_in_before

OWN = notebook("mean = sum")
CANVAS = {
    "doejane_1001_501_hw.ipynb": notebook("mean = 1"),
    "doejane_1001_502_data.csv": b"1,2",
    "doejohn_LATE_1002_510_hw.ipynb": notebook("mean = 2"),
    "doejohn_LATE_1002_520_hw-1.ipynb": notebook("mean = 3"),
    "müllerjürgen_1003_530_hw.zip": zipped({"hw.ipynb": notebook("mean = 4"), "x.csv": b"1"}),
    "poe_van_pat_1004_540_essay.pdf": b"%PDF-1.7",
    "roerick_1005_550_hw.docx": docx(),
    "smithsam_1006_text.html": b"<!DOCTYPE html>",
    "tanli_1007_560_hw.ipynb": notebook("mean = 5"),
    "tanli_1007_561_scratch.ipynb": notebook("mean = 6"),
    "ueno_1008_570_hw.zip": zipped({"hw.ipynb": OWN})[:50],
}
MOODLE = {
    "Jane Doe_31_assignsubmission_file/hw.ipynb": notebook("mean = 1"),
    "Jane Doe_31_assignsubmission_file/data/x.csv": b"1",
    "Jane Doe_31_assignsubmission_onlinetext/onlinetext.html": b"<p></p>",
    "Jane Doe_32_assignsubmission_file_/hw.ipynb": notebook("mean = 2"),
    "Zoë Ray_33_assignsubmission_onlinetext/onlinetext.html": b"<p>hi</p>",
    "李 雷_34_assignsubmission_file/作业.ipynb": notebook("mean = 3"),
}
GRADESCOPE = {
    "submission_metadata.yml": b"""---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '123'
    :email: jane@uni.example
  :created_at: 2024-02-05 15:04:05.000000000 Z
submission_12:
  :submitters:
  - :name: Ann Lee
    :email: ann@uni.example
  - :name: Bob Ray
    :email: bob@uni.example
  :created_at: 2024-02-05 16:00:00.000000000 Z
submission_13:
  :submitters:
  - :name: Jane Doe
    :sid: '123'
    :email: jane@uni.example
  :created_at: 2024-02-06 15:04:05.000000000 Z
""",
    "submission_11/hw.ipynb": notebook("mean = 1"),
    "submission_12/hw.ipynb": notebook("mean = 2"),
    "submission_12/data.csv": b"1",
    "submission_13/hw.ipynb": notebook("mean = 3"),
}
NBGRADER = {
    "submitted/ann/averages/averages.ipynb": notebook("mean = 1"),
    "submitted/ann/averages/timestamp.txt": b"2024-02-05 15:04:05.000000 UTC",
    "submitted/bob/averages/averages.ipynb": notebook("mean = 2"),
    "submitted/bob/averages/data.csv": b"1",
    "submitted/bob/averages/timestamp.txt": b"2024-02-05 16:04:05 America/New_York",
}
PLAIN = {
    "ann/hw.ipynb": notebook("mean = 1"),
    "ann/data.csv": b"1",
    "bob.ipynb": notebook("mean = 2"),
    "cid.zip": zipped({"hw.ipynb": notebook("mean = 3")}),
    "dee.pdf": b"%PDF-1.7",
}
SHAPES = {
    "canvas": CANVAS,
    "moodle": MOODLE,
    "gradescope": GRADESCOPE,
    "nbgrader": NBGRADER,
    "plain": PLAIN,
}


def under(top: str, members: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{top}/{name}": content for name, content in members.items()}


def given_as(form: str, members: dict[str, bytes], place: Path) -> Path:
    """Write the members in one of the forms in which a TA can have them."""
    junk = {"__MACOSX/._x.ipynb": b"junk"}
    match form:
        case "folder":
            return folder_at(place / "class", members)
        case "zip":
            return zip_at(place / "class.zip", members)
        case "zip without the flag":
            return zip_at(place / "class.zip", {**members, **junk}, flagged=False)
        case "zip in a top folder":
            return zip_at(place / "class.zip", {**under("assignment_5_export", members), **junk})
        case "tar":
            return tar_at(place / "class.tar.gz", members)
        case "zip alone in a folder":
            (place / "class").mkdir(exist_ok=True)
            return zip_at(place / "class" / "class.zip", members).parent
        case "zip in a zip":
            return zip_at(place / "outer.zip", {"class.zip": zipped(members)})
    raise AssertionError(form)


FORMS = ("folder", "zip", "zip without the flag", "zip in a top folder", "tar", "zip in a zip",
         "zip alone in a folder")  # fmt: skip


def by_id(collection: Collection):
    assert len({each.id for each in collection.uploads}) == len(collection.uploads)
    return {each.id: each for each in collection.uploads}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_each_layout_is_known_in_each_form_and_no_file_is_dropped(tmp_path, shape, form):
    members = SHAPES[shape]
    found = collect([given_as(form, members, tmp_path)], tmp_path / "u")
    assert found.layout == shape
    taken: list[bytes] = []
    for upload in (*found.uploads, *(each.upload for each in found.superseded)):
        files = [upload.path] if upload.path.is_file() else upload.path.rglob("*")
        taken += [path.read_bytes() for path in files if path.is_file()]
    odd = [name for name in members if any(each.endswith(name) for each in found.odd)]
    assert sorted(taken) == sorted(members[name] for name in members if name not in odd)
    again = collect([given_as(form, members, tmp_path)], tmp_path / "u")
    assert again == found


def test_canvas(tmp_path, averages):
    found = collect([zip_at(tmp_path / "submissions.zip", CANVAS, flagged=False)], tmp_path / "u")
    uploads = by_id(found)
    assert list(uploads) == ["1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008"]
    assert uploads["1003"].identity == {"canvas_id": "1003", "name": "müllerjürgen"}
    assert uploads["1004"].identity["name"] == "poe_van_pat"
    assert {each.id for each in uploads.values() if each.late} == {"1002"}
    jane = read(uploads["1001"], averages)
    assert (jane.student, dict(jane.companions)) == ("doejane", {"data.csv": b"1,2"})
    john = read(uploads["1002"], averages)
    assert john.cells[0].source == "mean = 3"
    assert "1 earlier attempt of this student was not graded" in john.receipts
    assert uploads["1002"].attempt == 2
    ((old),) = found.superseded
    assert (old.by, old.upload.id, old.upload.attempt) == ("1002", "1002 (attempt 1)", 1)
    assert dict(read(uploads["1003"], averages).companions) == {"x.csv": b"1"}
    for name, sentence in (
        ("1004", "is a PDF, not a notebook"),
        ("1005", "is a Word document, not a notebook"),
        ("1006", "is a web page"),
        ("1007", "There are 2 notebooks in the folder"),
        ("1008", "zip file is damaged"),
    ):
        with pytest.raises(SubmissionError, match=sentence):
            read(uploads[name], averages)


def test_anonymous_canvas(tmp_path):
    members = {
        "anon_x7Gh2_501_hw.ipynb": OWN,
        "LATE_anon_Zu9pQ_502_hw.ipynb": OWN,
        "anon_k3mRt_text.html": b"<html>",
    }
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    uploads = by_id(found)
    assert set(uploads) == {"anon_x7Gh2", "anon_Zu9pQ", "anon_k3mRt"}
    assert uploads["anon_Zu9pQ"].late is True
    assert all(each.identity == {} for each in uploads.values())
    assert "hid the students' names" in found.receipts[0]


def test_moodle(tmp_path, averages):
    found = collect([zip_at(tmp_path / "a.zip", MOODLE)], tmp_path / "u")
    uploads = by_id(found)
    assert set(uploads) == {"31", "32", "33", "34"}
    assert uploads["31"].identity == {"name": "Jane Doe", "moodle_participant": "31"}
    assert uploads["34"].student == "李 雷"
    assert dict(read(uploads["31"], averages).companions) == {"data/x.csv": b"1"}
    assert found.odd == ("Jane Doe_31_assignsubmission_onlinetext/onlinetext.html",)
    with pytest.raises(SubmissionError):
        read(uploads["33"], averages)


def test_moodle_without_folders(tmp_path, averages):
    members = {
        "Jane Doe_31_assignsubmission_file_hw.ipynb": OWN,
        "Jane Doe_31_assignsubmission_file_data.csv": b"1",
        "Jane Doe_31_assignsubmission_onlinetext_onlinetext.html": b"",
        "Ann Lee_32_assignsubmission_file_my_hw.ipynb": OWN,
    }
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    uploads = by_id(found)
    assert set(uploads) == {"31", "32"}
    assert dict(read(uploads["31"], averages).companions) == {"data.csv": b"1"}
    assert len(found.odd) == 1


def test_a_download_of_one_late_student_keeps_the_platforms_id(tmp_path):
    members = {"Jane Doe_31_assignsubmission_file/hw.ipynb": OWN}
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    assert (found.layout, list(by_id(found))) == ("moodle", ["31"])


def test_blind_marking_of_moodle_gives_no_names(tmp_path):
    members = {f"Teilnehmer_{n}_assignsubmission_file/hw.ipynb": OWN for n in (1, 2)}
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    assert [each.student for each in found.uploads] == [None, None]


def test_gradescope(tmp_path, averages):
    path = zip_at(tmp_path / "a.zip", under("assignment_9_export", GRADESCOPE))
    found = collect([path], tmp_path / "u")
    uploads = by_id(found)
    assert set(uploads) == {"12", "13"}
    assert uploads["13"].submitted == datetime(2024, 2, 6, 15, 4, 5, tzinfo=UTC)
    assert uploads["13"].identity["student_id"] == "123"
    assert [(each.upload.id, each.by) for each in found.superseded] == [("11", "13")]
    assert [person["email"] for person in found.groups["12"]] == [
        "ann@uni.example",
        "bob@uni.example",
    ]
    assert dict(read(uploads["12"], averages).companions) == {"data.csv": b"1"}


@pytest.mark.parametrize("named", ["course", "submitted", "stamps"])
def test_nbgrader(tmp_path, averages, named):
    members = NBGRADER
    if named == "submitted":
        members = {name: content for name, content in members.items() if "stamp" not in name}
    folder_at(tmp_path / "course", members)
    found = collect([tmp_path / ("course" if named == "course" else "course/submitted")], tmp_path)
    uploads = by_id(found)
    assert set(uploads) == {"ann", "bob"}
    assert uploads["bob"].identity == {"student_id": "bob"}
    if named != "submitted":
        assert uploads["bob"].submitted == datetime(2024, 2, 5, 21, 4, 5, tzinfo=UTC)
    # What is executed does not depend on when it was handed in.
    assert dict(read(uploads["bob"], averages).companions) == {"data.csv": b"1"}


def test_a_plain_class_keeps_its_ids_and_companions(tmp_path, averages):
    for form in ("folder", "zip", "zip in a top folder", "tar"):
        place = tmp_path / form
        place.mkdir()
        uploads = by_id(collect([given_as(form, PLAIN, place)], tmp_path / "u"))
        assert set(uploads) == {"ann", "bob", "cid", "dee"}, form
        assert dict(read(uploads["ann"], averages).companions) == {"data.csv": b"1"}


def test_one_notebook_or_a_zip_with_one_is_one_upload_as_it_lies(tmp_path):
    (tmp_path / "ann.ipynb").write_bytes(OWN)
    zip_at(tmp_path / "bob.zip", {"work/hw.ipynb": OWN, "work/data/x.csv": b"1"})
    zip_at(tmp_path / "cid.zip", {"hw.ipynb": OWN, "data.zip": zipped({"x.csv": b"1"})})
    (tmp_path / "dee.docx").write_bytes(docx())
    (tmp_path / "eve.zip").write_bytes(zipped({"hw.ipynb": OWN})[:60])
    folder_at(tmp_path / "fay", {"hw.ipynb": OWN, "x.csv": b"1"})
    folder_at(tmp_path / "gus" / "x", {"ann.ipynb": OWN})
    for path in sorted(tmp_path.iterdir()):
        found = collect([path], tmp_path / "u")
        assert found.uploads == uploads(path), path
        assert found.layout == "plain"
    paths = [folder_at(tmp_path / name, {"hw.ipynb": OWN}) / "hw.ipynb" for name in ("h", "i")]
    assert collect([*paths, paths[0]], tmp_path / "u").uploads == tuple(
        Upload(path.resolve().as_posix().lstrip("/"), path) for path in paths
    )


def test_a_tar_with_one_notebook_is_one_submission(tmp_path, averages):
    path = tar_at(tmp_path / "ann.tar.gz", {"work/hw.ipynb": OWN, "work/x.csv": b"1"})
    (upload,) = collect([path], tmp_path / "u").uploads
    assert upload.id == "ann"
    assert dict(read(upload, averages).companions) == {"x.csv": b"1"}


def test_a_zip_of_the_students_zips_is_a_class(tmp_path):
    members = {f"{name}.zip": zipped({"hw.ipynb": OWN}) for name in ("ann", "bob")}
    assert set(by_id(collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u"))) == {
        "ann",
        "bob",
    }
    members = {"ann.ipynb": OWN, "bob.zip": zipped({"hw.ipynb": OWN})}
    assert set(by_id(collect([zip_at(tmp_path / "b.zip", members)], tmp_path / "u"))) == {
        "ann",
        "bob",
    }


def test_a_students_own_zip_cannot_pass_for_a_class(tmp_path):
    forged = zipped({f"Ann_{n}_assignsubmission_file/hw.ipynb": OWN for n in (1, 2)})
    members = {
        "Eve_6_assignsubmission_file/hw.zip": forged,
        "Bob_7_assignsubmission_file/hw.ipynb": OWN,
    }
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    assert set(by_id(found)) == {"6", "7"}


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_damaged_archive_of_a_class_is_a_fault_of_the_download(tmp_path, cut):
    (tmp_path / "a.zip").write_bytes(zipped(CANVAS)[:-cut])
    with pytest.raises(UsageError, match="Download it again"):
        collect([tmp_path / "a.zip"], tmp_path / "u")


def test_what_follows_no_naming_is_graded_under_its_own_name(tmp_path):
    members = {
        **MOODLE,
        "by mail/ann.ipynb": OWN,
        "zed.ipynb": OWN,
        "notes.txt": b"x",
        ".hidden": b"x",
    }
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    assert {"by mail", "zed", "notes"} < set(by_id(found))
    assert "3 entries are not named as moodle names them" in " ".join(found.receipts)
    assert ".hidden" in found.odd


def test_what_lies_beside_several_notebooks_is_listed(tmp_path):
    members = {
        "week/ann.ipynb": OWN,
        "week/bob.ipynb": OWN,
        "week/data.csv": b"1",
        "cid.ipynb": OWN,
    }
    found = collect([folder_at(tmp_path / "class", members)], tmp_path / "u")
    assert found.odd == ("week/data.csv",)


def test_links_in_an_archive_are_listed(tmp_path):
    members = {"ann.ipynb": OWN, "bob.ipynb": OWN, "../up.ipynb": OWN}
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    assert found.odd == ("a.zip/../up.ipynb",)
    assert "1 entries were not unpacked" in found.receipts[0]


def test_two_downloads_of_one_class_give_the_newest_of_each_student(tmp_path):
    early = {"doejane_1_10_hw.ipynb": notebook("x = 1"), "roerick_2_11_hw.ipynb": OWN}
    late = {"doejane_LATE_1_20_hw-1.ipynb": notebook("x = 2"), "tanli_3_21_hw.ipynb": OWN}
    paths = [zip_at(tmp_path / "late.zip", late), zip_at(tmp_path / "early.zip", early)]
    found = collect(paths, tmp_path / "u")
    assert set(by_id(found)) == {"1", "2", "3"}
    assert (by_id(found)["1"].late, by_id(found)["1"].attempt) == (True, 2)
    assert [(each.upload.id, each.by) for each in found.superseded] == [("1 (attempt 1)", "1")]


def test_where_nothing_says_which_is_newer_both_are_graded(tmp_path):
    for name, code in (("a", "x = 1"), ("b", "x = 2")):
        members = {f"Jane Doe_{n}_assignsubmission_file/hw.ipynb": notebook(code) for n in (1, 2)}
        zip_at(tmp_path / f"{name}.zip", members)
    found = collect([tmp_path / "a.zip", tmp_path / "b.zip"], tmp_path / "u")
    assert set(by_id(found)) == {"a/1", "a/2", "b/1", "b/2"}
    assert len(found.receipts) == 4
    assert found.superseded == ()


def test_one_of_several_notebooks_counts_only_where_that_is_certain(tmp_path, averages):
    marked = notebook("mean = 1", "averages")
    for number, (members, counts) in enumerate(
        (
            ({"a.ipynb": marked, "b.ipynb": OWN}, "mean = 1"),
            ({"starter.ipynb": OWN, "b.ipynb": notebook("mean = 9")}, "mean = sum"),
            ({"a.ipynb": OWN, "copy of a.ipynb": OWN}, "mean = sum"),
            ({"a.ipynb": notebook("mean = 1", "convolution"), "averages.ipynb": OWN}, "mean = sum"),
            ({"a.ipynb": OWN, "b.ipynb": notebook("mean = 9")}, None),
            ({"a.ipynb": marked, "b.ipynb": notebook("mean = 2", "averages")}, None),
            ({"a.ipynb": b"{", "b.ipynb": OWN}, None),
        )
    ):
        tree = under("Jane_1_assignsubmission_file", {**members, "x.csv": b"1"})
        folder = folder_at(tmp_path / f"{number}", tree)
        (upload,) = collect([folder], tmp_path / "u").uploads
        if counts is None:
            with pytest.raises(SubmissionError, match="not clear which one counts"):
                read(upload, averages)
        else:
            submission = read(upload, averages)
            assert submission.cells[0].source == counts
            assert submission.companions["x.csv"] == b"1"
            assert any("notebooks" in each for each in submission.receipts)


def test_a_notebook_with_older_ones_in_folders_is_still_graded(tmp_path, averages):
    members = {"ann/hw.ipynb": OWN, "ann/a/old.ipynb": notebook("mean = 0"), "bob.ipynb": OWN}
    uploads = by_id(collect([folder_at(tmp_path / "class", members)], tmp_path / "u"))
    assert set(uploads) == {"ann", "ann/a", "bob"}
    assert read(uploads["ann"], averages).cells[0].source == "mean = sum"
    assert fingerprint(uploads["ann"]) != fingerprint(uploads["bob"])


def test_files_of_the_tas_folder_are_copied_and_not_shared(tmp_path):
    folder = folder_at(tmp_path / "class", CANVAS)
    found = by_id(collect([folder], tmp_path / "u"))
    made = found["1001"].path / "hw.ipynb"
    assert os.stat(made).st_ino != os.stat(folder / "doejane_1001_501_hw.ipynb").st_ino
    (folder / "doejane_1001_501_hw.ipynb").write_bytes(OWN)
    assert made.read_bytes() == notebook("mean = 1")
    assert (by_id(collect([folder], tmp_path / "u"))["1001"].path / "hw.ipynb").read_bytes() == OWN


def test_a_roster_names_everybody_and_says_who_is_missing(tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,HW 1 (77)\n"
        ",,,,,Manual Posting\n"
        "    Points Possible,,,,,10\n"
        '"Doe, Jane",1001,S1,jane,A,\n'
        '"Doe, John",1002,S2,john,A,\n'
        '"Poe, Absent",1099,S9,absent,A,\n'
        '"Student, Test",5,,x,A,\n',
        encoding="utf-8-sig",
    )
    path = zip_at(tmp_path / "a.zip", CANVAS)
    found = collect([path], tmp_path / "u", read_roster(roster))
    uploads = by_id(found)
    assert uploads["1001"].student == "Jane Doe"
    assert uploads["1001"].identity["sis_id"] == "S1"
    assert [each.identity["name"] for each in found.absent] == ["Absent Poe"]
    assert found.unmatched == ("1003", "1004", "1005", "1006", "1007", "1008")
    assert len(found.uploads) == 8


def test_who_handed_in_with_an_earlier_download_is_not_absent_from_a_later_one(tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n"
        '"Doe, Jane",1001,S1,jane,A\n"Doe, John",1002,S2,john,A\n"Poe, Absent",1099,S9,absent,A\n'
    )
    students = read_roster(roster)
    first = collect([zip_at(tmp_path / "a.zip", CANVAS)], tmp_path / "u", students)
    late = {"tanli_1007_900_hw.ipynb": OWN, "uenoken_1008_901_hw.ipynb": OWN}
    second = collect([zip_at(tmp_path / "b.zip", late)], tmp_path / "u", students)
    assert len(second.absent) == 3
    before = {upload.id: upload.identity for upload in first.uploads}
    left = handed_in_before(second, before).absent
    assert [each.identity["name"] for each in left] == ["Absent Poe"]


def test_a_list_that_was_read_is_no_stray(tmp_path):
    members = {**GRADESCOPE, ".notes": b"x"}
    found = collect([zip_at(tmp_path / "a.zip", members)], tmp_path / "u")
    assert sorted(found.odd) == [".notes", "submission_metadata.yml"]
    assert found.strays == (".notes",)


def test_everybody_of_a_group_is_there(tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "First Name,Last Name,SID,Email,Role\nJane,Doe,123,j@x,Student\nAnn,Lee,4,ANN@uni.example,"
        "Student\nBob,Ray,5,bob@uni.example,Student\nTa,Ta,6,ta@x,TA\n"
    )
    path = zip_at(tmp_path / "a.zip", GRADESCOPE)
    found = collect([path], tmp_path / "u", read_roster(roster))
    assert (found.absent, found.unmatched) == ((), ())
    assert [each["student_id"] for each in found.groups["12"]] == ["4", "5"]


names = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(names, st.sampled_from(["hw.ipynb", "x.csv", "my_hw-1.ipynb", "a.zip", "b.pdf"])),
        min_size=2,
        max_size=12,
    ),
    st.sampled_from(["canvas", "moodle", "flat", "gradescope"]),
)
@settings(max_examples=60, deadline=None)
def test_every_file_is_an_upload_or_superseded_or_odd(tmp_path_factory, parts, shape):
    tmp_path = tmp_path_factory.mktemp("class")
    students: dict[str, int] = {}
    members = {}
    for number, (name, file) in enumerate(parts):
        user = students.setdefault(name, 100 + len(students))
        path = {
            "canvas": f"{name.lower()}_{user}_{500 + number}_{file}",
            "moodle": f"{name}_{user}_assignsubmission_file/{number}/{file}",
            "flat": f"{name}_{user}_assignsubmission_file_{number}{file}",
            "gradescope": f"submission_{user}/{number}/{file}",
        }[shape]
        members[path] = f"{number}".encode()
    if shape == "gradescope":
        members["submission_metadata.yml"] = b"{}"
    found = collect([folder_at(tmp_path / "class", members)], tmp_path / "u")
    taken = []
    for upload in (*found.uploads, *(each.upload for each in found.superseded)):
        files = [upload.path] if upload.path.is_file() else upload.path.rglob("*")
        # A companion may lie there under its old name too.
        taken += {path.read_bytes() for path in files if path.is_file()}
    assert sorted([*taken, *(members[name] for name in found.odd)]) == sorted(members.values())
    assert len({each.id for each in found.uploads}) == len(found.uploads)
