"""Runtime: a warm process that forks a confined child for each notebook.

    python -m grader.runtime --control 3 --place DIR --tier A1 --warm 1 --processes 0 [MODULE…]

It imports what notebooks need once, holds no answer, and then obeys one-byte messages on the
socket `--control`:

    J  with three descriptors (results, output, job): fork a child that runs the job → S or E…
    I  interrupt the child, as Jupyter's stop button does
    K  end the child and everything it has started → D{"signal": …}

The end of the socket ends the process and its child.
"""

import argparse
import os
import socket
import sys


def main() -> None:
    """Get warm, then serve until the socket ends."""
    parser = argparse.ArgumentParser(prog="python -m grader.runtime")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--place", required=True)
    parser.add_argument("--tier", required=True)
    parser.add_argument("--warm", type=int, default=0)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("preload", nargs="*")
    arguments = parser.parse_args()
    forget_origin()
    # Imported late: the imports take seconds and `forget_origin` must come first.
    from grader.runtime.serve import Server

    control = socket.socket(fileno=arguments.control)
    server = Server(control, arguments.place, arguments.tier, processes=bool(arguments.processes))
    server.warm_up(arguments.preload, bool(arguments.warm))
    server.serve()


def forget_origin() -> None:
    """Drop what would let code in this process find where the grader was installed from."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:] = [here, *(p for p in sys.path if "site-packages" in p or _is_library(p))]
    sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
    sys.path_hooks[:] = [h for h in sys.path_hooks if "editable" not in repr(h).lower()]
    for name in [name for name in sys.modules if name.startswith("__editable__")]:
        del sys.modules[name]
    sys.argv[:] = [""]
    sys.orig_argv[:] = []


def _is_library(path: str) -> bool:
    prefixes = (sys.base_prefix, sys.prefix, sys.exec_prefix)
    return path.startswith(tuple(os.path.join(prefix, "lib") for prefix in prefixes))


if __name__ == "__main__":
    main()
