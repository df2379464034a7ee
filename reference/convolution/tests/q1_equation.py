"""Hidden checks of question 1: random images under square and oblong kernels."""

from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "q1_equation"

HINT = "Is the kernel used as it is, and does the image count as zero outside its borders?"


def _compare(label, value, truth, arithmetic):
    expect.close(
        label,
        expect.as_tensor(value, truth.value.shape),
        truth.value,
        error_bound(truth.magnitude, truth.terms, arithmetic, transformed_dims=2),
        HINT,
    )


@test_case(name="A random image under a random 7 x 7 kernel", points=0.75, hidden=True)
def square(square_correlation, given, arithmetic, reference):
    truth = reference.correlate2d(given["wide_image"], given["square_kernel"])
    _compare("correlate2d(image, kernel)", square_correlation, truth, arithmetic)


@test_case(name="Random images under kernels that are not square", points=0.75, hidden=True)
def oblong(oblong_correlations, given, arithmetic, reference):
    for key, image, kernel in (
        ("wide kernel", "tall_image", "wide_kernel"),
        ("tall kernel", "wide_image", "tall_kernel"),
    ):
        truth = reference.correlate2d(given[image], given[kernel])
        observed = reference.part("correlate2d(image, kernel)", oblong_correlations, key)
        _compare(f"correlate2d with a {key}", observed, truth, arithmetic)
