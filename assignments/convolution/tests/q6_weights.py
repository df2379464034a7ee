"""Public check of question 6: the shape of the weights."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q6_weights"


@test_case(name="weights is a detached tensor of shape (6, 1, 7, 7)", points=0.5)
def weights_shape(weights):
    expect.tensor("weights", weights, (6, 1, 7, 7))
    expect.detached("weights", weights)
