"""An upload that has travelled reads as it did at home: the same marks or the same refusal."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support import RIGHT, write_notebook

from grader.batch import parcel
from grader.batch.parcel import pack_course, unpack_course
from grader.errors import SubmissionError
from grader.gradebook.versions import digest, files
from grader.intake import Upload, fingerprint, read
from grader.intake.contents import MAX_COMPANION

with tempfile.TemporaryDirectory() as _place:
    NOTEBOOK = write_notebook(Path(_place) / "n.ipynb", RIGHT).read_bytes()
NAMES = st.sampled_from(
    [
        "hw.ipynb",
        "b/hw2.ipynb",
        "data/x.csv",
        "ä ö.txt",
        ".DS_Store",
        "x.zip",
        "__MACOSX/._hw.ipynb",
    ]
)
CONTENT = st.one_of(
    st.just(NOTEBOOK), st.binary(max_size=20), st.sampled_from([0, MAX_COMPANION + 1])
)


def as_read(upload: Upload, averages) -> object:
    try:
        found = read(upload, averages)
    except SubmissionError as error:
        return str(error)
    return found, upload.path.name


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(NAMES, CONTENT, min_size=1, max_size=5), st.sampled_from([None, "b/hw2.ipynb"])
)
def test_a_folder_reads_the_same_there(averages, content, known):
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        folder = Path(here) / "ann smith"
        for name, data in content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("wb") as file:
                file.truncate(data) if isinstance(data, int) else file.write(data)
        upload = Upload(
            "ann", folder, {"name": "Ann"}, receipts=("from a platform",), notebook=known
        )
        expected = as_read(upload, averages)
        try:
            packed = parcel.pack(upload, fingerprint(upload), None)
        except SubmissionError as error:
            refusal = str(error)
        else:
            refusal = None
        if refusal is not None:
            assert refusal == expected
            return
        travelled = parcel.unpack(packed, Path(there))
        assert as_read(travelled, averages) == expected
        assert fingerprint(travelled) == packed.fingerprint or isinstance(expected, str)
        sent = sum(len(data) for data in packed.files.values() if isinstance(data, bytes))
        assert sent < 10 * len(NOTEBOOK), "what intake leaves out does not travel"


def test_a_file_reads_the_same_there(averages, tmp_path):
    path = write_notebook(tmp_path / "my answer.ipynb", RIGHT)
    (tmp_path / "there").mkdir()
    upload = Upload("ann", path)

    travelled = parcel.unpack(parcel.pack(upload, fingerprint(upload), None), tmp_path / "there")

    assert as_read(travelled, averages) == as_read(upload, averages)


def test_an_assignment_is_the_same_there_and_only_for_its_user(convolution, tmp_path):
    there = unpack_course(pack_course(convolution), tmp_path)

    assert digest(files(there)) == digest(files(convolution))
    assert there.secret == convolution.secret
    assert there.hidden.stat().st_mode & 0o077 == 0
