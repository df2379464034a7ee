"""torch-grader: an autograder for PyTorch notebook exercises."""

__version__ = "0.1.0"
