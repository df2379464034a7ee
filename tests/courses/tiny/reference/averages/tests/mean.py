"""Hidden checks of `mean`."""

from otter.test_files import test_case

from grader import expect
from grader.tolerance import error_bound

OK_FORMAT = False
name = "mean"


@test_case(name="the mean of fifty numbers", points=1.5, hidden=True)
def values(mean_of_values, given, arithmetic, reference):
    expected = reference.mean(given["values"])
    bound = error_bound(reference.mean(given["values"].abs()), 51, arithmetic)
    expect.close("mean(values)", mean_of_values, expected, bound)
