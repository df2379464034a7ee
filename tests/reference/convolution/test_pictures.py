"""Pictures of the convolution assignment: drawn for wrong answers, and never a reason to fail."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from grader import pictures
from grader.checks import load_reference
from grader.feedback.drawing import draw
from grader.pictures import Maker, Picture
from grader.probes import load_probes
from grader.snapshot import InertModule, Opaque

NAMES = (
    "tiny_correlation", "square_correlation", "small_kernels", "two_channels", "stimuli", "convLayer",
    "convout", "weights", "layer_with_weights",
)  # fmt: skip
ROOT = Path(__file__).parents[3]
STAFF_ONLY = {"expected", "found − expected"}


def module(*shape: int) -> InertModule:
    return InertModule("Layer", {"conv.weight": torch.randn(shape)}, {}, {})


ODD: dict[str, object] = {
    "text": "no", "number": 3, "none": None, "opaque": Opaque("function"), "list": [1, 2],
    "scalar": torch.tensor(1.0), "vector": torch.ones(5), "empty": torch.ones(0, 6, 48, 64),
    "complex": torch.ones(5, 6, 48, 64, dtype=torch.complex64), "array": np.ones((5, 6, 48, 64)),
    "whole": torch.ones(5, 6, 48, 64, dtype=torch.int64), "nan": torch.full((5, 6, 48, 64), torch.nan),
    "swapped": torch.ones(5, 6, 64, 48), "one image": torch.ones(48, 64), "half": torch.ones(5, 1, 48, 64).half(),
    "graph": torch.ones(6, 1, 7, 7, requires_grad=True), "module": module(6, 1, 7, 7),
    "small module": module(6, 1, 5, 5), "odd module": module(2, 3), "dict": {"layer": module(4, 1, 3, 3)},
    "outputs": {"layer": module(4, 1, 3, 3), "output": torch.ones(3, 4, 3, 3)},
}  # fmt: skip


@pytest.fixture(scope="module")
def makers() -> tuple[Maker, ...]:
    public = ROOT / "assignments" / "convolution" / "pictures.py"
    hidden = pictures.load_hidden(load_reference(ROOT / "reference" / "convolution"))
    return pictures.load_public(public) + hidden


@pytest.fixture(scope="module")
def given() -> dict[str, torch.Tensor]:
    path = ROOT / "assignments" / "convolution" / "probes.py"
    return load_probes(path.read_text(), str(path)).draw(1)


def made(
    makers: tuple[Maker, ...], values: Mapping[str, object], given: dict[str, torch.Tensor]
) -> list[Picture]:
    questions = dict.fromkeys(maker.question for maker in makers)
    return [each for q in questions for each in pictures.make(makers, q, values, given)]


@pytest.mark.parametrize("kind", ODD)
def test_whatever_a_student_has_built_can_be_drawn(
    kind: str, makers: tuple[Maker, ...], given: dict[str, torch.Tensor]
) -> None:
    for picture in made(makers, dict.fromkeys(NAMES, ODD[kind]), given):
        draw(picture)


def test_the_wrong_map_is_shown_and_what_is_expected_is_for_staff(
    makers: tuple[Maker, ...], given: dict[str, torch.Tensor]
) -> None:
    reference = load_reference(ROOT / "reference" / "convolution")
    stimuli, weights = reference.set_gratings(), reference.filters()
    layer = InertModule("Layer", {"conv.weight": weights}, {}, {})
    convout = reference.correlate(stimuli, weights).value.float()
    right = {"stimuli": stimuli, "convLayer": layer, "convout": convout}
    titles = [p.title for p in made(makers, right, given)]
    assert not [title for title in titles if "wrong" in title]
    convout = convout.clone()
    convout[3, 4, 10:20] += 1
    found = {p.title: p for p in made(makers, {**right, "convout": convout}, given)}
    worst = found["convout[3, 4], where it is wrong"]
    assert {panel.title for panel in worst.panels if panel.staff_only} == STAFF_ONLY
    student = worst.shown(staff=False)
    assert student is not None
    assert [panel.title for panel in student.panels] == ["stimulus", "convout", "wrong places"]
    marks = torch.as_tensor(student.panels[-1].values)
    assert marks.sum() == 10 * 64
