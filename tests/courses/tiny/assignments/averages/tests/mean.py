"""Public checks of `mean`."""

import torch
from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "mean"


@test_case(name="the mean of ones is one", points=0.5)
def ones(mean_of_ones, arithmetic):
    one = torch.tensor(1.0)
    expect.close("mean([1, 1, 1])", mean_of_ones, one, error_bound(one, 4, arithmetic))
