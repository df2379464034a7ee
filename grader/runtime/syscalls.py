"""System calls: the filter that is loaded last, by libseccomp through pyseccomp.

A deny-list: everything that reaches beyond the process answers EPERM, and so does making another
process where the assignment allows none. Where libseccomp is missing there is no filter, and the
report says so.
"""

import errno
from types import ModuleType
from typing import Any, Protocol

_DENIED = (
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "unshare", "setns", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "bpf", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "perf_event_open", "userfaultfd", "keyctl", "add_key",
    "request_key", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
    "reboot", "swapon", "swapoff", "acct", "quotactl", "sethostname", "setdomainname",
    "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "syslog", "name_to_handle_at",
    "open_by_handle_at", "fanotify_init", "personality", "vhangup", "nfsservctl",
)  # fmt: skip
# Landlock looks at none of these.
_SHARED = (
    "socket", "shmget", "msgget", "semget", "mq_open", "mq_unlink", "ioprio_set", "migrate_pages",
    "move_pages",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
)  # fmt: skip
_ATTRIBUTES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "futimesat", "utimensat",
)  # fmt: skip
# Limits and priorities, and the argument that is 0 where they are the caller's own.
_OF_OTHERS = (
    ("prlimit64", 0), ("sched_setaffinity", 0), ("sched_setscheduler", 0), ("sched_setparam", 0),
    ("sched_setattr", 0), ("setpriority", 0), ("setpriority", 1),
)  # fmt: skip
_FORKS = ("fork", "vfork")
_CLONE_THREAD = 0x00010000
# Time, mount, cgroup, UTS, IPC, user, process and network namespaces.
_CLONE_NEW = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_PR_SET_PDEATHSIG = 1


def load_library() -> ModuleType | None:
    """Return pyseccomp, or None where it or libseccomp is not installed."""
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError):
        return None
    module: ModuleType = pyseccomp
    return module


class Filter(Protocol):
    """A filter that is ready to be loaded into the calling process, for good."""

    def load(self) -> None:
        """Load it. Needs no_new_privs."""


def make(library: ModuleType, *, shared: bool, processes: bool) -> Filter:
    """Return the filter, which takes 5 ms to make and next to nothing to load.

    With `shared`, for a process that shares the machine's network, files and IPC, there are no
    sockets (but pairs of its own), no IPC and no say in others' limits and priorities; changing a
    file's mode, owner or times succeeds without effect, so that `shutil.copy2` works. With
    `processes` false none can be made, but threads can.
    """
    seccomp: Any = library
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    denied = seccomp.ERRNO(errno.EPERM)
    for name in _DENIED if processes else (*_DENIED, *_FORKS):
        _add(rules, denied, name)
    # glibc asks for clone3 first and falls back to clone, whose flags a filter can read.
    _add(rules, seccomp.ERRNO(errno.ENOSYS), "clone3")
    if processes:
        for flag in _CLONE_NEW:
            rules.add_rule(denied, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    else:
        rules.add_rule(denied, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(denied, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    rules.add_rule(denied, "prctl", seccomp.Arg(0, seccomp.EQ, _PR_SET_PDEATHSIG))
    if shared:
        for name in _SHARED:
            _add(rules, denied, name)
        for name in _ATTRIBUTES:
            _add(rules, seccomp.ERRNO(0), name)
        for name, argument in _OF_OTHERS:
            rules.add_rule(denied, name, seccomp.Arg(argument, seccomp.NE, 0))
    made: Filter = rules
    return made


def _add(rules: Any, action: Any, name: str) -> None:
    """Add a rule; a call that this kernel or library does not know needs none."""
    try:
        rules.add_rule(action, name)
    except (OSError, RuntimeError, ValueError):
        return
