"""Runtime: what runs beside student code, and nothing else does.

Imports torch, numpy, IPython, matplotlib and safetensors alone (and pyseccomp where it is there);
never otter, pydantic, nbformat, the rest of `grader`, a hidden test or a reference (a test holds
it). `FILES` is all of it.
"""

FILES = (
    "__init__.py",
    "errors.py",
    "probes.py",
    "snapshot.py",
    "text.py",
    "wire.py",
    "runtime/__init__.py",
    "runtime/__main__.py",
    "runtime/confine.py",
    "runtime/interrupts.py",
    "runtime/job.py",
    "runtime/linux.py",
    "runtime/observe.py",
    "runtime/once.py",
    "runtime/originals.py",
    "runtime/probe.py",
    "runtime/quiet.py",
    "runtime/runner.py",
    "runtime/serve.py",
    "runtime/shell.py",
    "runtime/syscalls.py",
    "runtime/tiers.py",
)
