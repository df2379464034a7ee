"""Base: what every export takes and gives, who has a mark, and what is said of the others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from grader.standing import Standing

if TYPE_CHECKING:
    from grader.report import Report

_NAMED = 5
_LONGEST = 60

Content = bytes | Callable[[BinaryIO], None]


@dataclass(frozen=True)
class Options:
    """What an export needs beside the standings.

    `page` and `report` look up a submission's feedback page and report by its id, one at a time,
    so that a class need not fit into memory; they give None where there is none.
    """

    assignment: str
    title: str
    template: bytes | None = None
    column: str | None = None
    scale: bool = False
    ungradable_as_zero: bool = False
    absent_as_zero: bool = False
    page: Callable[[str], bytes | None] | None = None
    report: "Callable[[str], Report | None] | None" = None


@dataclass(frozen=True)
class Export:
    """Files for a platform: their content by a suffix of their name, and what to say of them.

    A file's content is bytes or a function that writes them. `remarks` are sentences on what does
    not fit, the weightiest first; `then` is the next step in the platform's own menu words.
    """

    files: Mapping[str, Content]
    marks: int
    remarks: tuple[str, ...]
    then: str


class Exporter(Protocol):
    """Make a platform's files from standings. Pure: reads no disk and no database."""

    def __call__(self, standings: Sequence[Standing], options: Options) -> Export:
        """Raise UsageError where the template or the standings do not fit."""
        ...


def mark(standing: Standing, options: Options) -> float | None:
    """Return the mark to export, None where there is none: never 0 because the grader failed."""
    zero = (standing.status == "ungradable" and options.ungradable_as_zero) or (
        standing.status == "absent" and options.absent_as_zero
    )
    return standing.score if standing.status == "graded" else 0.0 if zero else None


def points(value: float, *, comma: bool = False) -> str:
    """Return a number of points without an exponent or needless zeros, at most 5 decimals."""
    text = f"{round(value, 5) or 0.0:.5f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text


def number(text: str) -> float | None:
    """Return the number that a platform wrote, with a decimal point or comma."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def full_marks(standings: Iterable[Standing]) -> float | None:
    """Return what the assignment is out of: it grows as written answers are marked."""
    return max((each.max_score for each in standings if each.status != "absent"), default=None)


def label(standing: Standing) -> str:
    """Return a submission as staff know it, for one line of a terminal."""
    if standing.student and standing.student != standing.submission:
        return f"{shown(standing.student)} ({shown(standing.submission)})"
    return shown(standing.submission)


def shown(text: str) -> str:
    """Return text that is safe in one line of a terminal."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"


def listed(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def counted(count: int, one: str, many: str) -> str:
    """Return "1 mark" or "3 marks"."""
    return f"{count} {one if count == 1 else many}"


def status_remarks(standings: Sequence[Standing], options: Options) -> list[str]:
    """Say which submissions have no mark, or not the whole of it, and what to do."""
    said = []
    if waiting := [each for each in standings if each.status == "graded" and each.pending > 0]:
        total = points(sum(each.pending for each in waiting))
        said.append(
            f"NOT FINAL: {_submissions(waiting)} waiting for points that a person gives "
            f"({total} together), exported as they stand: {_who(waiting)}. Mark the written "
            "answers, then export again."
        )
    if failed := [each for each in standings if each.status == "error"]:
        said.append(
            f"{_submissions(failed)} without a mark because the grader failed, which costs no "
            f"points: {_who(failed)}. Grade them again, then export again."
        )
    refused = [each for each in standings if each.status == "ungradable"]
    if refused and not options.ungradable_as_zero:
        said.append(
            f"{_submissions(refused)} without a mark because the upload could not be graded: "
            f"{_who(refused)}. --ungradable-as-zero exports them as 0."
        )
    absent = [each for each in standings if each.status == "absent"]
    if absent and not options.absent_as_zero:
        students = counted(len(absent), "student has", "students have")
        said.append(
            f"{students} handed in nothing and no mark: {_who(absent)}. --absent-as-zero exports "
            "them as 0."
        )
    return said


def _submissions(standings: Sequence[Standing]) -> str:
    return counted(len(standings), "submission is", "submissions are")


def _who(standings: Sequence[Standing]) -> str:
    return listed([label(each) for each in standings])
