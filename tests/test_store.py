"""What is kept: whole files, under names that stay inside the folder and never collide."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import collect
from grader.store import file_name, harmless, write

ids = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(ids)
def test_a_name_stays_inside_its_folder(identifier):
    path = Path("/out") / f"{file_name(identifier)}.json"
    assert Path(os.path.normpath(path)).is_relative_to("/out")
    assert path != Path("/out")
    assert ".." not in path.parts
    assert all(len(part.encode()) < 256 * 4 for part in path.parts)


@given(ids, ids)
def test_other_ids_have_other_names(one, other):
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"])
def test_formulas_are_made_harmless(text):
    assert harmless(text) == f"'{text}"
    assert harmless("ann") == "ann"


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a" / "report.json"
    write(path, b"first")

    def broken(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space left"):
        write(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_said_plainly_and_leaves_nothing_half_written(small_disk):
    """A real full disk, which the gradebook fits on and a solved notebook's files do not."""
    disk = small_disk("400k")
    submission = Path(__file__).parent / "submissions" / "right_solved" / "submission.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "grader", "grade", str(submission), "-o", str(disk)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [p for p in disk.rglob("*") if p.name.startswith(".partial")]


def test_notebooks_of_one_name_are_told_apart_and_none_is_taken_twice(tmp_path):
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hw.ipynb").write_text("{}")
    paths = [tmp_path / name / "hw.ipynb" for name in ("ann", "bob")]
    found = collect([*paths, paths[0]], tmp_path / "u").uploads
    assert len(found) == 2
    assert len({upload.id for upload in found}) == 2
    assert all(
        upload.id.endswith(f"{n}/hw.ipynb") for upload, n in zip(found, ("ann", "bob"), strict=True)
    )
