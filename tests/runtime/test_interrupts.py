"""An interrupt stops what a notebook does, and nothing else."""

import os
import signal
import subprocess
import sys

import pytest
from support import ROOT

from grader.runtime.interrupts import Interrupts


@pytest.fixture
def interrupts():
    before = signal.getsignal(signal.SIGINT)
    yield Interrupts()
    signal.signal(signal.SIGINT, before)


def test_inside_it_strikes_once(interrupts: Interrupts):
    tidied = False

    def cell():
        nonlocal tidied
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            tidied = True

    with pytest.raises(KeyboardInterrupt), interrupts.allowed():
        cell()
    assert tidied


def test_outside_it_is_dropped(interrupts: Interrupts):
    os.kill(os.getpid(), signal.SIGINT)
    with interrupts.allowed():
        done = True
    os.kill(os.getpid(), signal.SIGINT)
    assert done


def test_a_storm_of_them_never_ends_the_run():
    """The run goes on from cell to cell, whatever an interrupt falls on."""
    program = """
import os, signal, threading, time
from grader.runtime.interrupts import Interrupts
interrupts, struck, done = Interrupts(), 0, threading.Event()
def storm():
    while not done.is_set():
        os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=storm).start()
while struck < 20:
    try:
        with interrupts.allowed():
            sum(range(5000))
    except KeyboardInterrupt:
        struck += 1
done.set()
print("to the end")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.stdout == "to the end\n", done.stderr
