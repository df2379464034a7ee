"""Bare: the cells in a forked child of a warm process, and nothing else.

    python -m benchmarks.bare NOTEBOOK COUNT

No isolation, no probes, no checks, no pipe: what it costs to run the notebook this way at all.
Prints, as JSON, the median wall and CPU seconds of a child.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from grader.assignment import find_course
from grader.runtime.serve import prepare
from grader.runtime.shell import run_cell


def main() -> None:
    path, count = sys.argv[1], int(sys.argv[2])
    assignment = find_course(Path.cwd()).assignment("convolution")
    node = nbformat.read(path, as_version=4)
    cells = [cell.source for cell in node.cells if cell.cell_type == "code"]
    wall, cpu = [], []
    with tempfile.TemporaryDirectory() as home:
        shell = prepare(home, list(assignment.settings.preload), thorough=True)
        for _ in range(count):
            began = time.perf_counter()
            pid = os.fork()
            if pid == 0:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
                os.chdir(home)
                for source in cells:
                    run_cell(shell, source)
                os._exit(0)
            _, _, used = os.wait4(pid, 0)
            wall.append(time.perf_counter() - began)
            cpu.append(used.ru_utime + used.ru_stime)
    print(json.dumps({"wall": statistics.median(wall), "cpu": statistics.median(cpu)}))


if __name__ == "__main__":
    main()
