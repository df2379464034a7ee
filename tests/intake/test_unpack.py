"""An archive is unpacked whole or not at all, once, and nothing is written elsewhere."""

import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from archives import notebook, tar_at, zip_at, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.intake import unpack as unpacking
from grader.intake.unpack import unpack

ROOT = Path(__file__).parents[2]


def everything(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob(".partial-*"))


def test_a_zip_and_a_tar_give_the_same_files(tmp_path):
    members = {"a/b.txt": b"1", "c.txt": b"2" * 3_000_000}
    zipped = unpack(zip_at(tmp_path / "a.zip", members), tmp_path / "u")
    tarred = unpack(tar_at(tmp_path / "a.tar.gz", members), tmp_path / "u")
    assert everything(zipped.root) == everything(tarred.root) == members
    assert zipped.skipped == tarred.skipped == ()


def test_what_is_unpacked_is_used_again_whatever_the_archive_is_called(tmp_path):
    path = zip_at(tmp_path / "a.zip", {"a.txt": b"1"})
    first = unpack(path, tmp_path / "u")
    before = (first.root / "a.txt").stat().st_ino
    again = unpack(path.rename(tmp_path / "b.zip"), tmp_path / "u")
    assert again == first
    assert (again.root / "a.txt").stat().st_ino == before


def hostile_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ann/hw.ipynb", notebook())
        archive.writestr("../above.txt", b"x")
        archive.writestr("/absolute.txt", b"x")
        archive.writestr("..\\windows.txt", b"x")
        archive.writestr("C:\\drive.txt", b"x")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("ann", b"a file where a folder is")
        archive.writestr("ann/hw.ipynb/deep.txt", b"a folder where a file is")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("ann/hw.ipynb", b"second of its name")
    return path


def hostile_tar(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, target in (
            ("ann/hw.ipynb", tarfile.REGTYPE, ""),
            ("../above.txt", tarfile.REGTYPE, ""),
            ("/absolute.txt", tarfile.REGTYPE, ""),
            ("link", tarfile.SYMTYPE, "/etc"),
            ("link/passwd", tarfile.REGTYPE, ""),
            ("hard", tarfile.LNKTYPE, "/etc/passwd"),
            ("device", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
        ):
            about = tarfile.TarInfo(name)
            about.type, about.linkname = kind, target
            about.size = 1 if kind == tarfile.REGTYPE else 0
            archive.addfile(about, io.BytesIO(b"x"))
    return path


def test_nothing_is_written_outside_and_what_is_left_in_the_archive_is_listed(tmp_path):
    inner = tmp_path / "inner"
    done = unpack(hostile_zip(tmp_path / "a.zip"), inner / "u")
    assert everything(done.root) == {"ann/hw.ipynb": notebook()}
    assert len(done.skipped) == 8
    assert {"../above.txt", "/absolute.txt", "../windows.txt", "link"} <= set(done.skipped)
    done = unpack(hostile_tar(tmp_path / "a.tgz"), inner / "u")
    assert everything(done.root) == {"ann/hw.ipynb": b"x", "link/passwd": b"x"}
    assert set(done.skipped) == {"../above.txt", "/absolute.txt", "link", "hard", "device", "pipe"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "a.zip", "inner"]
    assert not any(path.is_symlink() for path in inner.rglob("*"))


def test_names_of_every_age_and_length_are_kept_apart(tmp_path):
    names = ["Zoë/hw.ipynb", "李雷/作业.ipynb", "ñ/hw.ipynb"]
    members = {name: name.encode() for name in names}
    for flagged in (True, False):
        path = zip_at(tmp_path / f"{flagged}.zip", members, flagged=flagged)
        assert everything(unpack(path, tmp_path / "u").root) == members
    old = zipped({"caf?.txt": b"x"}).replace(b"caf?", b"caf\x82")
    (tmp_path / "old.zip").write_bytes(old)
    assert set(everything(unpack(tmp_path / "old.zip", tmp_path / "u").root)) == {"café.txt"}
    long = {f"{'题' * 100}{end}.ipynb": end.encode() for end in "ab"}
    kept = everything(unpack(zip_at(tmp_path / "long.zip", long), tmp_path / "u").root)
    assert sorted(kept.values()) == [b"a", b"b"]
    assert all(name.startswith("题") and name.endswith(".ipynb") for name in kept)


def broken() -> dict[str, bytes]:
    whole = zipped({"a.ipynb": notebook("x = 1"), "b.ipynb": notebook("y = 2")})
    start = whole.index(b"a.ipynb") + 20
    locked = bytearray(whole)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + place] |= 1
    method = bytearray(whole)
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        method[method.index(signature) + place] = 9
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        about = tarfile.TarInfo("a.ipynb")
        about.size = 100_000
        archive.addfile(about, io.BytesIO(os.urandom(100_000)))
    return {
        "half.zip": whole[:-60],
        "flipped.zip": whole[:start] + bytes(8) + whole[start + 8 :],
        "locked.zip": bytes(locked),
        "method.zip": bytes(method),
        "half.tar.gz": out.getvalue()[:50_000],
        "none.tar.gz": b"\x1f\x8bnonsense",
        "text.tar": b"this is no archive",
        "empty.tar": b"",
    }


@pytest.mark.parametrize("name", broken())
def test_a_broken_archive_is_refused_with_a_sentence_and_leaves_nothing(tmp_path, name):
    (tmp_path / name).write_bytes(broken()[name])
    with pytest.raises(UsageError, match=r"damaged|password|cannot be read") as caught:
        unpack(tmp_path / name, tmp_path / "u")
    assert name in str(caught.value)
    assert [path.name for path in (tmp_path / "u").iterdir()] == [".lock"]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage_ends_in_a_sentence_or_in_whole_files(tmp_path_factory, data):
    tmp_path = tmp_path_factory.mktemp("damage")
    members = {"a/x.txt": b"1" * 50, "b.txt": b"2" * 50}
    if data.draw(st.booleans()):
        path = zip_at(tmp_path / "a.zip", members)
    else:
        path = tar_at(tmp_path / "a.tar.gz", members)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        unpack(path, tmp_path / "u")
    except UsageError:
        assert [each.name for each in (tmp_path / "u").iterdir()] == [".lock"]
    assert not leftovers(tmp_path / "u")


def test_an_archive_that_is_larger_than_a_class_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_CLASS_BYTES", 1_000_000)
    monkeypatch.setattr(unpacking, "MAX_CLASS_MEMBERS", 5)
    large = {"zeros": bytes(2_000_000)}
    many = {f"{number}": b"" for number in range(6)}
    lying = zipped(large).replace((2_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "lying.zip").write_bytes(lying)
    for path, sentence in (
        (zip_at(tmp_path / "large.zip", large), "unpacks to more than"),
        (tar_at(tmp_path / "large.tgz", large), "unpacks to more than"),
        (zip_at(tmp_path / "many.zip", many), "more than 5 files"),
        (tmp_path / "lying.zip", "damaged"),
    ):
        with pytest.raises(UsageError, match=sentence):
            unpack(path, tmp_path / "u")
    assert [each.name for each in (tmp_path / "u").iterdir()] == [".lock"]


KILLED = """
import os, signal, sys
from pathlib import Path
from grader.intake import unpack

copied, count = unpack._copied, [0]

def until_killed(*arguments):
    count[0] += 1
    if count[0] == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return copied(*arguments)

unpack._copied = until_killed
unpack.unpack(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_after_kill_9_in_the_middle_the_next_call_gives_the_whole(tmp_path):
    members = {f"{number}/hw.ipynb": os.urandom(20_000) for number in range(40)}
    path, folder = zip_at(tmp_path / "a.zip", members), tmp_path / "u"
    done = subprocess.run([sys.executable, "-c", KILLED, path, folder], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    (half,) = leftovers(folder)
    assert 0 < len(list(half.rglob("hw.ipynb"))) < 40
    whole = unpack(path, folder)
    assert everything(whole.root) == members
    assert not leftovers(folder)


def test_two_at_once_do_not_disturb_each_other(tmp_path):
    members = {f"{number}/hw.ipynb": os.urandom(50_000) for number in range(100)}
    path, folder = zip_at(tmp_path / "a.zip", members), tmp_path / "u"
    code = "import sys; from pathlib import Path; from grader.intake.unpack import unpack; "
    code += "unpack(Path(sys.argv[1]), Path(sys.argv[2]))"
    running = [
        subprocess.Popen([sys.executable, "-c", code, path, folder], cwd=ROOT) for _ in range(2)
    ]
    assert [each.wait() for each in running] == [0, 0]
    assert everything(unpack(path, folder).root) == members


def test_a_full_disk_is_passed_on_and_leaves_nothing_half_written(small_disk, tmp_path):
    """A real full disk: a tmpfs of 1 MB."""
    disk = small_disk("1m")
    path = zip_at(tmp_path / "a.zip", {f"{n}.bin": os.urandom(300_000) for n in range(9)})
    with pytest.raises(OSError, match="No space left"):
        unpack(path, disk)
    assert [each.name for each in disk.iterdir()] == [".lock"]
