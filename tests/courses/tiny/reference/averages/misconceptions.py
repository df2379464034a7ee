"""Misconceptions about averages."""

from dataclasses import dataclass, replace

from grader.diagnosis import Comparison, Misconception
from grader.tolerance import error_bound


@dataclass(frozen=True)
class Model:
    """How a mean may be taken: of which numbers, by which sum, divided by what."""

    absolute: bool = False
    middle: bool = False
    divided: bool = True
    one_less: bool = False


TRUTH = Model()
DIVISION = "the division"
BANK = (
    Misconception(
        "sum_taken",
        "The numbers were added up and never divided.",
        DIVISION,
        ("mean",),
        (lambda model: replace(model, divided=False),),
    ),
    Misconception(
        "divided_by_one_less",
        "The sum was divided by one less than there are numbers.",
        DIVISION,
        ("mean",),
        (lambda model: replace(model, one_less=True),),
    ),
    Misconception(
        "signs_lost",
        "The numbers lost their signs.",
        "the signs",
        ("mean",),
        (lambda model: replace(model, absolute=True),),
    ),
    Misconception(
        "median_taken",
        "The number in the middle was taken.",
        "what is averaged",
        ("mean",),
        (lambda model: replace(model, middle=True),),
    ),
    Misconception(
        "middle_taken",
        "Half of the numbers are below yours.",
        "what is averaged",
        ("mean",),
        (lambda model: replace(model, middle=True),),
    ),
)


def predict(question, values, given, arithmetic):
    def compare(model):
        x = given["values"].double()
        if model.absolute:
            x = x.abs()
        share = 1 if not model.divided else len(x) - model.one_less
        expected = x.median() if model.middle else x.sum() / share
        bound = error_bound(x.abs().sum() / share, len(x) + 1, arithmetic)
        yield Comparison(values["mean_of_values"], expected, bound)

    return compare
