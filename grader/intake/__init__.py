"""Intake: turn what was handed in into Submissions, or refuse it with a sentence."""

from grader.intake.collection import Collection, Superseded, collect
from grader.intake.contents import digest, fingerprint
from grader.intake.places import uploads
from grader.intake.reading import read
from grader.intake.roster import Roster, Student, read_roster
from grader.intake.upload import Submission, Upload

__all__ = [
    "Collection",
    "Roster",
    "Student",
    "Submission",
    "Superseded",
    "Upload",
    "collect",
    "digest",
    "fingerprint",
    "read",
    "read_roster",
    "uploads",
]
