"""Public checks of question 4: each count is one whole number."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q4_counts"


@test_case(name="The number of activations is one whole number", points=0)
def activations_form(activations_per_channel):
    expect.whole_number("activations_per_channel", activations_per_channel)


@test_case(name="The two counts of the convolutional layer are whole numbers", points=0)
def convolutional_form(conv_weights, conv_parameters):
    expect.whole_number("conv_weights", conv_weights)
    expect.whole_number("conv_parameters", conv_parameters)


@test_case(name="The two counts of fully connected layers are whole numbers", points=0)
def fully_connected_form(fc_weights_one_unit_per_channel, fc_weights_one_unit_per_activation):
    expect.whole_number("fc_weights_one_unit_per_channel", fc_weights_one_unit_per_channel)
    expect.whole_number("fc_weights_one_unit_per_activation", fc_weights_one_unit_per_activation)
