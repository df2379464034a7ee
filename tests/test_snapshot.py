"""Values cross and stay what they were; anything else is refused; nothing can be called."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

import grader
from grader.snapshot import (
    Decoder,
    Encoder,
    Failed,
    InertModule,
    Missing,
    Opaque,
    SnapshotError,
    read_table,
)

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]


def crossed(value: object, max_bytes: int = 1 << 20) -> object:
    """Return `value` as it is on the other side."""
    encoder = Encoder(max_bytes)
    node = json.loads(json.dumps(encoder.encode(value)))
    table = read_table(encoder.blob(), 2 * max_bytes)
    return Decoder(table).decode(node)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=10,
)


@given(plain)
def test_plain_values_come_back_equal(value):
    back = crossed(value)
    assert back == value
    assert type(back) is type(value)


def test_nan_and_infinities_cross():
    assert np.isnan(crossed(float("nan")))
    assert crossed(float("-inf")) == float("-inf")


@settings(deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["f4", "f8", "i4", "i8", "u1", "?"]),
        hnp.array_shapes(min_dims=0, max_side=4),
    )
)
def test_numpy_arrays_come_back_equal(array):
    back = crossed(array)
    assert isinstance(back, np.ndarray)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)], ids=str)
def test_tensors_come_back_equal(dtype, shape):
    value = torch.ones(shape).to(dtype)
    back = crossed(value)
    assert isinstance(back, torch.Tensor)
    assert back.dtype == dtype
    assert torch.equal(back, value)


def test_what_a_tensor_says_of_itself_crosses():
    tracked = torch.ones(2, requires_grad=True) * 2
    assert crossed(tracked).requires_grad
    assert not crossed(tracked.detach()).requires_grad
    view = torch.arange(12.0).reshape(3, 4).t()[::2]
    assert torch.equal(crossed(view), view)
    assert torch.equal(crossed(torch.eye(3).to_sparse()), torch.eye(3))
    assert torch.equal(crossed(torch.ones(1).expand(5)), torch.ones(5))
    spectrum = torch.fft.fft(torch.arange(4.0))
    assert torch.equal(crossed(spectrum), spectrum.to(torch.complex128))


def test_shared_storage_does_not_disturb():
    x = torch.arange(4.0)
    assert [t.tolist() for t in crossed([x, x[1:], x])] == [[0, 1, 2, 3], [1, 2, 3], [0, 1, 2, 3]]


def test_a_module_reads_like_one_and_cannot_be_called():
    layer = nn.Sequential()
    layer.conv = nn.Conv2d(2, 3, 5, padding=2)
    layer.norm = nn.BatchNorm2d(3)
    back = crossed(layer)
    assert isinstance(back, InertModule)
    assert torch.equal(back.conv.weight, layer.conv.weight)
    assert torch.equal(back.norm.running_mean, layer.norm.running_mean)
    assert back.conv.padding == (2, 2)
    assert [n for n, _ in back.named_parameters()] == [n for n, _ in layer.named_parameters()]
    assert sum(p.numel() for p in back.parameters()) == sum(p.numel() for p in layer.parameters())
    assert set(back.state_dict()) == set(layer.state_dict())
    assert not callable(back)
    with pytest.raises(AttributeError):
        back.nothing  # noqa: B018


def test_the_rest_crosses_as_the_name_of_its_type():
    assert crossed(len) == Opaque("builtin_function_or_method", "len")
    assert crossed(nn.Linear) == Opaque("type", "Linear")
    assert crossed(...) == Missing("...", "placeholder")
    assert crossed({1: 2}) == Opaque("dict", "")
    assert crossed(np.array([object()])) == Opaque("numpy.ndarray of object", "")


def test_caps_are_reported_not_exceeded():
    assert isinstance(crossed(torch.zeros(1000), max_bytes=1000), Failed)
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    assert "too deep ones" in repr(crossed(deep))
    assert "too many parts" in repr(crossed([0] * 50_000))
    assert len(crossed("x" * 10**6)) < 10**5


class Liar(torch.Tensor):
    """A tensor that lies about everything that can be overridden."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("caught you looking")

    def __eq__(self, other):
        return True


def test_values_that_lie_become_failures_or_plain_values():
    assert isinstance(crossed(torch.ones(2).as_subclass(Liar)), Failed | torch.Tensor)

    class Angry:
        @property
        def __class__(self):
            raise RuntimeError("no")

    assert isinstance(crossed(Angry()), Failed)


nodes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {
                "kind": st.sampled_from(
                    [
                        "tensor",
                        "array",
                        "number",
                        "text",
                        "list",
                        "tuple",
                        "dict",
                        "module",
                        "failed",
                    ]
                )
            },
            optional={
                "items": inner,
                "key": st.sampled_from(["t0", "t1", "x"]) | inner,
                "value": inner,
                "type": inner,
                "complex": inner,
                "requires_grad": inner,
                "parameters": inner,
                "buffers": inner,
                "attributes": inner,
            },
        )
    ),
    max_leaves=12,
)


@given(nodes)
def test_forged_nodes_raise_snapshot_error_and_nothing_else(node):
    table = {"t0": torch.zeros(3), "t1": torch.zeros(2, 2, dtype=torch.int64)}
    try:
        Decoder(table).decode(node)
    except SnapshotError:
        pass


@given(st.binary(max_size=300))
def test_forged_tables_raise_snapshot_error_and_nothing_else(blob):
    try:
        read_table(blob, 1000)
    except SnapshotError:
        pass


def test_a_table_that_lies_about_sizes_is_refused():
    header = json.dumps(
        {"t0": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}
    ).encode()
    blob = len(header).to_bytes(8, "little") + header
    with pytest.raises(SnapshotError, match="not safetensors"):
        read_table(blob, 1 << 20)


def test_nothing_in_the_package_unpickles():
    pattern = re.compile(
        r"\bimport (pickle|dill|cloudpickle|shelve|marshal)\b|(?<!safetensors[.])torch[.](load|save)[(]"
    )
    for path in Path(grader.__file__).parent.rglob("*.py"):
        assert not pattern.search(path.read_text()), path
