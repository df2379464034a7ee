"""Diagnosis: name the misconception that reproduces a student's own numbers.

An assignment's hidden half may hold a `misconceptions.py` with

    TRUTH      a frozen record, the *model*: how the right answers are made
    BANK       a tuple of `Misconception`: each changes such a record in one respect
    predict    predict(question, values, given, arithmetic) -> a function of a model

That function sets what was observed beside what the model gives, one `Comparison` after the
other, the cheapest first: the first one that does not hold ends the trial of a model. A
misconception is claimed where the truth does not give the student's numbers and the changed model
gives all of them, by the same error bound that the checks use. Where none does alone, pairs are
tried; where none does at all, nothing is claimed.
"""

import functools
import importlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from grader.checks import load_reference
from grader.errors import AssignmentError
from grader.tolerance import Arithmetic, within

MODULE = "misconceptions"
Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Misconception:
    """One thing that students get wrong.

    `sentence` is for the student: what happened, why, and where to look; never the answer. `part`
    says in a few words which part of the work it concerns ("the border"); misconceptions about
    the same part are never paired. `changes` are the routes by which it may come about, each a
    function from a model to a changed one. `general` ones are tried last: they fit where a more
    particular one would fit as well.
    """

    name: str
    sentence: str
    part: str
    questions: tuple[str, ...]
    changes: tuple[Change, ...]
    general: bool = False


@dataclass(frozen=True)
class Comparison:
    """What was observed beside what a model gives: equal shapes, values within `bound`."""

    found: torch.Tensor
    expected: torch.Tensor
    bound: torch.Tensor

    @property
    def holds(self) -> bool:
        """Whether the model gives what was observed."""
        if self.found.shape != self.expected.shape or self.found.is_complex():
            return False
        return bool(within(self.found, self.expected, self.bound).all())


Compare = Callable[[Any], Iterator[Comparison]]
Predict = Callable[[str, Mapping[str, object], Mapping[str, torch.Tensor], Arithmetic], Compare]


@dataclass(frozen=True)
class Bank:
    """What a misconceptions.py holds."""

    truth: Any
    misconceptions: tuple[Misconception, ...]
    predict: Predict


@dataclass(frozen=True)
class Diagnosis:
    """The misconceptions that give the student's numbers: one, a pair, or several that may."""

    misconceptions: tuple[str, ...]
    message: str
    confidence: Literal["unique", "ambiguous"]


def fact(found: object, expected: object) -> Comparison:
    """Return the comparison of two plain numbers or truths, or of two equally long lists."""
    pair = [torch.as_tensor(each, dtype=torch.float64) for each in (found, expected)]
    return Comparison(pair[0], pair[1], torch.zeros_like(pair[1]))


@functools.cache
def load(hidden: Path) -> Bank | None:
    """Return the bank of the hidden folder `hidden`, or None where it has no misconceptions.py.

    Raises AssignmentError where the file cannot be imported or does not hold what it should.
    """
    path = hidden / f"{MODULE}.py"
    if not path.is_file():
        return None
    package = load_reference(hidden).__name__
    try:
        module = importlib.import_module(f"{package}.{MODULE}")
        bank = Bank(module.TRUTH, tuple(module.BANK), module.predict)
    except Exception as error:
        raise AssignmentError(
            f"{path}: expected TRUTH, BANK and predict (see grader/diagnosis.py): {error!r}."
        ) from error
    names = [each.name for each in bank.misconceptions]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise AssignmentError(f"{path}: two misconceptions are named {', '.join(repeated)}.")
    return bank


def diagnose(
    bank: Bank,
    question: str,
    values: Mapping[str, object],
    given: Mapping[str, torch.Tensor],
    arithmetic: Arithmetic,
) -> Diagnosis | None:
    """Return what explains the numbers observed of `question`, or None.

    `values` are those of one observation, `given` the probes' inputs. A single misconception
    comes before a pair, and a pair before a general one.
    """
    compare = bank.predict(question, values, given, arithmetic)
    truth = _try(compare, bank.truth)
    if truth.fits:
        return None
    asked = [each for each in bank.misconceptions if question in each.questions]
    routes = [
        _Route(each, change, _try(compare, change(bank.truth)))
        for each in asked
        if not each.general
        for change in each.changes
    ]
    alone = [(route.misconception,) for route in routes if route.trial.fits]
    if alone:
        return _diagnosis(alone)
    pairs = list(_pairs(bank.truth, truth, routes, compare))
    if pairs:
        return _diagnosis(pairs)
    general = [
        (each,)
        for each in asked
        if each.general
        if any(_try(compare, change(bank.truth)).fits for change in each.changes)
    ]
    return _diagnosis(general) if general else None


@dataclass(frozen=True)
class _Trial:
    """How far a model got: how many comparisons held, and the first that did not, if any.

    `fits` says that there were some and all of them held.
    """

    held: int
    broken: Comparison | None
    fits: bool


@dataclass(frozen=True)
class _Route:
    """One way to one misconception, and how far it got alone."""

    misconception: Misconception
    change: Change
    trial: _Trial


def _try(compare: Compare, model: Any) -> _Trial:
    """Compare until something does not hold.

    A model may be unable to work on what a student has made, be it a reflection larger than the
    image or a count of a million digits: then it does not give the student's numbers. Whatever is
    raised here must not cost a report; a bank that is broken fails `grader verify`.
    """
    held = 0
    try:
        for comparison in compare(model):
            if not comparison.holds:
                return _Trial(held, comparison, False)
            held += 1
    except Exception:
        return _Trial(held, None, False)
    return _Trial(held, None, held > 0)


def _pairs(
    right: Any, truth: _Trial, routes: list[_Route], compare: Compare
) -> Iterator[tuple[Misconception, ...]]:
    """Yield the pairs that give the student's numbers together.

    A half that contradicts what the truth gives is left out. Of the others, either one gets
    further than the truth by itself, or both change the very comparison that stopped the truth:
    else the pair cannot get beyond it.
    """
    useful = [route for route in routes if route.trial.held >= truth.held]
    for first, second in itertools.combinations(useful, 2):
        if first.misconception.part == second.misconception.part:
            continue
        further = max(first.trial.held, second.trial.held) > truth.held
        if not further and not (_touches(first, truth) and _touches(second, truth)):
            continue
        models = {
            first.change(second.change(right)),
            second.change(first.change(right)),
        } - {right, first.change(right), second.change(right)}
        if any(_try(compare, model).fits for model in models):
            yield first.misconception, second.misconception


def _touches(route: _Route, truth: _Trial) -> bool:
    """Tell whether a route changes the comparison that stopped the truth."""
    mine, its = route.trial.broken, truth.broken
    if mine is None or its is None or mine.expected.shape != its.expected.shape:
        return mine is not None
    return not (torch.equal(mine.expected, its.expected) and torch.equal(mine.bound, its.bound))


def _told(involved: Sequence[Misconception]) -> str:
    """Return the sentence of one misconception, or of several together.

    Each sentence describes what a mistake does by itself: of two mistakes together it is not true.
    """
    if len(involved) == 1:
        return involved[0].sentence
    listed = " ".join(
        f"({number}) {each.sentence}" for number, each in enumerate(involved, start=1)
    )
    return (
        f"{len(involved)} mistakes together give your numbers. This is what each of them would do "
        f"by itself: {listed}"
    )


def _diagnosis(several: Sequence[tuple[Misconception, ...]]) -> Diagnosis:
    found = list(dict.fromkeys(several))
    involved = tuple(dict.fromkeys(each for group in found for each in group))
    names = tuple(each.name for each in involved)
    if len(found) == 1:
        return Diagnosis(names, _told(involved), "unique")
    parts = tuple(dict.fromkeys(each.part for each in involved))
    listed = ", ".join(each.name.replace("_", " ") for each in involved)
    where = (
        f"All of them concern {parts[0]}: look there."
        if len(parts) == 1
        else f"Look at {' and at '.join(parts)}."
    )
    return Diagnosis(
        names, f"More than one explanation gives your numbers: {listed}. {where}", "ambiguous"
    )
