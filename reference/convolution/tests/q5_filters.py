"""Hidden checks of question 5: which filter is in which channels."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q5_filters"

CHOICES = ("center-surround", "gabor", "none")
HINT = "Look at the activations again: do they come and go as the grating turns?"


def _is(label, value, answer):
    if expect.choice(label, value, CHOICES) != answer:
        raise AssertionError(f"{label}: this is not the filter of these channels. {HINT}")


@test_case(name="The filter of channels 0 and 1", points=1, hidden=True)
def first(channels_0_1):
    _is("channels_0_1", channels_0_1, "center-surround")


@test_case(name="The filter of channels 2 to 5", points=1, hidden=True)
def second(channels_2_5):
    _is("channels_2_5", channels_2_5, "gabor")
