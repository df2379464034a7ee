"""Bombs: use up processes, threads, memory, disk and output."""

from attacks.case import MEAN, STARTED, Case

FORKS = """
import os, time
made = 0
for _ in range(40):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
    except OSError:
        pass
"""

THREADS = """
import threading, time
made = []
try:
    for _ in range(400):
        made.append(threading.Thread(target=time.sleep, args=(600,), daemon=True))
        made[-1].start()
except RuntimeError:
    pass
"""

PROCESSES = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        block = bytearray(1500 << 20)
        time.sleep(60)
        os._exit(0)
"""

DISK = """
written = 0
for number in range(60):
    with open(f"block-{number}", "wb") as file:
        file.write(bytes(1 << 20))
"""

INODES = """
for number in range(24_000):
    open(f"empty-{number}", "w").close()
"""

DESCRIPTORS = """
held = []
while True:
    held.append(open("/dev/null"))
"""

NO_FORK = "PermissionError"
CASES = (
    Case(
        "fork_bomb",
        "Make processes without end.",
        (FORKS, MEAN),
        marks=STARTED,
    ),
    Case("thread_bomb", "Start hundreds of threads.", (THREADS, MEAN), marks=STARTED),
    Case(
        "memory_in_one_array",
        "Ask for 20 GB at once.",
        ("import numpy\nblock = numpy.ones(20 << 30, dtype=numpy.uint8)", MEAN),
        marks=STARTED,
        execution="memory",
        errors={0: "MemoryError"},
    ),
    Case(
        "memory_in_one_tensor",
        "Ask torch for 20 GB at once.",
        ("import torch\nblock = torch.ones(5 << 30)", MEAN),
        marks=STARTED,
        execution="memory",
        errors={0: "RuntimeError"},
    ),
    Case(
        "memory_in_several_processes",
        "Three processes with 1.5 GB each.",
        (PROCESSES, MEAN),
        marks=STARTED,
        errors={0: NO_FORK},
        not_run_in={"none": "nothing there bounds the memory of several processes"},
    ),
    Case(
        "one_large_file",
        "Write a file larger than a file may be.",
        ("with open('large', 'wb') as file:\n    file.write(bytes(5_000_000))", MEAN),
        marks=STARTED,
        errors={0: "OSError"},
    ),
    Case(
        "full_disk",
        "Write more than all files may hold.",
        (DISK, MEAN),
        marks=STARTED,
        errors_in={"A1": {0: "No space left on device"}},
    ),
    Case(
        "inodes",
        "Make more files than there may be.",
        (INODES, MEAN),
        marks=STARTED,
        errors={0: "No space left on device"},
        not_run_in=dict.fromkeys(("C", "none"), "the number of files has no limit there"),
    ),
    Case(
        "descriptors",
        "Open more files at once than allowed.",
        (DESCRIPTORS, "held.clear()", MEAN),
        marks=STARTED,
        errors={0: "Too many open files"},
    ),
    Case(
        "flood_of_output",
        "Print 100 MB.",
        ("for _ in range(1000): print('x' * 100_000)", MEAN),
        marks=STARTED,
        execution="output_limit",
        message="Cell 0 printed more than",
        errors={0: "too much output"},
    ),
    Case(
        "flood_that_goes_on",
        "Print without end and ignore being stopped.",
        (
            "while True:\n    try:\n        print('x' * 100_000)\n    except BaseException: pass",
            MEAN,
        ),
        execution="output_limit",
        errors={0: "stopped", 1: "skipped"},
    ),
    Case(
        "deep_recursion",
        "Recurse past the end of the C stack.",
        (
            "import sys\nsys.setrecursionlimit(10**9)\ndef f(_): return sorted([1], key=f)\nf(1)",
            MEAN,
        ),
        execution="killed",
        errors={0: "the process ended here", 1: "skipped"},
    ),
)
