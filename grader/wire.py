"""Wire: frames on a pipe, each a JSON document with an optional blob of arrays.

    magic "TGF1" · length of the document (4 bytes) · length of the blob (8 bytes) · both

Big-endian. The reader trusts nothing: it caps both lengths before it takes a byte of them.
"""

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grader.errors import GraderError

_MAGIC = b"TGF1"
_HEADER = struct.Struct(">4sIQ")
MAX_DOCUMENT = 16 * 1024 * 1024


class WireError(GraderError):
    """The bytes on the pipe are no frames, or larger than a frame may be."""


@dataclass(frozen=True)
class Frame:
    """One message: a JSON object and the blob that came with it."""

    document: dict[str, Any]
    blob: bytes = b""


def to_bytes(frame: Frame) -> bytes:
    """Return a frame as the bytes that cross the pipe."""
    document = json.dumps(frame.document, ensure_ascii=True).encode()
    return _HEADER.pack(_MAGIC, len(document), len(frame.blob)) + document + frame.blob


def write_frame(descriptor: int, frame: Frame) -> None:
    """Write a whole frame to a file descriptor."""
    rest = memoryview(to_bytes(frame))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class FrameReader:
    """Cuts a stream of bytes, fed in any portions, into frames."""

    def __init__(self, max_blob: int) -> None:
        self._max_blob = max_blob
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete now. Raises WireError for anything else."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            magic, document_size, blob_size = _HEADER.unpack_from(self._buffer)
            if magic != _MAGIC:
                raise WireError("the result pipe holds bytes that are not a result.")
            if document_size > MAX_DOCUMENT or blob_size > self._max_blob:
                raise WireError(f"a result of {document_size + blob_size:,} bytes is too large.")
            end = _HEADER.size + document_size + blob_size
            if len(self._buffer) < end:
                return
            document = bytes(self._buffer[_HEADER.size : _HEADER.size + document_size])
            blob = bytes(self._buffer[_HEADER.size + document_size : end])
            del self._buffer[:end]
            yield Frame(parse_document(document), blob)


def parse_document(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`. Raises WireError where it is none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a result's document is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise WireError("a result's document is not a JSON object.")
    return document


def read_frame(descriptor: int, max_blob: int) -> Frame:
    """Read one frame from a file descriptor, blocking. Raises WireError at an early end."""
    reader = FrameReader(max_blob)
    while chunk := os.read(descriptor, 1 << 20):
        for frame in reader.feed(chunk):
            return frame
    raise WireError("the pipe ended before a whole frame had come.")
