"""Batch: a class of submissions, graded, kept, published and graded again."""
