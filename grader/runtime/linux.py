"""Linux: the system calls that confinement needs and Python 3.11 does not offer.

Thin: each function is one call, and raises OSError with the call's name where it fails.
"""

import ctypes
import os
import platform

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38

_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(name: str, result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones (for NEWPID: the next child does)."""
    _checked("unshare", _libc.unshare(flags))


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind `descriptor`."""
    _checked("setns", _libc.setns(descriptor, kind))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount `source` on `target`."""
    arguments = [os.fsencode(text) if text else None for text in (source, target, kind)]
    data = options.encode() if options else None
    _checked(f"mount {target}", _libc.mount(*arguments, ctypes.c_ulong(flags), data))


def make_read_only(target: str) -> None:
    """Make all mounts at and below `target` read-only, without set-user-id or devices."""
    attributes = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV
    block = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(block),
        ctypes.c_size_t(ctypes.sizeof(block)),
    )
    _checked(f"mount_setattr {target}", result)


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root directory and put the former one at `old`."""
    number = _PIVOT_ROOT[platform.machine()]
    _checked(
        "pivot_root",
        _libc.syscall(ctypes.c_long(number), os.fsencode(new), os.fsencode(old)),
    )


def unmount(target: str) -> None:
    """Detach the mount at `target`."""
    _checked("umount2", _libc.umount2(os.fsencode(target), MNT_DETACH))


def prctl(option: int, argument: int) -> None:
    """Call prctl with one argument."""
    zero = ctypes.c_ulong(0)
    _checked("prctl", _libc.prctl(option, ctypes.c_ulong(argument), zero, zero, zero))


def drop_bounding_set() -> None:
    """Give up the right to regain any capability."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            return


def drop_capabilities() -> None:
    """Give up every capability that the process has."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    _checked("capset", _libc.capset(ctypes.byref(header), ctypes.byref(data)))


def threads() -> int:
    """Return how many threads the process has."""
    return len(os.listdir("/proc/self/task"))


# ------------------------------------------------------------------------------------- Landlock

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, read a directory
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}


def landlock_abi() -> int:
    """Return the kernel's Landlock ABI, 0 where it has none."""
    found: int = _libc.syscall(
        ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint(1)
    )
    return max(found, 0)


def landlock(readable: tuple[str, ...], writable: tuple[str, ...]) -> None:
    """Confine the calling thread to reading below `readable` and writing below `writable`.

    With ABI 4 no TCP, with ABI 6 no abstract sockets and no signals to the outside. Needs
    no_new_privs. Raises OSError where the kernel has no Landlock.
    """
    abi = landlock_abi()
    if not abi:
        raise OSError(38, "landlock: this kernel has none")
    everything = _ALL_BY_ABI[max(version for version in _ALL_BY_ABI if version <= abi)]
    handled = (ctypes.c_uint64 * 3)(everything, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = _checked(
        "landlock_create_ruleset",
        _libc.syscall(
            ctypes.c_long(_LANDLOCK_CREATE), ctypes.byref(handled), ctypes.c_size_t(size), 0
        ),
    )
    try:
        for access, paths in ((_READ, readable), (everything, writable)):
            for path in paths:
                _landlock_allow(rules, path, access)
        _checked(
            "landlock_restrict_self", _libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), rules, 0)
        )
    finally:
        os.close(rules)


def _landlock_allow(rules: int, path: str, access: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            access &= 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
        rule = access.to_bytes(8, "little") + beneath.to_bytes(4, "little")
        _checked(
            f"landlock_add_rule {path}",
            _libc.syscall(ctypes.c_long(_LANDLOCK_ADD), rules, 1, ctypes.c_char_p(rule), 0),
        )
    finally:
        os.close(beneath)
