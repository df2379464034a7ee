"""Benchmarks: the figures that README and docs quote, one command each."""
