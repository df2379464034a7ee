"""Public checks of `model`."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "model"


@test_case(name="the answer is one number", points=0.5)
def one_number(answer):
    expect.whole_number("answer", answer)
