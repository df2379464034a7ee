"""Hidden check of question 6: the weights are those of the layer."""

import torch
from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "q6_weights"


@test_case(name="weights are the weights of convLayer", points=0.5, hidden=True)
def values(weights, arithmetic, reference, env, own):
    truth = reference.filters()
    bound = error_bound(torch.ones_like(truth), 1, arithmetic, factor_error=reference.ROUNDING)
    try:
        expect.close("weights", expect.as_tensor(weights, truth.shape), truth, bound)
    except AssertionError:
        if "q3_activations" not in own:
            raise
        layer = reference.optional(env, "layer_with_weights")
        held = reference.own_weights("convLayer", layer, weights)
        found = expect.as_tensor(weights, held.shape)
        expect.close("weights", found, held, error_bound(held, 1, arithmetic))
