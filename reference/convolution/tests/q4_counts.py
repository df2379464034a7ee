"""Hidden checks of question 4: the five counts, for 48 x 64 images and the set layer."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q4_counts"

SIZES = (48, 64, 1, 6, 7)  # height, width, c_in, c_out, K


@test_case(name="Activations in one channel", points=1, hidden=True)
def activations(activations_per_channel, reference):
    expect.number(
        "activations_per_channel",
        activations_per_channel,
        reference.counts.activations_per_channel(*SIZES),
        "One image, one channel: at how many places does the filter stop?",
    )


@test_case(name="Weights of the convolutional layer", points=0.5, hidden=True)
def weights(conv_weights, reference):
    expect.number(
        "conv_weights",
        conv_weights,
        reference.counts.conv_weights(*SIZES),
        "How many numbers are in one filter, and how many filters are there? No biases here.",
    )


@test_case(name="Parameters of the convolutional layer", points=0.5, hidden=True)
def parameters(conv_parameters, reference):
    expect.number(
        "conv_parameters",
        conv_parameters,
        reference.counts.conv_parameters(*SIZES),
        "What does nn.Conv2d learn besides its weights, and how many of them?",
    )


@test_case(name="Fully connected, one unit per channel", points=1, hidden=True)
def one_unit_per_channel(fc_weights_one_unit_per_channel, reference):
    expect.number(
        "fc_weights_one_unit_per_channel",
        fc_weights_one_unit_per_channel,
        reference.counts.fc_weights_one_unit_per_channel(*SIZES),
        "How many inputs does one unit read, and how many units are there? No biases here.",
    )


@test_case(name="Fully connected, one unit per activation", points=1, hidden=True)
def one_unit_per_activation(fc_weights_one_unit_per_activation, reference):
    expect.number(
        "fc_weights_one_unit_per_activation",
        fc_weights_one_unit_per_activation,
        reference.counts.fc_weights_one_unit_per_activation(*SIZES),
        "Count the units first: all channels, all places. Each reads every pixel. No biases here.",
    )
