"""Hidden checks of question 3: the gratings, the layer's filters and the activations."""

import torch
from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "q3_activations"


@test_case(name="stimuli holds the five gratings, in the order asked", points=1, hidden=True)
def gratings(stimuli, arithmetic, reference):
    expected = reference.set_gratings()
    expect.close(
        "stimuli",
        expect.as_tensor(stimuli, expected.shape),
        expected,
        error_bound(expected, 1, arithmetic),
        "Which angle belongs to which image?",
    )


@test_case(name="convLayer holds the filters asked for, and a bias of zero", points=1, hidden=True)
def layer(convLayer, arithmetic, reference, own, env):
    expected = reference.filters()
    weight, bias = reference.own_filters("convLayer", convLayer, *reference.LAYER_SIZE)
    # What the class of question 2 does to filters that it is given was judged there.
    lost = reference.lost_on_the_way(own.get("q2_layer"), env, arithmetic)
    if "weight" not in lost:
        # A filter's largest value is 1 before its mean is taken off: errors are relative to that.
        ones = torch.ones_like(expected)
        bound = error_bound(ones, 1, arithmetic, factor_error=reference.ROUNDING)
        expect.close("convLayer: weight", weight, expected, bound)
    if bias is not None and "bias" not in lost:
        zeros = 0 * bias.nan_to_num()
        expect.close("convLayer: bias", bias, zeros, zeros.double())


@test_case(name="convout holds the layer's activations to the stimuli", points=1.5, hidden=True)
def activations(convout, arithmetic, reference, env, own):
    # `env`, because a layer or stimuli that are not there must not cost these points as well.
    stimuli, convLayer = (reference.optional(env, key) for key in ("stimuli", "convLayer"))
    candidates = reference.expected_activations(stimuli, convLayer)
    if "q2_layer" in own:
        candidates = [*candidates, reference.activations_of_own_class(env)]
    failure = None
    for expected in candidates:
        try:
            return _compare(convout, expected, arithmetic)
        except AssertionError as error:
            failure = error
    raise failure


def _compare(convout, expected, arithmetic):
    expect.close(
        "convout",
        expect.as_tensor(convout, expected.value.shape),
        expected.value,
        error_bound(expected.magnitude, expected.terms, arithmetic, transformed_dims=2),
        "It is not the correlation of your stimuli with your layer's filters, plus its bias.",
    )
