"""Thin: reports with what tables and counts need; of a class nothing else stays in memory."""

from typing import TypeVar

from grader.report import CheckRecord, DiagnosisRecord, QuestionRecord, Report

T = TypeVar("T", QuestionRecord, CheckRecord, DiagnosisRecord)


class Thin:
    """Makes reports thin: sentences for one student go, and records that are equal are one."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}

    def __call__(self, report: Report) -> Report:
        """Return the report without its cells, receipts and sentences of checks."""
        execution = report.execution and report.execution.model_copy(update={"cells": ()})
        return report.model_copy(
            update={
                "questions": tuple(map(self._question, report.questions)),
                "execution": execution,
                "receipts": (),
            }
        )

    def _question(self, question: QuestionRecord) -> QuestionRecord:
        checks = (c.model_copy(update={"message": ""}) for c in question.checks)
        return self._one(
            question.model_copy(
                update={
                    "checks": tuple(map(self._one, checks)),
                    "diagnosis": question.diagnosis and self._one(question.diagnosis),
                }
            )
        )

    def _one(self, record: T) -> T:
        found = self._known.setdefault(record, record)
        if not isinstance(found, type(record)):
            raise AssertionError("records of one key are of one kind")
        return found
