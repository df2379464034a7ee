"""Feedback: views of a report for people."""
