"""Runtime: read a job on stdin, run it, write frames to the descriptor named by `--results`.

    python -m grader.runtime --results 3 < job

Frames: `ready`, then for each cell `cell` (at its start) and `done`, an `observed` for each
observation, `probing` before the last ones, and `end`.
"""

import argparse
import contextlib
import importlib
import logging
import os
import resource
import sys
import tempfile
from typing import Any

from grader.wire import Frame, read_frame, write_frame


def main() -> None:
    """Run one job and end the process."""
    parser = argparse.ArgumentParser(prog="python -m grader.runtime", description=__doc__)
    parser.add_argument("--results", type=int, required=True, help="where frames are written")
    results = parser.parse_args().results
    forget_origin()
    # Imported late: the imports take seconds and `forget_origin` must come first.
    from grader.runtime.job import Job

    job = Job.from_frame(read_frame(0, max_blob=1 << 30))
    close_stdin()
    limit(job.memory_bytes if job.device == "cpu" else None, job.file_bytes)
    Runner(job, results).run()


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


def close_stdin() -> None:
    """Replace stdin, where the job came from, by nothing."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def limit(memory_bytes: int | None, file_bytes: int) -> None:
    """Set the process's own hard limits. On CUDA the address space has to stay free."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


class Runner:
    """One notebook's run: its shell, its probes and the pipe that results go to."""

    def __init__(self, job: Any, results: int) -> None:
        import torch

        from grader.probes import load_probes
        from grader.runtime import quiet, shell

        torch.set_num_threads(1)
        for module in job.preload:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        quiet.install()
        self._job = job
        self._results = results
        self._device = torch.device(job.device)
        self._home = tempfile.mkdtemp(prefix="home-")
        self._shell = shell.start(self._home)
        with contextlib.suppress(ImportError):
            shell.with_inline_figures(self._shell)
        self._probes = load_probes(job.probes_source, "probes.py")
        self._given = {name: value.to(self._device) for name, value in job.given.items()}
        sys.path.insert(0, "")
        # plt.xkcd() asks for fonts that few machines have, a thousand times a figure.
        logging.getLogger("matplotlib.font_manager").setLevel(logging.CRITICAL)

    def run(self) -> None:
        from grader.runtime.shell import run_cell

        self._send({"event": "ready"})
        for cell in self._job.cells:
            self._send({"event": "cell", "index": cell.index})
            error = run_cell(self._shell, cell.source)
            self._send({"event": "done", "index": cell.index, "error": describe(error)})
            for question in self._job.questions:
                if question.name in cell.observe:
                    self._observe(question, "check")
        self._send({"event": "probing"})
        for question in self._job.questions:
            self._observe(question, "end")
        self._send({"event": "end"})
        # Nothing the notebook has left behind (threads, atexit, __del__) gets to run.
        os._exit(0)

    def _observe(self, question: Any, when: str) -> None:
        from grader.runtime.observe import observe, to_frame
        from grader.snapshot import Encoder

        encoder = Encoder(self._job.snapshot_bytes)
        with self._device if self._device.type != "cpu" else contextlib.nullcontext():
            nodes = observe(
                question.name,
                question.captures,
                self._shell.user_ns,
                self._probes,
                self._given,
                encoder,
                starting=lambda: self._send({"event": "probe"}),
            )
        write_frame(self._results, to_frame(question.name, when, nodes, encoder))

    def _send(self, document: dict[str, Any]) -> None:
        write_frame(self._results, Frame(document))


def describe(error: BaseException | None) -> str | None:
    """Return an exception as one line, "NameError: name 'x' is not defined"."""
    if error is None:
        return None
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    name = type(error).__name__
    return f"{name}: {text}"[:500] if text else name


if __name__ == "__main__":
    main()
