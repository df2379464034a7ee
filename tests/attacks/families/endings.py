"""Endings: never end, end too early, or end where only the grader's own code should."""

from attacks.case import MEAN, STARTED, Case

ANSWERED = 'from grader.student import check\ncheck("mean")'
STUBBORN = """
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass
"""
CANCELLED = "import asyncio; raise asyncio.CancelledError"
DIED = {2: "the process ended here", 3: "skipped"}


def _ends(name: str, sentence: str, code: str) -> Case:
    """Return a case whose process ends in cell 2, after `mean` was observed."""
    cells = (MEAN, ANSWERED, code, "later = 1")
    return Case(name, sentence, cells, marks=STARTED, execution="killed", errors=DIED)


def _goes_on(name: str, sentence: str, code: str, error: str = "") -> Case:
    """Return a case that ends a cell and nothing else."""
    return Case(name, sentence, (code, MEAN), marks=STARTED, errors={0: error} if error else {})


def _in_probe(name: str, sentence: str, body: str, execution: str = "ok") -> Case:
    """Return a case that misbehaves while its function is called: no points for it, all others."""
    model = "import torch\nmodel = torch.nn.Linear(3, 2)\nanswer = 8\nword = 'mean'"
    cells = (f"def mean(values):\n    {body}", model)
    return Case(name, sentence, cells, marks={"model": 1.5, "why": 1}, execution=execution)


CASES = (
    Case(
        "endless_loop",
        "Loop for ever.",
        ("while True: pass", MEAN),
        marks=STARTED,
        execution="timeout",
        message="Cell 0 ran longer than 2 s.",
        errors={0: "stopped after 2 s"},
    ),
    Case(
        "sleep",
        "Sleep for an hour.",
        ("import time\ntime.sleep(3600)", MEAN),
        marks=STARTED,
        execution="timeout",
        errors={0: "stopped after 2 s"},
    ),
    Case(
        "all_signals_ignored",
        "Ignore every signal and every exception.",
        (MEAN, ANSWERED, STUBBORN, "later = 1"),
        marks=STARTED,
        execution="timeout",
        errors={2: "did not react", 3: "skipped"},
    ),
    _ends("os_exit", "End the process without a word.", "import os; os._exit(0)"),
    _ends("segmentation_fault", "Read address 0.", "import ctypes; ctypes.string_at(0)"),
    _ends("abort", "Abort.", "import os; os.abort()"),
    Case(
        "kills_itself",
        "Send itself SIGKILL.",
        (MEAN, ANSWERED, "import os; os.kill(os.getpid(), 9)", "later = 1"),
        marks=STARTED,
        # The first process of a namespace is not killed from inside.
        execution="killed",
        execution_in={"A1": "ok"},
        errors=DIED,
        errors_in={"A1": {}},
    ),
    _goes_on("sys_exit", "sys.exit(0)", "import sys; sys.exit(0)", "SystemExit"),
    _goes_on("exit", "exit()", "exit()"),
    _goes_on("quit", "quit()", "quit()"),
    _goes_on("raise_system_exit", "raise SystemExit", "raise SystemExit", "SystemExit"),
    _goes_on("interrupts_itself", "Raise KeyboardInterrupt.", "raise KeyboardInterrupt", "Key"),
    _goes_on("input", "Wait for the keyboard.", "name = input()", "nobody sits at the keyboard"),
    _goes_on("stdin", "Wait for standard input.", "import sys; sys.stdin.read()"),
    _in_probe("system_exit_in_a_probe", "Exit inside a probed function.", "raise SystemExit"),
    _in_probe("cancelled_in_a_probe", "Raise what is no Exception there.", CANCELLED),
    _in_probe("endless_probe", "Loop inside a probed function.", "while True: pass", "timeout"),
    Case(
        "os_exit_in_a_probe",
        "End the process inside a probed function.",
        ("import os\ndef mean(values):\n    os._exit(0)", "answer = 8"),
        execution="killed",
        message="The notebook ended its own process while its functions were called.",
    ),
)
