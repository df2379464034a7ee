"""Snapshot: plain values that cross the sandbox. No pickle, and nothing that can be called.

The executing side turns what it observes into a JSON tree of *nodes* and a table of arrays
(`encode`, then safetensors). The trusted side, which believes no byte of it, checks names,
types, sizes and depth and builds inert values again (`decode`).

A node is a JSON object whose `kind` is one of

    tensor array     an entry of the table, with what a tensor says of itself
    number text none bool   the plain thing (inf, nan and large integers as text)
    list tuple dict  of nodes
    module           an nn.Module as its parameters, buffers and plain attributes
    opaque           anything else, as the name of its type
    missing          the notebook does not define the name, or holds the stub's placeholder
    failed           observing it raised: type, message and the student's traceback
"""

import reprlib
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import safetensors.torch
import torch

from grader.errors import GraderError
from grader.text import whole

Node = dict[str, Any]
Table = dict[str, torch.Tensor]

MAX_NODES = 20_000
MAX_DEPTH = 12
MAX_TEXT = 20_000
MAX_DIMS = 16
UNDEFINED, PLACEHOLDER, STUB = "undefined", "placeholder", "stub"
_STORED_DTYPES = frozenset(
    {
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64,
    }
)  # fmt: skip


class SnapshotError(GraderError):
    """What came out of the sandbox is not a snapshot, or is larger than a snapshot may be."""


@dataclass(frozen=True)
class Missing:
    """There is nothing under `name`: it is undefined, or still what the stub gave."""

    name: str
    reason: str = UNDEFINED


@dataclass(frozen=True)
class Failed:
    """Observing raised: the error's type, its message and the student's own traceback."""

    type_name: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.type_name}: {self.message}" if self.message else self.type_name


@dataclass(frozen=True)
class Opaque:
    """Something that is no plain value: a function, a class, a figure. Only its type is known."""

    type_name: str
    name: str = ""


class InertModule:
    """An nn.Module that crossed: reads like one (`layer.conv.weight`), but cannot be called."""

    def __init__(
        self,
        type_name: str,
        parameters: Mapping[str, torch.Tensor],
        buffers: Mapping[str, torch.Tensor],
        attributes: Mapping[str, object],
    ) -> None:
        self.type_name = type_name
        self._parameters = dict(parameters)
        self._buffers = dict(buffers)
        self._attributes = dict(attributes)

    def named_parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        return iter(self._parameters.items())

    def parameters(self) -> Iterator[torch.Tensor]:
        return iter(self._parameters.values())

    def named_buffers(self) -> Iterator[tuple[str, torch.Tensor]]:
        return iter(self._buffers.items())

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {**self._parameters, **self._buffers}

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        for table in (self._parameters, self._buffers, self._attributes):
            if name in table:
                return table[name]
        parts = [
            {k[len(name) + 1 :]: v for k, v in table.items() if k.startswith(name + ".")}
            for table in (self._parameters, self._buffers, self._attributes)
        ]
        if not any(parts):
            raise AttributeError(f"{self.type_name} has no {name!r}")
        return InertModule(f"{self.type_name}.{name}", parts[0], parts[1], parts[2])  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<{self.type_name}: {len(self._parameters)} parameters, inert>"


# --------------------------------------------------------------------------- executing side


@dataclass
class Encoder:
    """Turns values into nodes; arrays collect in `table`. Stops at the caps, never raises."""

    max_bytes: int
    table: Table = field(default_factory=dict)
    nodes: int = 0
    stored_bytes: int = 0

    def encode(self, value: object, depth: int = 0) -> Node:
        """Return the node of `value`; what cannot be encoded becomes `opaque` or `failed`."""
        self.nodes += 1
        try:
            parts = len(value) if isinstance(value, list | tuple | dict) else 0
            if self.nodes + parts > MAX_NODES or depth > MAX_DEPTH:
                return failure("SnapshotLimit", "the value has too many parts or too deep ones")
            return self._encode(value, depth)
        except Exception as error:
            return failed(error)

    def _encode(self, value: object, depth: int) -> Node:
        if value is ...:
            return missing("...", PLACEHOLDER)
        if value is None:
            return {"kind": "none"}
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, torch.nn.Module):
            return self._module(value, depth)
        if isinstance(value, bool | np.bool_):
            return {"kind": "bool", "value": bool(value)}
        if isinstance(value, int | float | np.integer | np.floating):
            return _number(value)
        if isinstance(value, str):
            return {"kind": "text", "value": str(value)[:MAX_TEXT]}
        if isinstance(value, list | tuple):
            items = [self.encode(item, depth + 1) for item in value]
            return {"kind": "list" if isinstance(value, list) else "tuple", "items": items}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            pairs = [[str(k)[:MAX_TEXT], self.encode(v, depth + 1)] for k, v in value.items()]
            return {"kind": "dict", "items": pairs}
        name = getattr(value, "__name__", "")
        return {
            "kind": "opaque",
            "type": _type_name(value),
            "name": name[:200] if isinstance(name, str) else "",
        }

    def _tensor(self, value: torch.Tensor) -> Node:
        plain = value.detach()
        if plain.layout is not torch.strided:
            plain = plain.to_dense()
        if plain.is_quantized:
            plain = plain.dequantize()
        return {
            "kind": "tensor",
            "key": self._store(plain),
            "complex": plain.is_complex(),
            "requires_grad": bool(value.requires_grad),
            "device": str(value.device),
        }

    def _array(self, value: np.ndarray) -> Node:
        if value.dtype == object or value.dtype.kind not in "biufc":
            return {"kind": "opaque", "type": f"numpy.ndarray of {value.dtype}", "name": ""}
        plain = torch.from_numpy(np.array(value, order="C"))
        return {"kind": "array", "key": self._store(plain), "complex": plain.is_complex()}

    def _store(self, plain: torch.Tensor) -> str:
        if plain.is_complex():
            plain = torch.view_as_real(plain.resolve_conj())
        if plain.dtype not in _STORED_DTYPES:
            raise TypeError(f"tensors of {plain.dtype} cannot be observed")
        size = plain.numel() * plain.element_size()
        if self.stored_bytes + size > self.max_bytes:
            raise MemoryError(
                f"the observed arrays are larger than the {self.max_bytes:,} bytes allowed"
            )
        self.stored_bytes += size
        key = f"t{len(self.table)}"
        self.table[key] = torch.clone(
            plain.as_subclass(torch.Tensor).cpu(), memory_format=torch.contiguous_format
        )
        return key

    def _module(self, module: torch.nn.Module, depth: int) -> Node:
        attributes = {
            f"{prefix}.{name}" if prefix else name: value
            for prefix, part in module.named_modules()
            for name, value in vars(part).items()
            if not name.startswith("_") and _is_plain(value)
        }
        return {
            "kind": "module",
            "type": _type_name(module),
            "parameters": self._named(module.named_parameters(), depth),
            "buffers": self._named(module.named_buffers(), depth),
            "attributes": self._named(iter(attributes.items()), depth),
        }

    def _named(self, pairs: Iterator[tuple[str, Any]], depth: int) -> list[list[Any]]:
        return [[str(name)[:MAX_TEXT], self.encode(value, depth + 1)] for name, value in pairs]

    def blob(self) -> bytes:
        """Return the table as safetensors bytes."""
        return safetensors.torch.save(self.table)


def missing(name: str, reason: str = UNDEFINED) -> Node:
    """Return the node that says there is nothing under `name`, and why."""
    return {"kind": "missing", "name": name, "reason": reason}


def failure(type_name: str, message: str, trace: str = "") -> Node:
    """Return the node that says observing went wrong."""
    return {
        "kind": "failed",
        "type": type_name[:200],
        "message": message[:MAX_TEXT],
        "traceback": trace[-MAX_TEXT:],
    }


def failed(error: BaseException, hidden_frames: tuple[str, ...] = (__file__,)) -> Node:
    """Return the node of an exception, without the frames of the files in `hidden_frames`."""
    frames = traceback.extract_tb(error.__traceback__)
    kept = [frame for frame in frames if frame.filename not in hidden_frames]
    try:
        message = str(error)
    except Exception:
        message = "(the error's own message could not be read)"
    return failure(type(error).__name__, message, "".join(traceback.format_list(kept)))


def _number(value: Any) -> Node:
    if isinstance(value, int | np.integer):
        whole = int(value)
        text = str(whole) if whole.bit_length() < 4000 else "nan"
        return {"kind": "number", "type": "int", "value": text}
    return {"kind": "number", "type": "float", "value": float(value).hex()}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 16 and all(_is_plain(item) for item in value)
    return isinstance(value, bool | int | float | str)


def _type_name(value: object) -> str:
    return type(value).__name__[:200]


# ----------------------------------------------------------------------------- trusted side


def read_table(blob: bytes, max_bytes: int) -> Table:
    """Return the arrays of a safetensors blob. Raises SnapshotError for anything else."""
    if len(blob) > max_bytes:
        raise SnapshotError(f"expected at most {max_bytes:,} bytes of arrays, found {len(blob):,}.")
    try:
        table = safetensors.torch.load(blob)
    except Exception as error:
        raise SnapshotError(f"the arrays are not safetensors: {error}.") from error
    for tensor in table.values():
        if tensor.dtype not in _STORED_DTYPES or tensor.ndim > MAX_DIMS:
            raise SnapshotError(f"an array of {tensor.dtype} with {tensor.ndim} dimensions.")
    return table


@dataclass
class Decoder:
    """Builds inert values from nodes and the table they refer to; believes neither."""

    table: Table
    nodes: int = 0

    def decode(self, node: object, depth: int = 0) -> object:
        """Return the value of `node`. Raises SnapshotError where it is not a node."""
        self.nodes += 1
        if self.nodes > 2 * MAX_NODES or depth > MAX_DEPTH + 1:
            raise SnapshotError("the snapshot is nested too deeply or has too many parts.")
        if not isinstance(node, dict):
            raise SnapshotError(f"expected a node, found {reprlib.repr(node)}.")
        match node.get("kind"):
            case "none":
                return None
            case "missing":
                return Missing(_text(node, "name"), _text(node, "reason"))
            case "failed":
                return Failed(_text(node, "type"), _text(node, "message"), _text(node, "traceback"))
            case "opaque":
                return Opaque(_text(node, "type"), _text(node, "name"))
            case "text":
                return _text(node, "value")
            case "bool":
                return bool(node.get("value"))
            case "number":
                return _decode_number(_text(node, "type"), _text(node, "value"))
            case "tensor":
                return self._tensor(node)
            case "array":
                return self._array(node)
            case "list":
                return list(self._items(node, depth))
            case "tuple":
                return tuple(self._items(node, depth))
            case "dict":
                return self._pairs(node, "items", depth)
            case "module":
                return self._module(node, depth)
            case kind:
                raise SnapshotError(f"unknown kind of node: {reprlib.repr(kind)}.")

    def _items(self, node: Node, depth: int) -> Iterator[object]:
        return (self.decode(item, depth + 1) for item in _list(node, "items"))

    def _pairs(self, node: Node, key: str, depth: int) -> dict[str, object]:
        pairs = {}
        for pair in _list(node, key):
            if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
                raise SnapshotError(f"expected a named value, found {reprlib.repr(pair)}.")
            pairs[whole(pair[0][:MAX_TEXT])] = self.decode(pair[1], depth + 1)
        return pairs

    def _stored(self, node: Node) -> torch.Tensor:
        key = _text(node, "key")
        if key not in self.table:
            raise SnapshotError(f"no array {key!r} in the snapshot.")
        tensor = self.table[key].clone()
        if node.get("complex"):
            if not tensor.ndim or tensor.shape[-1] != 2 or not tensor.is_floating_point():
                raise SnapshotError("a complex array that is none.")
            tensor = torch.complex(*tensor.to(torch.float64).unbind(-1))
        return tensor

    def _array(self, node: Node) -> np.ndarray:
        stored = self._stored(node)
        if stored.dtype is torch.bfloat16:
            raise SnapshotError("a NumPy array of bfloat16, which NumPy does not have.")
        return stored.numpy()

    def _tensor(self, node: Node) -> torch.Tensor:
        tensor = self._stored(node)
        differentiable = tensor.is_floating_point() or tensor.is_complex()
        return tensor.requires_grad_(bool(node.get("requires_grad")) and differentiable)

    def _module(self, node: Node, depth: int) -> InertModule:
        tables = [self._pairs(node, key, depth) for key in ("parameters", "buffers", "attributes")]
        arrays = [
            {name: value for name, value in table.items() if isinstance(value, torch.Tensor)}
            for table in tables[:2]
        ]
        plain = {
            name: value
            for name, value in tables[2].items()
            if isinstance(value, bool | int | float | str | list | tuple)
        }
        return InertModule(_text(node, "type"), arrays[0], arrays[1], plain)


def _list(node: Node, key: str) -> list[Any]:
    value = node.get(key)
    if not isinstance(value, list):
        raise SnapshotError(f"expected a list under {key!r}, found {reprlib.repr(value)}.")
    return value


def _text(node: Node, key: str) -> str:
    value = node.get(key, "")
    if not isinstance(value, str):
        raise SnapshotError(f"expected text under {key!r}, found {reprlib.repr(value)}.")
    return whole(value[:MAX_TEXT])


def _decode_number(kind: str, text: str) -> int | float:
    try:
        return int(text) if kind == "int" and text != "nan" else float.fromhex(text)
    except (ValueError, OverflowError) as error:
        raise SnapshotError(f"not a number: {reprlib.repr(text)}.") from error
