"""Assignment: an assignment folder and its hidden mirror, read once into frozen records.

A *course* is a folder that holds `assignments/` (public) and `reference/` (hidden).
"""

import difflib
import hashlib
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from grader.errors import AssignmentError, UsageError

PUBLIC_FOLDER = "assignments"
HIDDEN_FOLDER = "reference"
MIB = 1024 * 1024

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Positive = Annotated[float, Field(gt=0)]
Percent = Annotated[float, Field(ge=0, le=100)]


def _moment(value: object) -> object:
    """Let through a date and time that says its zone: a deadline without one is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if isinstance(found, datetime) and found.utcoffset() is not None:
        return found
    raise PydanticCustomError(
        "moment",
        "expected a date and time with its zone, such as 2026-03-01T23:59:00+01:00; "
        "found {found}{lack}",
        {"found": str(value), "lack": ", without a zone" if isinstance(found, datetime) else ""},
    )


def _moment_or_days(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number or value is None else _moment(value)


Moment = Annotated[datetime, BeforeValidator(_moment)]
MomentOrDays = Annotated[
    datetime | Annotated[float, Field(ge=0, le=36500)], BeforeValidator(_moment_or_days)
]


class _Settings(BaseModel):
    """A table of assignment.toml: frozen, and every key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Manual(_Settings):
    """A written answer that a person reads: the notebook cell that holds it, and its points."""

    cell: str
    points: Positive


class Question(_Settings):
    """One question: what it is called, what it is worth and which names it captures.

    `follows` names earlier questions on whose own results it is judged where those are wrong, each
    with the word for that result ("layer").
    """

    name: Name
    title: str
    points: Positive
    bonus: bool = False
    captures: tuple[Name, ...] = Field(min_length=1)
    follows: dict[Name, str] = Field(default_factory=dict)
    manual: Manual | None = None


class Limits(_Settings):
    """What one submission may use. Seconds are wall-clock seconds, but for `cpu_seconds`."""

    cell_seconds: Positive = 60
    total_seconds: Positive = 300
    probe_seconds: Positive = 20
    cpu_seconds: int = Field(default=600, gt=0)
    output_bytes: int = Field(default=10 * MIB, gt=0)
    snapshot_bytes: int = Field(default=64 * MIB, gt=0)
    memory_bytes: int = Field(default=4096 * MIB, gt=0)
    file_bytes: int = Field(default=256 * MIB, gt=0)
    disk_bytes: int = Field(default=512 * MIB, gt=0)
    open_files: int = Field(default=256, ge=32)
    threads: int = Field(default=128, ge=16)
    processes: bool = False


class Feedback(_Settings):
    """What students may see: by default no expected value."""

    show_expected: bool = False


class Late(_Settings):
    """What lateness costs; grader/policy.py says how it is counted.

    `cut_off` is a moment, or days after `due`: nothing counts that comes later. Under the policy
    "cut_off" it is `due` itself unless it is given, and under "per_day" there is none.
    """

    policy: Literal["none", "per_day", "cut_off"] = "none"
    due: Moment | None = None
    grace_minutes: float = Field(default=0, ge=0)
    percent_per_day: Percent = 10
    at_most_percent: Percent = 100
    cut_off: MomentOrDays | None = None

    @model_validator(mode="after")
    def _has_a_deadline(self) -> Self:
        if self.policy != "none" and self.due is None:
            raise PydanticCustomError(
                "due", 'policy = "{policy}" needs `due`, and there is none', {"policy": self.policy}
            )
        if isinstance(self.cut_off, datetime) and self.due and self.cut_off < self.due:
            raise PydanticCustomError("cut_off", "`cut_off` is earlier than `due`")
        return self


class Scoring(_Settings):
    """What becomes of the points at the end: a cap, rounding, the least that is given."""

    rounding: Literal["none", "half", "integer", "decimals"] = "none"
    direction: Literal["nearest", "up", "down"] = "nearest"
    decimals: int = Field(default=2, ge=0, le=6)
    cap: Positive | Literal["max_score"] | None = None
    minimum: float = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if isinstance(self.cap, float) and self.minimum > self.cap:
            raise PydanticCustomError("minimum", "`minimum` is above `cap`")
        return self


class AssignmentFile(_Settings):
    """The contents of assignment.toml."""

    title: str
    version: str
    preload: tuple[str, ...] = ()
    limits: Limits = Limits()
    feedback: Feedback = Feedback()
    late: Late = Late()
    score: Scoring = Scoring()
    questions: tuple[Question, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Assignment:
    """One assignment: its settings, its public folder and its hidden folder."""

    name: str
    settings: AssignmentFile
    public: Path
    hidden: Path

    @property
    def version(self) -> str:
        return self.settings.version

    @property
    def limits(self) -> Limits:
        return self.settings.limits

    @property
    def questions(self) -> tuple[Question, ...]:
        return self.settings.questions

    @property
    def captures(self) -> tuple[str, ...]:
        """Every name that some question captures, in order, once."""
        names = (name for question in self.questions for name in question.captures)
        return tuple(dict.fromkeys(names))

    @property
    def starter(self) -> Path:
        return self.public / "starter.ipynb"

    @property
    def probes_path(self) -> Path:
        return self.public / "probes.py"

    @property
    def pictures_path(self) -> Path:
        return self.public / "pictures.py"

    @cached_property
    def probes_source(self) -> str:
        """The text of probes.py. Raises AssignmentError where it cannot be read."""
        return read_text(self.probes_path)

    def public_tests(self, question: str) -> Path:
        return self.public / "tests" / f"{question}.py"

    def hidden_tests(self, question: str) -> Path:
        return self.hidden / "tests" / f"{question}.py"

    @cached_property
    def secret(self) -> str:
        """What the probes' inputs are drawn from unless the command line says otherwise.

        `reference/<name>/seed` where the author has written one, else a digest of the hidden
        solution: no student can know it, and it stays the same when a test is corrected.
        """
        for candidate in (self.hidden / "seed", self.hidden / "solution.py"):
            if candidate.is_file():
                return hashlib.sha256(candidate.read_bytes()).hexdigest()
        raise AssignmentError(
            f"{self.hidden}: expected a solution.py (or a file `seed`), found neither."
        )


@dataclass(frozen=True)
class Course:
    """A folder with `assignments/` and `reference/`."""

    root: Path

    def names(self) -> tuple[str, ...]:
        """Return the names of the course's assignments, sorted."""
        found = (self.root / PUBLIC_FOLDER).glob("*/assignment.toml")
        return tuple(sorted(path.parent.name for path in found))

    def assignment(self, name: str) -> Assignment:
        """Return the assignment called `name`.

        Raises UsageError where there is none, AssignmentError where it is broken.
        """
        if name not in self.names():
            raise UsageError(
                f"no assignment `{name}` in {self.root / PUBLIC_FOLDER}; "
                f"found: {', '.join(self.names()) or 'none'}{_did_you_mean(name, self.names())}"
            )
        public = self.root / PUBLIC_FOLDER / name
        settings = read_settings(public / "assignment.toml")
        return Assignment(name, settings, public, self.root / HIDDEN_FOLDER / name)


def find_course(start: Path) -> Course:
    """Return the nearest course at or above `start`. Raises UsageError where there is none."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / PUBLIC_FOLDER).is_dir() and (folder / HIDDEN_FOLDER).is_dir():
            return Course(folder)
    raise UsageError(
        f"no course at or above {here}: expected a folder with `{PUBLIC_FOLDER}/` and "
        f"`{HIDDEN_FOLDER}/`. Name one with --course DIR."
    )


def read_settings(path: Path) -> AssignmentFile:
    """Read an assignment.toml.

    Raises AssignmentError with one sentence a fault; an unknown key names the nearest known one.
    """
    try:
        table = tomllib.loads(read_text(path))
        settings = AssignmentFile.model_validate(table)
    except tomllib.TOMLDecodeError as error:
        raise AssignmentError(f"{path}: not valid TOML: {error}.") from error
    except ValidationError as error:
        faults = error.errors()
        # A misspelt key is missing under its right name too: the spelling is what to mend.
        unknown = [each for each in faults if each["type"] == "extra_forbidden"]
        sentences = " ".join(_fault(each) for each in unknown or faults)
        raise AssignmentError(f"{path}: {sentences}") from error
    names = [question.name for question in settings.questions]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise AssignmentError(f"{path}: two questions are named {', '.join(repeated)}.")
    for place, question in enumerate(settings.questions):
        if strangers := sorted(set(question.follows) - set(names[:place])):
            raise AssignmentError(
                f"{path}: {question.name} follows {', '.join(strangers)}: expected an earlier "
                f"question{_did_you_mean(strangers[0], tuple(names[:place])) or '.'}"
            )
    return settings


def read_text(path: Path) -> str:
    """Return the text of an assignment's file. Raises AssignmentError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path}: cannot be read: {error}.") from error


def _fault(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"unknown key `{place}`{_did_you_mean(key, _known_keys()) or '.'}"
    return f"`{place}`: {error['msg']}."


def _known_keys() -> tuple[str, ...]:
    models = (AssignmentFile, Question, Limits, Feedback, Late, Scoring, Manual)
    return tuple(dict.fromkeys(key for model in models for key in model.model_fields))


def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""
