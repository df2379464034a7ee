"""Pages: how long the two pages of a submission take, and how large they are.

    .venv/bin/python benchmarks/pages.py

Every notebook in tests/submissions is graded; then both its pages are made, on one core, and the
processor time of making them is taken. The first takes the imports and templates as well.
"""

import statistics
import time
from pathlib import Path

import torch

from grader.assignment import find_course
from grader.feedback.material import gather
from grader.feedback.page import page
from grader.intake import uploads
from grader.pipeline import Graded, Settings, grade_all
from grader.sandbox.worker import Pool

ROOT = Path(__file__).parent.parent
FOLDERS = sorted(
    path.parent for path in (ROOT / "tests" / "submissions").glob("*/submission.ipynb")
)


def main() -> None:
    torch.set_num_threads(1)
    assignment = find_course(ROOT).assignment("convolution")
    found = [upload for folder in FOLDERS for upload in uploads(folder / "submission.ipynb")]
    seconds: list[float] = []
    sizes: list[int] = []

    def measure(graded: Graded) -> None:
        start = time.process_time()
        material = gather(graded, assignment)
        pages = [page(material, "student"), page(material, "staff")]
        seconds.append(time.process_time() - start)
        sizes.extend(len(text.encode()) for text in pages)

    with Pool(assignment, "cpu", warm=True) as pool:
        for graded in grade_all(found, assignment, Settings(), pool, workers=1):
            measure(graded)
    print(f"{len(seconds)} submissions, two pages each")
    print(f"both pages of the first  {1000 * seconds[0]:6.0f} ms")
    print(f"both pages, median       {1000 * statistics.median(seconds):6.0f} ms")
    print(f"both pages, slowest      {1000 * max(seconds[1:]):6.0f} ms")
    print(f"one page, median         {statistics.median(sizes) / 1000:6.0f} kB")
    print(f"one page, largest        {max(sizes) / 1000:6.0f} kB")


if __name__ == "__main__":
    main()
