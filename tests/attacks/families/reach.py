"""Reach: look for the reference, the hidden tests, secrets and other submissions."""

from attacks.case import MEAN, STARTED, Case, search

FILES = """
for name in ("averages/__init__.py", "averages/solution.py", "averages/seed",
             "averages/answers.txt", "averages/tests/mean.py"):
    look_into("@HIDDEN@/" + name)
"""

WALK = """
end = time.monotonic() + 1.2
static = ("/proc", "/sys", "/usr", "/dev", sys.prefix, sys.base_prefix)
for top in ("@HIDDEN@", "/tmp", os.path.expanduser("~"), "/root", "/home", "/work", "/"):
    for folder, folders, files in os.walk(top):
        folders[:] = [n for n in folders if os.path.join(folder, n) not in static]
        for name in files:
            look(folder + "/" + name, name)
            look_into(os.path.join(folder, name))
        if time.monotonic() > end:
            break
"""

PROCESSES = """
for number in {*numbers(), os.getppid()}:
    if number != os.getpid():
        for name in ("environ", "cmdline", "maps", "stack", "auxv", "comm"):
            look_into(f"/proc/{number}/{name}")
        for link in ("cwd", "root", "exe"):
            try:
                os.listdir(f"/proc/{number}/{link}/")
                look_into(f"/proc/{number}/{link}/@HIDDEN@/averages/seed")
            except OSError:
                pass
        try:
            opened = os.listdir(f"/proc/{number}/fd")
        except OSError:
            opened = []
        for one in opened:
            look_into(f"/proc/{number}/fd/{one}")
for name in ("environ", "cmdline", "comm", "mountinfo", "status"):
    look_into(f"/proc/self/{name}")
for one in os.listdir("/proc/self/fd"):
    if not os.path.exists(f"/proc/self/fd/{one}") or os.path.isfile(f"/proc/self/fd/{one}"):
        look_into(f"/proc/self/fd/{one}")
"""

OTHERS_MEMORY = """
for number in {*numbers(), os.getppid()} - {os.getpid()}:
    try:
        mapped = open(f"/proc/{number}/maps").read()
        memory = os.open(f"/proc/{number}/mem", os.O_RDONLY)
    except OSError:
        continue
    name = f"memory of another process: {len(mapped)} bytes of maps"
    if mapped and os.pread(memory, 16, int(mapped.split("-")[0], 16)):
        found.append(name)
"""

OWN_MEMORY = """
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
start = "".join(["KANA", "RIEN-"]).encode()
seen = 0
for line in open("/proc/self/maps"):
    span, rights = line.split()[:2]
    low, high = (int(end, 16) for end in span.split("-"))
    if rights.startswith("rw") and "[v" not in line:
        block = ctypes.string_at(low, high - low)
        seen += len(block)
        at = block.find(start)
        while at >= 0:
            look("own memory", block[at:at + 64])
            at = block.find(start, at + 1)
        del block
assert seen > 1 << 20
"""

OBJECTS = """
import linecache
for thing in gc.get_objects():
    if type(thing) is dict:
        for value in list(thing.values()):
            if type(value) in (str, bytes):
                look("an object", value)
    elif type(thing) in (list, tuple):
        for value in thing[:200]:
            if type(value) in (str, bytes):
                look("an object", value)
frame = sys._getframe()
while frame is not None:
    for name, value in list(frame.f_locals.items()):
        if type(value) in (str, bytes):
            look("frame " + name, value)
    frame = frame.f_back
for name, module in list(sys.modules.items()):
    look("module " + name, name + str(getattr(module, "__file__", "")))
    if name.startswith(("reference", "_reference", "otter", "grader.checks", "grader.assignment")):
        found.append(name)
look("lines", repr(linecache.cache))
"""

IMPORTS = """
import importlib
for name in ("reference", "reference.averages", "assignments", "solution", "_reference_averages",
             "grader.checks", "grader.assignment", "grader.score", "grader.pipeline"):
    try:
        importlib.import_module(name)
        found.append(name)
    except ImportError:
        pass
for folder in ("@HIDDEN@", "@HIDDEN@/averages", "@HIDDEN@/.."):
    sys.path.insert(0, folder)
for name in ("averages", "solution", "reference"):
    try:
        look(name, repr(vars(importlib.import_module(name))))
    except ImportError:
        pass
    except NameError:  # a solution is no module: it was read, and broke as it ran
        found.append(name)
del sys.path[:3]
"""

KEYS = """
for name, value in os.environ.items():
    look(name, value)
ctypes.CDLL(None).getenv.restype = ctypes.c_char_p
look("getenv", ctypes.CDLL(None).getenv(b"COURSE_API_KEY") or b"")
"""

DEVICES = """
import stat
for folder, _, files in os.walk("/dev"):
    for name in files:
        path = os.path.join(folder, name)
        if stat.S_ISBLK(os.lstat(path).st_mode) or name in ("mem", "kmem", "port", "kmsg"):
            attempt(path, read, path, 512)
device = os.stat("@HIDDEN@/averages/seed").st_dev if os.path.exists("@HIDDEN@") else 0
attempt("mknod", os.mknod, "disk", 0o600 | stat.S_IFBLK, device or os.makedev(8, 0))
"""

SHADOW = """
for path in ("/etc/shadow", "/etc/sudoers", "/root/.bash_history", os.path.expanduser("~root/.ssh")):
    attempt(path, read, path, 8)
"""

OTHER_SUBMISSION = """
look_into("@OTHER@")
for path in ("@OTHER@", "@HIDDEN@/averages/seed"):
    for action, name in ((os.link, "linked"), (os.symlink, "pointed")):
        try:
            action(path, name)
            look_into(name)
            os.unlink(name)
        except OSError:
            pass
"""

RIGHTS = {"none": {"hidden": "the notebook has the rights of the user who grades"}}


def _case(name: str, sentence: str, code: str, **more: object) -> Case:
    settings = {"open_in": RIGHTS, **more}
    return Case(name, sentence, (search(code), MEAN), marks=STARTED, **settings)  # type: ignore[arg-type]


CASES = (
    _case("hidden_files", "Open the hidden files by their full paths.", FILES, bites=True),
    _case("walk_file_system", "Read every file that can be found.", WALK, bites=True),
    _case("etc_shadow", "Read /etc/shadow and root's files.", SHADOW),
    _case("other_submission", "Read another student's notebook.", OTHER_SUBMISSION, bites=True),
    _case("other_processes", "Read what /proc says of other processes.", PROCESSES, bites=True),
    _case("memory_of_others", "Read the memory of other processes.", OTHERS_MEMORY, bites=True),
    _case("own_memory", "Scan all of its own memory.", OWN_MEMORY, open_in={}),
    _case("objects_and_frames", "Look through objects, frames, modules.", OBJECTS, open_in={}),
    _case("imports", "Import the reference and the grader's trusted side.", IMPORTS, bites=True),
    _case("key_in_environment", "Find a key in the environment.", KEYS, open_in={}),
    _case("raw_devices", "Read disks, memory and the kernel's log as devices.", DEVICES),
)
