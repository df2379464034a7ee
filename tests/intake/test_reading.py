"""Whatever is handed in is read, repaired with a receipt, or refused with its own sentence."""

import io
import json
import os
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader import intake
from grader.assignment import Assignment
from grader.errors import SubmissionError
from grader.intake import Upload
from grader.notebook import parse, read_cell


def document(*sources: str, **changes: Any) -> dict[str, Any]:
    """Return a notebook of code cells as JSON."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for i, source in enumerate(sources or ("mean = sum",))
    ]
    plain = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": cells,
    }
    return {**plain, **changes}


def data(*sources: str, **changes: Any) -> bytes:
    return json.dumps(document(*sources, **changes), indent=1).encode()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.fixture
def read(tmp_path: Path, averages: Assignment):
    def run(content: bytes, name: str = "hw.ipynb") -> intake.Submission:
        path = tmp_path / name
        path.write_bytes(content)
        return intake.read(intake.uploads(path)[0], averages)

    return run


def lying_zip() -> bytes:
    """Return a zip whose header says 10 bytes where 300 MB come out."""
    content = zipped(**{"a.ipynb": data(), "big.bin": b"\0" * (300 * 2**20)})
    small = struct.pack("<L", 10)
    return content.replace(struct.pack("<L", 300 * 2**20), small)


def linked_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.ipynb", data())
        link = zipfile.ZipInfo("secret")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def zip_with(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.ipynb", data())
        archive.writestr(name, b"x")
    return out.getvalue()


REFUSED = {
    "not JSON": (b"# my notebook", "not JSON"),
    "half of a notebook": (data()[:-40], "only half"),
    "not text": (b"\x80\x81\x82", "not UTF-8"),
    "empty": (b"", "empty"),
    "only spaces": (b" \n\n", "empty"),
    "a list": (b"[1, 2]", "holds a list"),
    "JSON but no notebook": (b'{"a": 1}', "does not say its `nbformat`"),
    "no cells": (b'{"nbformat": 4, "metadata": {}}', "has no cells"),
    "nbformat 2": (data(nbformat=2, worksheets=[]), "in format 2"),
    "nbformat 5": (data(nbformat=5), "in format 5"),
    "nbformat of text": (data(nbformat="4"), "does not say its `nbformat`"),
    "nested too deeply": (b'{"nbformat":4,"cells":' + b"[" * 200_000, "nested too deeply"),
    "no code": (
        data(cells=[{"cell_type": "markdown", "source": "x", "metadata": {}}]),
        "0 code cells",
    ),
    "zero cells": (data(cells=[]), "0 code"),
    "empty code": (data("", "  \n"), "0 code"),
    "cells of numbers": (data(cells=[1, 2]), "cells cannot be read"),
    "R": (data(metadata={"kernelspec": {"name": "ir", "language": "R"}}), "written in R"),
    "Julia by its kernel": (data(metadata={"kernelspec": {"name": "julia-1.10"}}), "in Julia"),
    "Scala by language_info": (data(metadata={"language_info": {"name": "scala"}}), "in scala"),
    "marked as another's": (
        data(metadata={"grader": {"assignment": "convolution"}}),
        "another assignment, `convolution`",
    ),
    "unmarked but another's": (data("import numpy as np\nx = np.zeros(3)"), "another notebook"),
    "PDF": (b"%PDF-1.7 ...", "a PDF"),
    "web page": (b"<!DOCTYPE html><html></html>", "a web page"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 20, "an Office document"),
    "zip without": (zipped(**{"a.txt": b"x"}), "no notebook in the zip"),
    "zip with two": (
        zipped(**{"a.ipynb": data(), "b.ipynb": data("mean = 1")}),
        "2 notebooks in the zip",
    ),
    "zip bomb": (zipped(**{"a.ipynb": data(), "z": b"\0" * (300 * 2**20)}), "unpacks to 300 MB"),
    "zip bomb that lies": (lying_zip(), "zip file"),
    "zip with ..": (zip_with("../../evil.py"), "outside of itself"),
    "zip with /": (zip_with("/etc/evil"), "outside of itself"),
    "zip with backslashes": (zip_with("..\\evil.py"), "outside of itself"),
    "zip with a drive": (zip_with("C:/evil.py"), "outside of itself"),
    "zip with a link": (linked_zip(), "holds a link"),
    "zip of many": (zipped(**{f"f{i}": b"" for i in range(2100)}), "2,100 files"),
    "damaged zip": (zipped(**{"a.ipynb": data()})[:60], "damaged"),
}


@pytest.mark.parametrize("situation", REFUSED)
def test_what_cannot_be_graded_is_refused_with_its_own_sentence(situation, read):
    content, sentence = REFUSED[situation]
    with pytest.raises(SubmissionError, match=sentence):
        read(content)


def test_the_sentences_differ_and_say_what_to_do(read):
    sentences = []
    for content, _ in REFUSED.values():
        with pytest.raises(SubmissionError) as caught:
            read(content)
        sentences.append(str(caught.value))
    for sentence in sentences:
        assert sentence[0].isupper()
        assert sentence.rstrip().endswith((".", "?"))
        assert "Traceback" not in sentence
        assert len(sentence) < 400


def test_60_mb_are_refused_before_they_are_parsed(read):
    with pytest.raises(SubmissionError, match="60 MB large"):
        read(b'{"nbformat": 4, "x": "' + b"a" * (60 * 2**20) + b'"}')


def test_a_zip_with_a_password_is_refused(read):
    # Setting the flag is enough: the reader asks for a password before it decrypts.
    content = bytearray(zipped(**{"a.ipynb": data()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(SubmissionError, match="password"):
        read(bytes(content))


def test_a_folder_without_a_notebook_is_refused(tmp_path, averages):
    (tmp_path / "essay.txt").write_text("x")
    with pytest.raises(SubmissionError, match="no notebook in the folder"):
        intake.read(intake.uploads(tmp_path)[0], averages)


def test_a_missing_file_is_refused(tmp_path, averages):
    with pytest.raises(SubmissionError, match="cannot be read"):
        intake.read(Upload("gone", tmp_path / "gone.ipynb"), averages)


WITHOUT_IDS = document("mean = sum", "x = 1")
for each in WITHOUT_IDS["cells"]:
    del each["id"]
SAME_IDS = document("mean = sum", "x = 1")
SAME_IDS["cells"][1]["id"] = "c0"
VERSION_3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "cells": [
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": ["mean = sum\n", "x = 1"],
                    "language": "python",
                    "metadata": {},
                    "outputs": [],
                },
                {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Title"]},
            ]
        }
    ],
}
REPAIRED = {
    "byte-order mark": (b"\xef\xbb\xbf" + data(), "byte-order mark"),
    "UTF-16": (data().decode().encode("utf-16"), "UTF-16"),
    "CRLF": (data().replace(b"\n", b"\r\n"), "CRLF"),
    "nbformat 3": (json.dumps(VERSION_3).encode(), "format 3"),
    "no ids": (json.dumps(WITHOUT_IDS).encode(), "2 of 2 cells had no id"),
    "the same id twice": (json.dumps(SAME_IDS).encode(), "1 of 2 cells had no id"),
    "no kernel": (data(metadata={}), "names no kernel"),
    "an unknown kernel": (
        data(metadata={"kernelspec": {"name": "conda-env-nma-py", "language": "python"}}),
        "`conda-env-nma-py` is not known",
    ),
    "shell commands": (data("mean = sum\n!pip install x\n%pip install y"), "`!pip install x`"),
    "another version": (
        data(metadata={"grader": {"assignment": "averages", "version": "1"}}),
        "handed out as version 1",
    ),
}


@pytest.mark.parametrize("situation", REPAIRED)
def test_what_can_be_repaired_is_repaired_with_a_receipt(situation, read):
    content, receipt = REPAIRED[situation]
    submission = read(content)
    assert receipt in "; ".join(submission.receipts)
    assert submission.cells[0].source.startswith("mean = sum")
    ids = [cell["id"] for cell in submission.notebook.node.cells]
    assert len(set(ids)) == len(ids)
    nbformat.validate(submission.notebook.node)


def test_a_sound_notebook_has_no_receipts(read):
    assert read(data()).receipts == ()


def test_sources_as_lists_of_lines_are_read(read):
    plain = document()
    plain["cells"][0]["source"] = ["mean = sum\n", "x = 2"]
    assert read(json.dumps(plain).encode()).cells[0].source == "mean = sum\nx = 2"


def test_a_zip_of_one_notebook_brings_its_companions(read):
    content = zipped(
        **{
            "work__hw.ipynb": data(),
            "work__data__x.csv": b"1,2",
            "__MACOSX/work/._hw.ipynb": b"junk",
            "work__.ipynb_checkpoints__hw.ipynb": data(),
        }
    )
    submission = read(content, "hw.zip")
    assert submission.companions == {"data/x.csv": b"1,2"}


def test_a_folder_of_one_notebook_brings_its_companions_but_follows_no_links(tmp_path, averages):
    (tmp_path / "hw.ipynb").write_bytes(data())
    (tmp_path / "helper.py").write_text("x = 1")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (upload,) = intake.uploads(tmp_path)
    assert set(intake.read(upload, averages).companions) == {"helper.py"}


def test_a_class_is_found_below_a_folder(tmp_path):
    for name in ("ann/hw.ipynb", "bob/hw.ipynb", "bob/notes.txt", "cid.ipynb", "dee.zip"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data())
    (tmp_path / "ann" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "ann" / ".ipynb_checkpoints" / "hw-checkpoint.ipynb").write_bytes(data())
    found = {upload.id: upload.path.name for upload in intake.uploads(tmp_path)}
    assert found == {"ann": "ann", "bob": "bob", "cid": "cid.ipynb", "dee": "dee.zip"}


def test_nothing_in_a_class_is_lost(tmp_path):
    """Ids that would collide are told apart; what is no notebook is an upload to be refused."""
    for name in ("ann.ipynb", "ann/hw.ipynb", "ann.zip", "zed.ipynb", "fritz.pdf", "dana/hw.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data())
    (tmp_path / "eve").mkdir()
    found = intake.uploads(tmp_path)
    assert sorted(upload.id for upload in found) == [
        "ann.ipynb", "ann.zip", "ann/hw.ipynb", "dana", "eve", "fritz", "zed",
    ]  # fmt: skip
    assert len({upload.path for upload in found}) == 7


def test_an_answer_whose_cell_was_lost_is_still_waited_for(tmp_path, averages):
    node = nbformat.reads(averages.starter.read_text(), as_version=4)
    for number, cell in enumerate(node.cells):
        cell.metadata, cell.id = nbformat.NotebookNode(), f"x{number}"
    path = tmp_path / "hw.ipynb"
    path.write_text(nbformat.writes(node))
    submission = intake.read(Upload("hw", path), averages)
    assert submission.answers == {"why": ""}
    assert "written answer to why could not be found" in "; ".join(submission.receipts)


def test_notebooks_side_by_side_do_not_see_each_other(tmp_path, averages):
    for name in ("ann.ipynb", "bob.ipynb"):
        (tmp_path / name).write_bytes(data())
    for upload in intake.uploads(tmp_path):
        assert intake.read(upload, averages).companions == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path, averages):
    path = tmp_path / "hw.ipynb"
    path.write_bytes(data())
    path.chmod(0)
    with pytest.raises(SubmissionError, match="cannot be read"):
        intake.read(Upload("hw", path), averages)


def test_written_answers_count_once_they_differ_from_the_starter(tmp_path, averages):
    node = nbformat.reads(averages.starter.read_text(), as_version=4)
    path = tmp_path / "hw.ipynb"

    def answers() -> dict[str, str]:
        path.write_text(nbformat.writes(node))
        return dict(intake.read(Upload("hw", path), averages).answers)

    assert answers() == {}
    (cell,) = [c for c in node.cells if c.metadata.get("name") == "why-written"]
    cell.source = "Because."
    assert answers() == {"why": "Because."}
    node.cells.remove(cell)
    assert answers() == {"why": ""}


def test_check_cells_are_found_wherever_the_call_stands():
    source = 'x = 1\ncheck("mean")\nif x:\n    check("model")\n# check("why")\n!ls'
    cell = read_cell(3, source)
    assert cell.checks == ("mean", "model")
    assert cell.commands == ("!ls",)
    assert read_cell(0, "def broken(:").checks == ()
    assert read_cell(0, 'check("mean")\ndef broken(:').checks == ("mean",)


@pytest.mark.parametrize(
    "source",
    ["!ls\n" * 20_000, "x = " + "(" * 50_000, "x = " + "-" * 100_000 + "1", "x=1;" * 500_000],
)
def test_a_cell_made_to_be_slow_to_read_is_read_as_words(source):
    assert read_cell(0, source + "\nmean = 1").index == 0


def test_text_that_cannot_be_encoded_is_mended(read):
    submission = read(
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type":'
        b' "code", "metadata": {}, "source": "mean = \'\\ud800\'", "outputs": []}]}'
    )
    assert submission.cells[0].source == "mean = '?'"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cell_type", "source", "metadata", "id", "outputs", "kernelspec", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.fixed_dictionaries(
        {"nbformat": st.sampled_from([2, 3, 4, 4, 4, 5, None])},
        optional={"cells": json_like, "worksheets": json_like, "metadata": json_like},
    )
)
def test_any_json_is_a_notebook_or_a_submission_error(value):
    try:
        notebook = parse(json.dumps(value).encode())
    except SubmissionError:
        return
    assert notebook.code_cells()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_notebook_or_a_submission_error(content):
    with pytest.raises(SubmissionError):
        parse(content)
