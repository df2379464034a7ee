"""Confine: turn the forked child into a process that can reach nothing but its own work.

Order matters: namespaces, then a new root, then limits, then privileges, then system calls; each
step needs what a later one takes away.
"""

import contextlib
import glob
import os
import resource
import shutil
import signal
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.runtime import linux

WORK = "/tmp/work"
HOME = "/tmp/home"
# Above every user that a machine has; each warm process's children get a number of their own, so
# that a limit on tasks counts theirs alone.
FIRST_UID = 1 << 30
_DEVICES = ("null", "zero", "full", "random", "urandom")
# Of NVIDIA's and AMD's drivers: where the machine's own /dev is kept.
_GPU_DEVICES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/alternatives")
_PASSWD = "student:x:{uid}:{uid}::/tmp/home:/bin/false\nroot:x:0:0::/:/bin/false\n"


@dataclass(frozen=True)
class Bounds:
    """What the child may use.

    Bytes of address space (-1: no limit, for a GPU's driver), of one file and of all files; seconds
    of processor time; open files; threads of all its processes together.
    """

    memory_bytes: int
    file_bytes: int
    disk_bytes: int
    cpu_seconds: int
    open_files: int
    threads: int


def python_prefixes() -> tuple[str, ...]:
    """Return the directories that hold Python, its packages and the staged runtime."""
    runtime = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = {
        sys.base_prefix,
        sys.prefix,
        os.path.dirname(os.path.realpath(sys.executable)),
        runtime,
    }
    real = {os.path.realpath(path) for path in found} | found
    return tuple(sorted(path for path in real if not _inside(path, "/usr") and path != "/"))


def enter(root: str, bounds: Bounds, work: str, own_uid: int) -> None:
    """Confine the calling process, which must have one thread and be the first of its namespace.

    `root` is an empty directory, `work` holds the files that belong to the notebook; `own_uid` is
    the user to become where root grades. Raises OSError where the machine does not allow a step;
    the process must then be given up.
    """
    uid = own_uid if _real_root() and _others_may_read() else 0
    linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET)
    new_root(root, bounds.disk_bytes, uid, work)
    limit(bounds, tasks=True)
    give_up_privileges(uid)


def enter_shared(bounds: Bounds, place: str, own_uid: int) -> None:
    """Confine the calling process as far as goes where it keeps the machine's own file system.

    `place` holds `work` and `home`, which become `own_uid`'s where root grades.
    """
    uid = own_uid if _real_root() and _others_may_pass() else 0
    if uid:
        for name in ("work", "home"):
            _give(f"{place}/{name}", uid)
    limit(bounds, tasks=bool(uid))
    give_up_privileges(uid)


def give_up_privileges(uid: int) -> None:
    """Give up every privilege for good; become user `uid` first, unless it is 0."""
    linux.drop_bounding_set()
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    linux.drop_capabilities()
    # After the change of credentials, which clears it.
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)


def new_root(root: str, disk_bytes: int, uid: int, work: str) -> None:
    """Make a root directory of read-only system folders and one small writable file system."""
    linux.mount("", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
    _devices(root)
    _files(root, disk_bytes, uid, work)
    # After /tmp, because Python or the runtime may lie below the machine's own /tmp.
    for path in (*SYSTEM, *python_prefixes()):
        _show(path, root)
    os.mkdir(f"{root}/proc")
    linux.mount("proc", f"{root}/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    os.mkdir(f"{root}/.old")
    linux.pivot_root(root, f"{root}/.old")
    os.chdir("/")
    linux.unmount("/.old")
    os.rmdir("/.old")
    flags = linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("", "/", "", flags)
    os.chdir(WORK)


def shared_devices() -> tuple[str, ...]:
    """Return the devices of the machine's own /dev that a notebook may use: no disk, no terminal,
    and not /dev/shm, where it could leave files for the next one.
    """
    gpu = [path for pattern in _GPU_DEVICES for path in sorted(glob.glob(pattern))]
    return (*(f"/dev/{name}" for name in _DEVICES), *gpu)


def limit(bounds: Bounds, *, tasks: bool) -> None:
    """Set hard limits on memory, files, core dumps, processor time and, with `tasks`, threads.

    The kernel counts threads by user: the limit makes sense for a user that has no others.
    """
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, bounds.file_bytes),
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_NOFILE, bounds.open_files),
    ]
    if tasks:
        limits.append((resource.RLIMIT_NPROC, bounds.threads))
    for what, most in limits:
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (bounds.cpu_seconds, bounds.cpu_seconds + 1))


def close_all_but(kept: Iterable[int]) -> None:
    """Close every descriptor but stdio and those `kept`."""
    previous = 2
    for descriptor in sorted(kept):
        os.closerange(previous + 1, descriptor)
        previous = descriptor
    os.closerange(previous + 1, 65536)


def _show(path: str, root: str) -> None:
    """Bind a directory into the new root, read-only; a link is made again as a link."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        return
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(path), target)
        return
    os.mkdir(target)
    linux.mount(path, target, "", linux.MS_BIND | linux.MS_REC)
    linux.make_read_only(target)


def _devices(root: str) -> None:
    os.mkdir(f"{root}/dev")
    for name in _DEVICES:
        os.close(os.open(f"{root}/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o600))
        linux.mount(f"/dev/{name}", f"{root}/dev/{name}", "", linux.MS_BIND)


def _files(root: str, disk_bytes: int, uid: int, work: str) -> None:
    """Make /tmp, /dev/shm and the home: one file system of `disk_bytes` for all of them."""
    os.mkdir(f"{root}/tmp")
    options = f"size={disk_bytes},nr_inodes=20000,mode=1777"
    linux.mount("tmpfs", f"{root}/tmp", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, options)
    shutil.copytree(work, f"{root}{WORK}")
    for name in ("home", "home/tmp", "shm"):
        os.mkdir(f"{root}/tmp/{name}")
    if uid:
        for name in ("work", "home", "shm"):
            _give(f"{root}/tmp/{name}", uid)
    os.mkdir(f"{root}/dev/shm")
    linux.mount(f"{root}/tmp/shm", f"{root}/dev/shm", "", linux.MS_BIND)
    os.makedirs(f"{root}/etc", exist_ok=True)
    with open(f"{root}/etc/passwd", "w") as file:
        file.write(_PASSWD.format(uid=uid))
    for name in ("localtime", "ld.so.cache"):
        with contextlib.suppress(OSError):
            shutil.copyfile(f"/etc/{name}", f"{root}/etc/{name}")


def _real_root() -> bool:
    """Return whether uid 0 here is root outside of a user namespace as well."""
    with open("/proc/self/uid_map") as file:
        return os.geteuid() == 0 and file.read().split() == ["0", "0", "4294967295"]


def _give(folder: str, uid: int) -> None:
    os.chown(folder, uid, uid)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(f"{place}/{name}", uid, uid, follow_symlinks=False)


def _others_may_read() -> bool:
    """Return whether a user without rights of his own could read Python's modules."""
    files = (os.__file__, __file__, sys.prefix, sys.base_prefix)
    return all(os.stat(path).st_mode & stat.S_IROTH for path in files)


def _others_may_pass() -> bool:
    """Return whether such a user could also get to them, from the machine's own root."""
    folders = {
        str(parent)
        for path in (os.__file__, __file__, sys.prefix, sys.base_prefix)
        for parent in Path(os.path.realpath(path)).parents
    }
    return _others_may_read() and all(os.stat(each).st_mode & stat.S_IXOTH for each in folders)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
