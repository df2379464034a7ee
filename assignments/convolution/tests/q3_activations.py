"""Public checks of question 3: shapes of the stimuli and of the activations."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q3_activations"


@test_case(name="stimuli is one tensor of five grey images: (5, 1, 48, 64)", points=0.5)
def stimuli_shape(stimuli):
    expect.tensor("stimuli", stimuli, (5, 1, 48, 64))


@test_case(name="convout has one map per stimulus and channel: (5, 6, 48, 64)", points=0.5)
def convout_shape(convout, own, env):
    shape = (5, 6, 48, 64)
    if "q2_layer" in own:  # the class of question 2 lost points there, and not again here
        shape = expect.tensor("convout", env["own_activations"]).shape
    expect.tensor("convout", expect.as_tensor(convout), shape)


@test_case(name="convout is a tensor, detached from the gradients", points=0.5)
def convout_detached(convout):
    expect.detached("convout", convout)
