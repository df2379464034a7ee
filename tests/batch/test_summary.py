"""The summary of a class fits one screen, whatever the class."""

import io

from making import report
from rich.console import Console

from grader.feedback.summary import Tally, print_summary
from grader.intake.collection import Collection


def test_a_large_class_with_long_names_and_many_failures_fits_a_screen():
    long = "a/path/of/some/archive/that/does/not/end/soon/enough/for/a/line/student"
    reports = [report(f"{long}{n}", (float(n % 5), float(n % 3))) for n in range(350)]
    words = {"message": "The file is not a notebook; hand in the .ipynb file. " * 5}
    reports += [
        report(f"{long}x{n}", (0, 0), status="error" if n % 2 else "ungradable").model_copy(
            update=words
        )
        for n in range(50)
    ]
    given = Collection(uploads=(), receipts=("a sentence " * 20,) * 9, odd=("x",) * 20)
    out = io.StringIO()
    print_summary(reports, given, Tally(10, 380, 10), "out", Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert len(lines) <= 23
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(out.getvalue().split())
    assert "400 submissions: 350 graded, 25 ungradable, 25 failed on our side" in text
    assert "student11" not in text
    assert "/studentx1: The file is not a notebook" in text
    assert "… and 47 more: see index.html" in text
    assert text.endswith("start at out/index.html")
