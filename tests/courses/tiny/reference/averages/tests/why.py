"""Hidden checks of `why`."""

from otter.test_files import test_case

OK_FORMAT = False
name = "why"


@test_case(name="the word is right", points=1, hidden=True)
def right(word):
    assert word == "mean", "word: not this one."
