"""What a file is, which companions come with a notebook, and what makes two uploads the same."""

import pytest
from archives import docx, folder_at, notebook, zip_at, zipped

from grader.errors import SubmissionError
from grader.intake import Upload, digest, fingerprint, read
from grader.intake.contents import MAX_COMPANION

OWN = notebook()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (docx(), "a Word document"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "an Excel workbook"),
        (zipped({"mimetype": b"", "META-INF/manifest.xml": b""}), "a LibreOffice document"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"GIF89a", "a picture"),
    ],
)
def test_a_document_is_called_what_it_is_alone_or_in_a_folder(tmp_path, averages, content, words):
    path = tmp_path / "hw" / "hw.bin"
    folder_at(path.parent, {path.name: content})
    with pytest.raises(SubmissionError, match=f"^The file is {words}, not a notebook"):
        read(Upload("hw", path), averages)
    with pytest.raises(SubmissionError, match=rf"it holds hw\.bin \({words}\)\. Hand in"):
        read(Upload("hw", path.parent), averages)


def test_an_empty_folder_is_said_to_be_empty(tmp_path, averages):
    with pytest.raises(SubmissionError, match="it is empty"):
        read(Upload("hw", tmp_path), averages)


def test_a_companion_has_the_name_it_has_from_the_notebook(tmp_path, averages):
    members = {"work/hw.ipynb": OWN, "work/data/ä.csv": b"1", "elsewhere.csv": b"2"}
    folder = folder_at(tmp_path / "hw", members)
    flagless = zip_at(tmp_path / "hw.zip", members, flagged=False)
    for path in (folder, flagless):
        assert dict(read(Upload("hw", path), averages).companions) == {"data/ä.csv": b"1"}


def test_a_companion_that_is_left_out_is_said(tmp_path, averages):
    folder_at(tmp_path / "hw", {"hw.ipynb": OWN, "small.csv": b"1"})
    with (tmp_path / "hw" / "large.bin").open("wb") as file:
        file.truncate(MAX_COMPANION + 1)
    submission = read(Upload("hw", tmp_path / "hw"), averages)
    assert set(submission.companions) == {"small.csv"}
    assert "`large.bin` was left out: companion files may take 64 MB" in submission.receipts


def test_what_is_executed_alike_has_one_fingerprint_however_it_came(tmp_path):
    members = {"hw.ipynb": OWN, "x.csv": b"1"}
    same = [
        folder_at(tmp_path / "ann", members),
        zip_at(tmp_path / "bob.zip", members),
        zip_at(tmp_path / "cid.zip", {f"work/{name}": each for name, each in members.items()}),
        folder_at(tmp_path / "dee", {"renamed.ipynb": OWN, "x.csv": b"1"}),
    ]
    assert len({fingerprint(Upload(path.name, path)) for path in same}) == 1


def test_whatever_differs_in_execution_has_another_fingerprint(tmp_path):
    variants = [
        {"hw.ipynb": OWN},
        {"hw.ipynb": notebook("mean = 1")},
        {"hw.ipynb": OWN, "x.csv": b"1"},
        {"hw.ipynb": OWN, "x.csv": b"2"},
        {"hw.ipynb": OWN, "y.csv": b"1"},
        {"hw.ipynb": OWN, "x.cs": b"v1"},
        {"hw.ipynb": OWN, "data/x.csv": b"1"},
        {"hw.ipynb": OWN, "x.csv": b"1", "y.csv": b""},
        {"hw.ipynb": OWN, "other.ipynb": notebook("mean = 1")},
        {"hw.ipynb": notebook("mean = 1"), "other.ipynb": OWN},
        {},
    ]
    paths = [folder_at(tmp_path / f"{number}", each) for number, each in enumerate(variants)]
    paths[-1].mkdir()
    (tmp_path / "damaged.zip").write_bytes(zipped({"hw.ipynb": OWN})[:50])
    (tmp_path / "damaged too.zip").write_bytes(zipped({"hw.ipynb": OWN})[:51])
    paths += [tmp_path / "damaged.zip", tmp_path / "damaged too.zip", tmp_path / "gone.ipynb"]
    assert len({fingerprint(Upload(path.name, path)) for path in paths}) == len(paths)


def test_the_digest_of_a_folder_is_that_of_its_notebook(tmp_path, averages):
    (tmp_path / "alone.ipynb").write_bytes(OWN)
    alone = digest(Upload("a", tmp_path / "alone.ipynb"))
    members = {"hw.ipynb": OWN, "data.zip": zipped({"x.csv": b"1"})}
    folder = Upload("a", folder_at(tmp_path / "hw", members))
    assert digest(folder) == read(folder, averages).sha256 == alone
    several = {"starter.ipynb": OWN, "scratch.ipynb": notebook("x = 1")}
    chosen = Upload("a", folder_at(tmp_path / "several", several))
    assert read(chosen, averages).sha256 == alone
