"""Matching: which student of the roster handed in which upload."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from grader.intake.layouts import Identity
from grader.intake.roster import Student

_OWN_KEYS = ("canvas_id", "moodle_participant", "gradescope_submission", "gradescope_user")
_NUMBERS = ("student_id", "sis_id")


@dataclass(frozen=True)
class Person:
    """Somebody who handed in: the upload's id, and what the platform says of them, maybe nothing.

    Where it says nothing, the id is a path, and a folder or file can be named after its student.
    """

    upload: str
    identity: Identity

    @property
    def path(self) -> list[str]:
        return [] if self.identity else self.upload.split("/")


@dataclass(frozen=True)
class _Tier:
    """One way to know a student: the words that both sides have for them."""

    of_person: Callable[[Person], set[str]]
    of_student: Callable[[Student], set[str]]
    # Whether these words are also the right ones for these two.
    agree: Callable[[Identity, Identity], bool]
    once: bool = False


def match(people: Sequence[Person], students: Sequence[Student]) -> dict[int, int]:
    """Return the student of each person that has one, both by their places.

    Exact ids count first, then e-mail and login, then the name; each only where no other student
    has the same. A name has to be the only one among the people too, and no id may speak against
    it.
    """
    found: dict[int, int] = {}
    for tier in _TIERS:
        owners = _places(tier.of_student(student) for student in students)
        theirs = [tier.of_person(person) for person in people]
        bearers = _places(theirs)
        taken = set(found.values())
        for place, person in enumerate(people):
            candidates = {each for word in theirs[place] for each in owners.get(word, ())}
            if place in found or len(candidates) != 1:
                continue
            (student,) = candidates
            shared = any(len(bearers[word]) > 1 for word in theirs[place])
            if tier.once and (shared or student in taken):
                continue
            if tier.agree(person.identity, students[student].identity):
                found[place] = student
    return found


def squeezed(name: str) -> set[str]:
    """Return a name without spaces, first names first and last: Canvas squeezes `Doe, Jane`."""
    words = name.replace(",", " ").split()
    return {_letters("".join(words)), _letters("".join(words[-1:] + words[:-1]))} - {""}


def _places(words: Iterable[set[str]]) -> dict[str, set[int]]:
    places: dict[str, set[int]] = defaultdict(set)
    for place, each in enumerate(words):
        for word in each:
            places[word].add(place)
    return places


def _numbers(identity: Identity) -> set[str]:
    own = {f"{key}:{identity[key]}" for key in _OWN_KEYS if key in identity}
    # One school's number is the SIS id in Canvas and the SID in Gradescope.
    return own | {f"number:{identity[key].casefold()}" for key in _NUMBERS if key in identity}


def _numbers_of(person: Person) -> set[str]:
    return _numbers(person.identity) | {f"number:{part.casefold()}" for part in person.path}


def _logins(identity: Identity) -> set[str]:
    # nbgrader's student ids are logins in most courses.
    keys = ("email", "login", "student_id")
    return {identity[key].casefold() for key in keys if key in identity}


def _logins_of(person: Person) -> set[str]:
    return _logins(person.identity) | {part.casefold() for part in person.path}


def _names(identity: Identity) -> set[str]:
    names = squeezed(identity.get("name", ""))
    if "first_name" in identity and "last_name" in identity:
        first, last = identity["first_name"], identity["last_name"]
        names |= {_letters(first + last), _letters(last + first)}
    return names - {""}


def _names_of(person: Person) -> set[str]:
    parts = (re.sub(r"[_.-]+", " ", part) for part in person.path)
    return _names(person.identity).union(*(squeezed(part) for part in parts))


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.casefold())
    return "".join(each for each in plain if unicodedata.category(each)[0] in "LMN")


def _same_numbers(one: Identity, other: Identity) -> bool:
    keys = (*_OWN_KEYS, *_NUMBERS)
    return all(one[key] == other[key] for key in keys if key in one and key in other)


def _same_names(one: Identity, other: Identity) -> bool:
    mine, theirs = _names(one), _names(other)
    return not mine or not theirs or bool(mine & theirs)


def _always(_: Identity, __: Identity) -> bool:
    return True


_TIERS = (
    _Tier(_numbers_of, lambda student: _numbers(student.identity), _always),
    # A plain `id` column may hold the platform's ids; it may as well count lines.
    _Tier(
        lambda person: {person.upload},
        lambda student: {student.id} - {""},
        _same_names,
    ),
    _Tier(_logins_of, lambda student: _logins(student.identity), _always),
    _Tier(_names_of, lambda student: _names(student.identity), _same_numbers, once=True),
)
