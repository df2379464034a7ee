"""Fixtures of the convolution reference's tests."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

GOLDEN = Path(__file__).parents[2] / "golden" / "convolution.npz"


@pytest.fixture(scope="session")
def golden() -> Mapping[str, torch.Tensor]:
    """Return arrays computed once by the tutorial's own formulas."""
    with np.load(GOLDEN) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Keep to one thread: everything here is small, and threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
