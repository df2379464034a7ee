"""Once: read a job on stdin, run it here and now, write frames to `--results`.

    python -m grader.runtime.once --results 3 < job 3> frames

For a machine that only executes, such as one with a GPU: torch, numpy, IPython, matplotlib and
safetensors are all it needs. Nothing is confined: give the machine nothing to lose.
"""

import argparse
import os
import tempfile

from grader.runtime.__main__ import forget_origin


def main() -> None:
    """Run one job and end the process."""
    parser = argparse.ArgumentParser(prog="python -m grader.runtime.once")
    parser.add_argument("--results", type=int, required=True, help="where frames are written")
    results = parser.parse_args().results
    forget_origin()
    # Imported late: the imports take seconds and `forget_origin` must come first.
    from grader.runtime import shell
    from grader.runtime.job import Job
    from grader.runtime.runner import Runner, finish
    from grader.wire import read_frame

    job = Job.from_frame(read_frame(0, 1 << 30))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    with tempfile.TemporaryDirectory() as home:
        Runner(job, results, shell.ready(home)).run()
    finish()


if __name__ == "__main__":
    main()
