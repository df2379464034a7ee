"""Observe: take from the notebook's namespace what a question captures and probes."""

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from grader.probes import Copies, Given, Probe, ProbeFile
from grader.snapshot import PLACEHOLDER, STUB, Encoder, Node, failed, failure, missing
from grader.wire import Frame

STUB_MESSAGE = "Student exercise"
INTERRUPTED = failure("TimeLimit", "it took longer than the time allowed")
# The states that a seed of 0 gives. To set them takes a tenth of the time of seeding.
_SEEDED = (
    torch.Generator().manual_seed(0).get_state(),
    random.Random(0).getstate(),
    np.random.RandomState(0).get_state(),
)
Interruptible = Callable[[], contextlib.AbstractContextManager[None]]


def observe(
    question: str,
    captures: tuple[str, ...],
    notebook: Mapping[str, Any],
    probes: ProbeFile,
    given: Given,
    encoder: Encoder,
    starting: Callable[[], None] = lambda: None,
    interruptible: Interruptible = contextlib.nullcontext,
) -> dict[str, Node]:
    """Return a node for each captured name and each probe of `question`, arrays in `encoder`.

    The notebook's random state, default type and gradient mode are as before afterwards.
    `starting` is called before each probe; `interruptible` makes the context in which student code
    may be interrupted. Once a probe had to be, the question's other probes are not tried: they
    would most likely take as long.
    """
    nodes = {
        name: _captured(notebook[name], encoder, interruptible)
        if name in notebook
        else missing(name)
        for name in captures
    }
    interrupted = False
    for probe in probes.probes:
        if probe.question == question:
            starting()
            node = INTERRUPTED
            if not interrupted:
                node = run_probe(probe, notebook, given, encoder, interruptible)
            interrupted = node is INTERRUPTED
            nodes[probe.name] = node
    return nodes


def _captured(value: object, encoder: Encoder, interruptible: Interruptible) -> Node:
    try:
        with interruptible():
            return encoder.encode(value)
    except KeyboardInterrupt:
        return INTERRUPTED


def run_probe(
    probe: Probe,
    notebook: Mapping[str, Any],
    given: Given,
    encoder: Encoder,
    interruptible: Interruptible = contextlib.nullcontext,
) -> Node:
    """Return the node of what a probe returns, or of how it failed."""
    for name in probe.needs:
        if name not in notebook:
            return missing(name)
        if notebook[name] is ...:
            return missing(name, PLACEHOLDER)
    copies = Copies(given)
    needs = {name: notebook[name] for name in probe.needs}
    with undisturbed():
        try:
            with interruptible():
                return encoder.encode(probe.observe(copies, **needs))
        except KeyboardInterrupt:
            return INTERRUPTED
        except NotImplementedError as error:
            # The stub's own error: the exercise has not been attempted.
            if STUB_MESSAGE in str(error):
                return missing(probe.needs[0] if probe.needs else probe.name, STUB)
            return failed(error, (__file__,))
        except BaseException as error:
            return failed(error, (__file__,))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Give probes the same random state, type and gradient mode each time; restore them after."""
    states = torch.random.get_rng_state(), random.getstate(), np.random.get_state()
    dtype, graded = torch.get_default_dtype(), torch.is_grad_enabled()
    torch.random.set_rng_state(_SEEDED[0])
    random.setstate(_SEEDED[1])
    np.random.set_state(_SEEDED[2])
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(0)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    try:
        yield
    finally:
        torch.random.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(graded)


def to_frame(question: str, when: str, nodes: dict[str, Node], encoder: Encoder) -> Frame:
    """Return an observation as the frame that crosses the sandbox."""
    document = {"event": "observed", "question": question, "when": when, "values": nodes}
    return Frame(document, encoder.blob() if encoder.table else b"")
