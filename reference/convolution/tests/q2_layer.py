"""Hidden checks of question 2: layers of other sizes, judged on the weights they hold."""

from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "q2_layer"

SMALL = "ConvolutionalLayer(c_in=1, c_out=4, K=3)"
COLOUR = "ConvolutionalLayer(c_in=2, c_out=3, K=5)"


def _compare_forward(label, observed, images, size, arithmetic, reference):
    weight, bias = reference.own_filters(label, reference.part(label, observed, "layer"), *size)
    truth = reference.correlate(images, weight, bias)
    output = reference.part(label, observed, "output")
    expect.close(
        f"{label}(images)",
        expect.as_tensor(output, truth.value.shape),
        truth.value,
        error_bound(truth.magnitude, truth.terms, arithmetic, transformed_dims=2),
        "This is not the correlation of the images with the layer's own filters, plus its bias.",
    )


@test_case(name="Layers of other sizes keep the size of the images", points=1, hidden=True)
def same_size(small_kernels, two_channels, given, reference):
    for label, observed, images, c_out in (
        (SMALL, small_kernels, given["grey_batch"], 4),
        (COLOUR, two_channels, given["colour_batch"], 3),
    ):
        shape = (images.shape[0], c_out, *images.shape[2:])
        output = reference.part(label, observed, "output")
        expect.tensor(f"{label}(images)", output, shape)


@test_case(name="The layer computes what its own weights and biases say", points=1, hidden=True)
def forward(small_kernels, two_channels, given, arithmetic, reference):
    _compare_forward(SMALL, small_kernels, given["grey_batch"], (1, 4, 3), arithmetic, reference)
    _compare_forward(COLOUR, two_channels, given["colour_batch"], (2, 3, 5), arithmetic, reference)


@test_case(name="Given filters become the weights, and the bias zero", points=1, hidden=True)
def filters(given_filters, given, arithmetic, reference):
    label, expected = "the layer with given filters", given["colour_filters"]
    weight, bias = reference.own_filters(label, given_filters, 2, 3, 5)
    expect.close(f"{label}: weight", weight, expected, error_bound(expected, 1, arithmetic))
    if bias is not None:
        zeros = 0 * bias.nan_to_num()
        expect.close(f"{label}: bias", bias, zeros, zeros.double())
