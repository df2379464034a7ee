"""Public checks of question 5: each answer is one of the choices."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q5_filters"

CHOICES = ("center-surround", "gabor", "none")


@test_case(name="channels_0_1 is one of the three choices", points=0)
def first_form(channels_0_1):
    expect.choice("channels_0_1", channels_0_1, CHOICES)


@test_case(name="channels_2_5 is one of the three choices", points=0)
def second_form(channels_2_5):
    expect.choice("channels_2_5", channels_2_5, CHOICES)
