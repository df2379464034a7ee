"""Public checks of question 2: the convolutional layer."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q2_layer"


@test_case(name="ConvolutionalLayer() holds 6 filters of 1 x 7 x 7 and 6 biases", points=1)
def default_parameters(default_layer):
    expect.parameters("ConvolutionalLayer()", default_layer, [(6, 1, 7, 7), (6,)])
