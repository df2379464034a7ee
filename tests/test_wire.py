"""Frames survive any cutting of the stream; other bytes are refused, never believed."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.wire import Frame, FrameReader, WireError, read_frame, to_bytes, write_frame

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
frames = st.builds(
    Frame, st.dictionaries(st.text(), json_values, max_size=4), st.binary(max_size=64)
)


@given(st.lists(frames, max_size=4), st.integers(1, 40))
def test_frames_come_back_however_the_stream_is_cut(sent, size):
    stream = b"".join(to_bytes(frame) for frame in sent)
    reader = FrameReader(max_blob=1000)
    found = [
        frame for i in range(0, len(stream), size) for frame in reader.feed(stream[i : i + size])
    ]
    assert found == sent


@given(st.binary(min_size=16, max_size=200))
def test_other_bytes_raise_wire_error_and_nothing_else(data):
    reader = FrameReader(max_blob=1000)
    try:
        list(reader.feed(data))
    except WireError:
        pass


def test_a_blob_over_the_cap_is_refused_before_it_is_taken():
    head = to_bytes(Frame({}, b"x" * 2000))[:20]
    with pytest.raises(WireError, match="too large"):
        list(FrameReader(max_blob=1000).feed(head))


@pytest.mark.parametrize("document", [b"[]", b"{", b"\xff", b"[" * 100_000, b"NaN"])
def test_a_document_that_is_no_object_is_refused(document):
    header = to_bytes(Frame({}))[:4] + len(document).to_bytes(4, "big") + bytes(8)
    with pytest.raises(WireError, match="document is not"):
        list(FrameReader(max_blob=10).feed(header + document))


def test_frames_cross_a_pipe():
    theirs, ours = os.pipe()
    try:
        write_frame(ours, Frame({"a": 1}, b"bc"))
        assert read_frame(theirs, max_blob=10) == Frame({"a": 1}, b"bc")
        os.write(ours, b"TGF1")
        os.close(ours)
        with pytest.raises(WireError, match="ended before"):
            read_frame(theirs, max_blob=10)
    finally:
        os.close(theirs)
