"""Gradescope: an autograder zip that hands each submission the result it already has.

Gradescope imports no scores for a programming assignment; all it takes is what an autograder
answers. So the zip is an autograder that runs nothing of a student's: it looks up the submission's
number and copies its results.json. Upload it, then regrade all submissions.
"""

import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from grader.errors import UsageError
from grader.platforms.base import (
    Export,
    Options,
    counted,
    label,
    listed,
    mark,
    points,
    shown,
    status_remarks,
)
from grader.standing import Standing

if TYPE_CHECKING:
    from grader.report import Report

_SETUP = """#!/bin/sh
command -v python3 > /dev/null || { apt-get update && apt-get install -y python3; }
"""
_RUN = '''#!/usr/bin/env python3
"""Answer with the result that this submission already has; run nothing of the student's."""

import json
import shutil
import sys
from pathlib import Path

home = Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")
number = json.loads((home / "submission_metadata.json").read_text())["id"]
result = home / "source" / f"submission_{number}" / "results" / "results.json"
if not result.is_file():
    sys.exit("This submission has no mark yet. Your teachers were told; you need not do anything.")
(home / "results").mkdir(exist_ok=True)
shutil.copyfile(result, home / "results" / "results.json")
'''


def export(standings: Sequence[Standing], options: Options) -> Export:
    """Make the zip: `submission_<id>/results/results.json` for each mark, and what copies it.

    A submission without a mark has no result, so that Gradescope shows an autograder that failed
    and never a 0. Raises UsageError where two submissions have the same Gradescope number.
    """
    owners: dict[str, list[Standing]] = defaultdict(list)
    unknown = []
    for standing in standings:
        number = standing.identity.get("gradescope_submission", "")
        if number.isascii() and number.isdecimal():
            owners[number].append(standing)
        elif standing.status != "absent":
            unknown.append(standing)
    if doubled := [each for each in owners.values() if len(each) > 1]:
        pairs = "; ".join(" and ".join(shown(s.submission) for s in each) for each in doubled)
        raise UsageError(
            f"expected one mark for each Gradescope submission, found several ({pairs}). Nothing "
            "was written. Keep the one that counts in the folder and grade it into a new -o DIR."
        )
    marks = {
        number: (each[0], value)
        for number, each in owners.items()
        if (value := mark(each[0], options)) is not None
    }
    remarks = status_remarks(standings, options)
    if unknown:
        who = listed([label(each) for each in unknown])
        remarks.append(
            f"{counted(len(unknown), 'submission has', 'submissions have')} no Gradescope number "
            f"and cannot go back: {who}. Grade the folder as Gradescope exports it (Review Grades "
            "> Export Submissions), with its submission_metadata.yml."
        )
    return Export(
        {".zip": _zipped(marks, options)},
        len(marks),
        tuple(remarks),
        "Gradescope imports no scores, but takes an autograder's answers. In the programming "
        "assignment, Configure Autograder > Upload, choose the zip, Update Autograder; then Manage "
        "Submissions > Regrade All Submissions. It runs nothing of a student's and only hands out "
        "these marks; who hands in later gets none until you export again.",
    )


def result(standing: Standing, score: float, report: "Report | None") -> dict[str, object]:
    """Return one results.json.

    Every test is visible, because one hidden test hides a student's total: what hidden checks
    earned is folded into one line. `score` is what counts.
    """
    tests = _from_report(report) if report else _from_questions(standing)
    summed = sum(float(str(test["score"])) for test in tests)
    lines = [standing.message] if standing.message else []
    if round(score - summed, 5):
        lines.append(
            f"The tests below add up to {points(summed)}; written answers, lateness and rounding "
            f"make it {points(score)}."
        )
    if standing.pending:
        lines.append(f"Up to {points(standing.pending)} more for written answers.")
    return {
        "score": score,
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _from_questions(standing: Standing) -> list[dict[str, object]]:
    return [
        {"name": name, "score": value, "visibility": "visible"}
        for name, value in standing.questions.items()
    ]


def _from_report(report: "Report") -> list[dict[str, object]]:
    visible = [
        (question, check)
        for question in report.questions
        for check in question.checks
        if not check.hidden
    ]
    tests: list[dict[str, object]] = [
        {
            "name": f"{question.title}: {check.name}",
            "score": check.points,
            "max_score": check.max_points,
            "status": "passed" if check.status == "passed" else "failed",
            "output": check.message,
            "output_format": "text",
            "visibility": "visible",
        }
        for question, check in visible
    ]
    most = sum(question.max_score for question in report.questions)
    folded = round(most - sum(check.max_points for _, check in visible), 5)
    if folded > 0:
        earned = sum(question.score for question in report.questions)
        rest = round(earned - sum(check.points for _, check in visible), 5)
        tests.append(
            {
                "name": "Further checks",
                "score": rest,
                "max_score": folded,
                "status": "passed" if rest >= folded else "failed",
                "visibility": "visible",
            }
        )
    return tests


def _zipped(
    marks: Mapping[str, tuple[Standing, float]], options: Options
) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "setup.sh", _SETUP)
            _add(archive, "run_autograder", _RUN)
            for number, (standing, score) in marks.items():
                report = options.report(standing.submission) if options.report else None
                if report is not None and report.status != "graded":
                    report = None
                text = json.dumps(result(standing, score, report), ensure_ascii=False, indent=1)
                _add(archive, f"submission_{number}/results/results.json", text)

    return write


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    # A fixed date: the same marks give the same file. Gradescope runs the two scripts.
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (0o644 if name.endswith(".json") else 0o755) << 16
    archive.writestr(entry, text)
