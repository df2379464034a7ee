"""Classroom: standings, and files as Canvas and Moodle export them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from grader.platforms.base import Options
from grader.standing import Standing

# Names as people and pranksters have them: commas, quotes, line breaks, formulas, other scripts.
NAMES = st.builds(
    str.__add__,
    st.sampled_from(["", "=", "+", "-", "@", "\t", '"', "'", "Łukasz ", "李", "O'Brien, "]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
)
POINTS = st.integers(0, 1800).map(lambda hundredths: hundredths / 100)


def standing(submission: str, score: float = 14.5, **known: object) -> Standing:
    """Return a graded submission out of 18 points; what is no field of it is identity."""
    fields = {key: known.pop(key) for key in list(known) if key in Standing.__dataclass_fields__}
    given = {"status": "graded", "score": score, "raw_score": score, "max_score": 18.0, **fields}
    return Standing(submission, identity=known, **given)  # type: ignore[arg-type]


def options(template: bytes | None = None, **more: object) -> Options:
    return Options("convolution", "Convolution", template, **more)  # type: ignore[arg-type]


def written(
    rows: Sequence[Sequence[object]], separator: str = ",", end: str = "\r\n", always: str = ""
) -> str:
    """Return a CSV as platforms write it: Moodle also quotes cells with a space (`always`)."""

    def cell(value: object) -> str:
        text = str(value)
        special = (separator, '"', "\r", "\n", *always)
        quoted = '"' + text.replace('"', '""') + '"'
        return quoted if any(each in text for each in special) else text

    return "".join(separator.join(map(cell, row)) + end for row in rows)


CANVAS_HEADER = (
    "Student",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Section",
    "Notes",
    "HW 1, warm up (4001)",
    "HW 2: Convolution (4002)",
    "Homework Current Score",
    "Current Score",
    "Final Score (2026)",
    "Final Grade",
)
READ_ONLY = ("(read only)",) * 4


def canvas(
    students: Sequence[tuple[str, int, str, str, str]],
    *,
    separator: str = ",",
    comma: bool = False,
    bom: bytes = b"",
    end: str = "\r\n",
    cells: dict[int, str] | None = None,
) -> bytes:
    """Return a gradebook as Canvas exports it, Test Student last; `cells` by the students' ID."""
    possible = "18,00" if comma else "18.00"
    rows: list[Sequence[object]] = [
        CANVAS_HEADER,
        ["", "", "", "", "", "", "", "Manual Posting", "", "", "", ""],
        ["    Points Possible", "", "", "", "", "", "10", possible, *READ_ONLY],
    ]
    for name, number, sis, login, section in students:
        cell = (cells or {}).get(number, "")
        rows.append([name, number, sis, login, section, "a note", "7", cell, "70", "70", "70", "C"])
    rows.append(
        ["Student, Test", 999, "", "0f" * 20, "Lab A", "", "", "", "", "", "", ""],
    )
    return bom + written(rows, separator, end).encode()


MOODLE_HEADER = (
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)
MOODLE_GERMAN = (
    "ID",
    "Vollständiger Name",
    "E-Mail-Adresse",
    "Status",
    "Bewertung",
    "Bestwertung",
    "Bewertung kann geändert werden",
    "Zuletzt geändert (Abgabe)",
    "Zuletzt geändert (Bewertung)",
    "Feedback als Kommentar",
)


def moodle(
    students: Sequence[tuple[int, str, str]],
    *,
    german: bool = False,
    separator: str = ",",
    bom: bytes = b"",
    end: str = "\n",
    cells: dict[int, dict[str, str]] | None = None,
) -> bytes:
    """Return a grading worksheet as Moodle offers it; `cells` by participant and English title."""
    rows: list[Sequence[object]] = [MOODLE_GERMAN if german else MOODLE_HEADER]
    for number, name, email in students:
        own = (cells or {}).get(number, {})
        values = {
            "Identifier": f"{'Teilnehmer/in' if german else 'Participant '}{number}",
            "Full name": name,
            "Email address": email,
            "Status": "Zur Bewertung abgegeben" if german else "Submitted for grading",
            "Maximum Grade": "18,00" if german else "18.00",
            "Grade can be changed": "Ja" if german else "Yes",
            "Last modified (submission)": "Dienstag, 3. März 2026, 23:58"
            if german
            else "Tuesday, 3 March 2026, 11:58 PM",
            "Last modified (grade)": "-",
            **own,
        }
        rows.append([values.get(title, "") for title in MOODLE_HEADER])
    return bom + written(rows, separator, end, " ").encode()
