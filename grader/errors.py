"""Errors, each named after the person who acts next.

    GraderError
    ├── SubmissionError   the student: the upload cannot be graded as it is
    ├── AssignmentError   the author: the assignment contradicts itself or the contract
    ├── SandboxError      the staff: the machine could not execute or observe
    └── UsageError        whoever typed the command

Every message is made of sentences: what was expected, what was found, what to do.
"""


class GraderError(Exception):
    """Base of every error this package raises on purpose."""


class SubmissionError(GraderError):
    """The upload cannot be graded; the message is written for the student."""


class AssignmentError(GraderError):
    """The assignment is broken; the message is written for its author."""


class SandboxError(GraderError):
    """Execution failed for a reason that is not the student's; the message is for staff."""


class UsageError(GraderError):
    """The command was wrong; the message is for whoever typed it."""
