"""Public checks of `why`."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "why"


@test_case(name="the word is one of two", points=0)
def listed(word):
    expect.choice("word", word, ("mean", "median"))
