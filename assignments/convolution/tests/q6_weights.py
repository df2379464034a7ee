"""Public check of question 6: the shape of the weights."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q6_weights"


@test_case(name="weights is a detached tensor of shape (6, 1, 7, 7)", points=0.5)
def weights_shape(weights, own, env):
    shape = (6, 1, 7, 7)
    layer = env["layer_with_weights"]
    if "q3_activations" in own and hasattr(layer, "parameters"):
        # A layer of another size lost points in question 3, and not again here.
        held = [each.shape for each in layer.parameters() if each.ndim == 4]
        shape = next((each for each in held if each == getattr(weights, "shape", None)), shape)
    expect.tensor("weights", weights, shape)
    expect.detached("weights", weights)
