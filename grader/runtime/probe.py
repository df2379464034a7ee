"""Probe: try a tier in a throwaway child and print what it is made of.

    python -m grader.runtime.probe TIER DIR

Prints the tier's features, a line each, and ends with 0; with 1 where the tier does not work.
"""

import os
import sys

from grader.runtime import linux, syscalls, tiers
from grader.runtime.confine import Bounds

_FEATURES = {
    "A1": ("own processes", "own network (none)", "own file system", "no privileges"),
    "C": ("no privileges",),
    "none": (),
}
_SMALL = Bounds(4 << 30, 1 << 20, 1 << 20, 60, 256, 64)


def features(tier: str) -> list[str]:
    """Return what the tier gives on this machine."""
    found = list(_FEATURES[tier])
    if tier != "none":
        found += ["Landlock"] if linux.landlock_abi() else []
        found += ["system-call filter"] if syscalls.load_library() else []
    return found


def main() -> None:
    """Try the tier named on the command line."""
    name, place = sys.argv[1:3]
    tier = tiers.make(name, f"{place}/root", processes=False)
    pid = tier.fork()
    if pid == 0:
        try:
            tier.enter(_SMALL, place)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if name == "C" and not (linux.landlock_abi() and syscalls.load_library()):
        status = 1
    if status == 0:
        sys.stdout.write("\n".join(features(name)))
    sys.exit(1 if status else 0)


if __name__ == "__main__":
    main()
