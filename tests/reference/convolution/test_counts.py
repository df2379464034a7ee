"""The counts against modules that really have so many weights."""

import pytest
import torch
from torch import nn

from reference.convolution import counts

SET = (48, 64, 1, 6, 7)
SMALL = (4, 5, 2, 3, 3)


def test_set_sizes() -> None:
    assert counts.activations_per_channel(*SET) == 3_072
    assert counts.conv_weights(*SET) == 294
    assert counts.conv_parameters(*SET) == 300
    assert counts.fc_weights_one_unit_per_channel(*SET) == 18_432
    assert counts.fc_weights_one_unit_per_activation(*SET) == 56_623_104


@pytest.mark.parametrize("sizes", [SET, SMALL])
def test_convolutional_layer(sizes: tuple[int, int, int, int, int]) -> None:
    height, width, c_in, c_out, K = sizes
    layer = nn.Conv2d(c_in, c_out, K, padding=K // 2)
    assert counts.conv_weights(*sizes) == layer.weight.numel()
    assert counts.conv_parameters(*sizes) == sum(each.numel() for each in layer.parameters())
    output = layer(torch.zeros(1, c_in, height, width))
    assert counts.activations_per_channel(*sizes) == output[0, 0].numel()


def test_fully_connected_layers() -> None:
    height, width, c_in, c_out, _ = SMALL
    pixels, activations = c_in * height * width, c_out * height * width
    per_channel, per_activation = nn.Linear(pixels, c_out), nn.Linear(pixels, activations)
    assert counts.fc_weights_one_unit_per_channel(*SMALL) == per_channel.weight.numel()
    assert counts.fc_weights_one_unit_per_activation(*SMALL) == per_activation.weight.numel()
