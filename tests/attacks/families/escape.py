"""Escape: reach the network, other processes, the kernel, or files by another way than opening."""

from attacks.case import MEAN, STARTED, Case, search

TCP = """
listener = None
for address in (("127.0.0.1", 22), ("127.0.0.1", 80), ("1.1.1.1", 53), ("::1", 22)):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with socket.socket(family) as one:
            one.settimeout(0.3)
            if one.connect_ex(address) in (0, 111):  # connected, or refused by a real machine
                if len(os.listdir("/sys/class/net") if os.path.isdir("/sys/class/net") else []) > 1:
                    found.append(f"tcp {address}")
    except OSError:
        pass
"""

UDP = """
for address in (("127.0.0.1", 53), ("8.8.8.8", 53)):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"x", address)
            found.append(f"udp {address}")
    except OSError:
        pass
"""

ABSTRACT = """
names = set()
if os.path.exists("/proc/net/unix"):
    names = {line.split()[-1] for line in open("/proc/net/unix") if line.split()[-1].startswith("@")}
for name in names | {"@attack-service"}:
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(name.replace("@", chr(0), 1).encode())
            found.append("abstract socket " + name)
    except OSError:
        pass
"""

LOCAL = """
for path in ("@SERVICE@", "/run/docker.sock", "/run/dbus/system_bus_socket"):
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(1)
            one.connect(path)
            found.append(f"local service {path}")
    except OSError:
        pass
"""

SIGNALS = """
others = set(numbers()) | {os.getppid(), 1}
others -= {os.getpid(), 0}
for number in others:
    attempt(f"signal {number}", os.kill, number, 0)
if not found:
    # Nothing outside can be reached, so the real thing does no harm.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    attempt("kill(-1)", os.kill, -1, signal.SIGKILL) if os.getpid() == 1 else None
"""

TRACE = """
libc = ctypes.CDLL(None, use_errno=True)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
for number in {*numbers(), os.getppid(), 1} - {os.getpid(), 0}:
    if libc.ptrace(16, number, 0, 0) == 0:
        libc.ptrace(17, number, 0, 0)
        found.append(f"ptrace {number}")
    buffer = ctypes.create_string_buffer(8)
    mine, theirs = Vector(ctypes.addressof(buffer), 8), Vector(0x400000, 8)
    libc.process_vm_readv(number, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
    if ctypes.get_errno() not in (1, 3, 38):
        found.append(f"process_vm_readv {number} {ctypes.get_errno()}")
"""

KERNEL = """
import resource
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == 0:
        found.append(name)
call("unshare", 0x10000000)
call("unshare", 0x00020000)
call("mount", b"none", b"/tmp", b"tmpfs", 0, None)
call("mount", b"none", b"/", None, 4096 | 32, None)
call("umount2", b"/usr", 2)
call("umount2", b"/proc", 2)
call("chroot", b"/tmp")
call("setuid", 0) if os.getuid() else None
call("sethostname", b"attacked", 8)
call("setns", 0, 0)
for number, name in ((321, "bpf"), (298, "perf_event_open"), (323, "userfaultfd"),
                     (425, "io_uring_setup"), (250, "keyctl"), (248, "add_key")):
    if libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
        found.append(name)
attempt("nice", os.setpriority, os.PRIO_PROCESS, 1, -20)
if os.getpid() != 1:
    # With the values that hold already, so that no harm is done where it is allowed.
    parent = os.getppid()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    attempt("limits of the parent", resource.prlimit, parent, resource.RLIMIT_NOFILE, limits)
    attempt("affinity", os.sched_setaffinity, parent, os.sched_getaffinity(parent))
    attempt("nice", os.setpriority, os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent))
    attempt("nice of all", os.setpriority, os.PRIO_USER, os.getuid(),
            os.getpriority(os.PRIO_PROCESS, 0))
    attempt("scheduler", os.sched_setscheduler, parent, os.SCHED_OTHER, os.sched_param(0))
"""

RAISE_LIMITS = """
import resource
for what in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    soft, hard = resource.getrlimit(what)
    try:
        resource.setrlimit(what, (hard + 1, hard + 1))
        found.append(f"limit {what}")
    except (OSError, ValueError):
        pass
"""

CHANGE = """
def change(name, target):
    # What counts is what has changed: a call may say that it did, and not have.
    try:
        before = os.stat(target)
    except OSError:
        return
    for action in (lambda: os.chmod(target, before.st_mode & 0o7777 ^ 0o1),
                   lambda: os.utime(target, (1, 1)),
                   lambda: os.chown(target, os.getuid(), os.getgid())):
        try:
            action()
        except OSError:
            pass
    after = os.stat(target)
    if (before.st_mode, before.st_mtime, before.st_ctime_ns) != (
            after.st_mode, after.st_mtime, after.st_ctime_ns):
        found.append(f"changed {name}")
"""

MODES = (
    CHANGE
    + """
for path in ("@HIDDEN@/averages/seed", "@HIDDEN@/averages", "@HIDDEN@", "@PUBLIC@/averages"):
    change(path, path)
    attempt("setxattr", os.setxattr, path, "user.attack", b"1")
    attempt("truncate", os.truncate, path, 0)
    attempt("rename", os.rename, path, path + "-gone")
"""
)

LIBRARY_MODES = (
    CHANGE
    + """
for path in (os.__file__, torch.__file__, sys.modules["grader"].__file__):
    with open(path) as file:
        change(path, file.fileno())
    change(path, path)
"""
)

RIGHTS = "the notebook has the rights of the user who grades"
NO_LIMITS = {"none": {"hidden": RIGHTS}}
HARM = {"none": RIGHTS + ", so this would harm the machine"}


def _case(name: str, sentence: str, code: str, **more: object) -> Case:
    settings = {"open_in": NO_LIMITS, **more}
    return Case(name, sentence, (search(code), MEAN), marks=STARTED, **settings)  # type: ignore[arg-type]


CASES = (
    _case("tcp", "Connect to services on the machine and beyond.", TCP),
    _case("udp", "Send datagrams.", UDP, bites=True),
    _case("abstract_sockets", "Connect to local services by abstract names.", ABSTRACT),
    _case("local_services", "Connect to local services by their paths.", LOCAL, bites=True),
    _case("signals", "Signal every other process, then kill(-1).", SIGNALS, not_run_in=HARM),
    _case("ptrace", "Trace other processes and read their memory.", TRACE, not_run_in=HARM),
    _case("kernel_calls", "Make namespaces, mounts, keys, rings.", KERNEL, not_run_in=HARM),
    _case("raise_limits", "Raise its own limits.", RAISE_LIMITS),
    _case("modes_of_hidden", "Change modes, times, owners of the course.", MODES, not_run_in=HARM),
    _case("modes_of_library", "Change modes of Python's files.", LIBRARY_MODES, not_run_in=HARM),
)
