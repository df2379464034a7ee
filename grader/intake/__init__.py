"""Intake: turn what was handed in into Submissions, or refuse it with a sentence."""

from grader.intake.contents import digest
from grader.intake.places import gather, uploads
from grader.intake.reading import read
from grader.intake.upload import Submission, Upload

__all__ = ["Submission", "Upload", "digest", "gather", "read", "uploads"]
