"""Public checks of question 1: the sum by hand."""

import torch
from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "q1_equation"

# The image          under the kernel
#     1 2 0 0             0 1 0
#     0 3 1 0             0 2 3
#     2 0 0 1            -1 0 0
# For the pixel in row 1, column 1: 1·2 (above) + 2·3 (middle) + 3·1 (right) - 1·2 (below left) = 9.
BY_HAND = torch.tensor([[8.0, 4, -3, -1], [10, 9, 2, 0], [4, 3, 4, 2]])
MAGNITUDE = torch.tensor([[8.0, 4, 3, 1], [10, 13, 2, 0], [4, 3, 4, 2]])


@test_case(name="correlate2d returns a tensor as large as the image", points=0.5)
def same_shape(tiny_correlation):
    expect.tensor("correlate2d(image, kernel)", tiny_correlation, (3, 4))


@test_case(name="A 3 x 4 image and a 3 x 3 kernel, to verify by hand", points=1)
def by_hand(tiny_correlation, arithmetic):
    expect.close(
        "correlate2d(image, kernel)",
        expect.as_tensor(tiny_correlation, BY_HAND.shape),
        BY_HAND,
        error_bound(MAGNITUDE, 9, arithmetic, transformed_dims=2),
        hint="The image and the kernel are written out in tests/q1_equation.py.",
    )
