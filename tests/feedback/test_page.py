"""A page: results where they belong, the right words for the right reader, small and soon made."""

import base64
import dataclasses
import io
import re

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image
from support import RIGHT, WRONG

from grader.feedback.material import Material, gather
from grader.feedback.page import page
from grader.pictures import Panel, Picture
from grader.report import DiagnosisRecord

SECRET = "expected-by-nobody"


def with_diagnosis(material: Material, **fields: str) -> Material:
    first, *rest = material.report.questions
    record = DiagnosisRecord(misconceptions=("sum_for_mean",), **fields)
    questions = (first.model_copy(update={"diagnosis": record}), *rest)
    report = material.report.model_copy(update={"questions": questions})
    return dataclasses.replace(material, report=report)


def test_a_result_stands_after_its_check_cell(material):
    text = page(
        material(new_code_cell(WRONG), new_code_cell("check('mean')"), new_code_cell("tail = 1"))
    )
    order = [text.index(part) for part in ('class=" highlight', 'id="mean"', "tail =")]
    assert order == sorted(order)
    assert "(&#39;mean&#39;)" not in text, "the result stands in place of the check cell"


def test_without_a_check_cell_it_stands_after_the_last_answer(material):
    text = page(
        material(
            new_code_cell("def mean(v): return 1"),
            new_code_cell("first = 1"),
            new_code_cell(WRONG),
            new_code_cell("tail = 1"),
        )
    )
    order = [text.index(part) for part in ("first =", 'id="mean"', "tail =")]
    assert order == sorted(order)


def test_what_has_no_place_stands_above_the_notebook(material):
    text = page(material(new_code_cell("answer = 3")))
    assert text.index('id="mean"') < text.index("Your notebook")
    assert "<code>mean</code> is not defined." in text


def test_cells_as_handed_out_are_folded_and_broken_ones_are_not(material, averages):
    given = "import torch\nfrom grader.student import check"
    text = page(material(new_code_cell(given), new_code_cell(WRONG)))
    assert "1 cell as handed out" in text
    broken = page(
        material(
            new_code_cell("import sys\nanswer, sys.modules['torch'] = 3, None"),
            new_code_cell(given),
        )
    )
    assert "cell as handed out" not in broken
    assert "This cell stopped here" in broken


def test_a_cell_that_failed_shows_its_error(material):
    text = page(material(new_code_cell(WRONG), new_code_cell("1 / 0")))
    assert "This cell stopped here" in text
    assert "ZeroDivisionError: division by zero" in text


def test_a_written_answer_is_marked_for_its_reader(material):
    answer = new_markdown_cell("Because **so**.", metadata={"name": "why-written"})
    text = page(material(new_code_cell(RIGHT), answer), "staff")
    assert text.index("<strong>so</strong>") < text.index("A person reads this answer.")


@pytest.mark.parametrize(
    ("confidence", "words"), [("unique", "What happened"), ("ambiguous", "What may have happened")]
)
def test_a_diagnosis_is_said_to_both_and_named_to_staff(material, confidence, words):
    found = with_diagnosis(
        material(new_code_cell(WRONG)), message="You add & do not divide.", confidence=confidence
    )
    student, staff = page(found, "student"), page(found, "staff")
    assert words in student
    assert "You add &amp; do not divide." in student
    assert "sum_for_mean" not in student
    assert "sum_for_mean" in staff


def picture() -> Picture:
    wide = torch.linspace(-3, 3, 600).reshape(20, 30)
    return Picture("Your map", (Panel("yours", wide), Panel(SECRET, 7 * wide, staff_only=True)))


@pytest.mark.parametrize(
    ("allowed", "view", "seen"),
    [(False, "student", False), (True, "student", True), (False, "staff", True)],
)
def test_expected_values_are_for_staff_unless_allowed(material, allowed, view, seen):
    found = dataclasses.replace(
        material(new_code_cell(WRONG)), pictures={"mean": (picture(),)}, show_expected=allowed
    )
    text = page(found, view)
    assert "yours: 20 rows, 30 columns, values from -3 to 3" in text
    assert (SECRET in text) is seen
    # The colour scale must not tell the largest expected value either.
    assert ("+21<" in text) is seen
    assert ("+3<" in text) is not seen


def test_nothing_hidden_is_in_the_students_page(material, averages):
    text = page(material(new_code_cell(WRONG), new_code_cell("check('mean')")))
    for path in averages.hidden.rglob("*.py"):
        for line in path.read_text().splitlines():
            code = line.strip()
            if len(code) > 12 and not code.startswith(
                ("@", '"""', "import", "from", "def mean", "return")
            ):
                assert code not in text
    assert "isolation" not in text
    assert "tier" not in text


def test_shapes_are_drawn(convolution, convolution_pool):
    from support import ROOT

    from grader.intake import uploads
    from grader.pipeline import Settings, grade

    path = ROOT / "tests" / "submissions" / "layer_without_padding" / "submission.ipynb"
    text = page(
        gather(grade(uploads(path)[0], convolution, Settings(), convolution_pool), convolution)
    )
    height, width = map(int, re.findall(r'"expected: 3 by 4 by (\d+) by (\d+)"', text)[0])
    assert f'aria-label="yours: 3 by 4 by {height - 2} by {width - 2}"' in text
    assert f"3 × 4 × <mark>{height - 2}</mark> × <mark>{width - 2}</mark>" in text


def test_an_upload_that_cannot_be_graded_has_a_page(tmp_path, averages):
    from grader.intake import Upload
    from grader.pipeline import Settings, grade

    path = tmp_path / "broken.ipynb"
    path.write_text("{<script>")
    text = page(gather(grade(Upload("b<u>b", path), averages, Settings()), averages))
    assert "Could not be graded" in text
    assert "is not JSON" in text
    assert "b&lt;u&gt;b" in text


def test_a_broken_pictures_file_costs_no_page_and_is_told_to_staff(
    grade_notebook, averages, tmp_path
):
    import shutil

    public = tmp_path / "averages"
    shutil.copytree(averages.public, public)
    (public / "pictures.py").write_text(
        "from grader.pictures import picture\n"
        "@picture('mean')\ndef broken(mean_of_values):\n    return 1 / 0\n"
    )
    assignment = dataclasses.replace(averages, public=public)
    found = gather(grade_notebook(new_code_cell(WRONG)), assignment)
    assert "a picture of mean could not be made: ZeroDivisionError" in page(found, "staff")
    assert "ZeroDivisionError" not in page(found, "student")


def noise(side: int) -> str:
    file = io.BytesIO()
    values = np.random.default_rng(1).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(values).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_a_page_is_at_most_3_mb_and_keeps_what_fits(material):
    small, middle, large = noise(10), noise(300), noise(800)
    cells = [new_code_cell(WRONG, outputs=[new_output("display_data", data={"image/png": small})])]
    cells += [
        new_code_cell("1", outputs=[new_output("display_data", data={"image/png": middle})])
        for _ in range(40)
    ]
    cells += [new_code_cell("2", outputs=[new_output("display_data", data={"image/png": large})])]
    cells += [
        new_code_cell(
            "3", outputs=[new_output("stream", text="x" * 1000 + "\n") for _ in range(60)]
        )
    ]
    cells += [new_code_cell("4", outputs=[new_output("stream", text="long\n" * 2_000_000)])]
    cells += [new_markdown_cell("*word* " * 100_000), new_code_cell("a." * 100_000 + "b")]
    cells += [new_code_cell(f"x = {n}") for n in range(500)]
    text = page(material(*cells), "staff")
    assert len(text.encode()) <= 3_000_000
    assert small in text
    assert middle in text
    assert large not in text
    assert "left out" in text
    assert "of 3.5 points" in text


def test_a_table_of_pandas_stays_a_table(material):
    frame = "<div><style scoped>.dataframe{}</style><table border=1 class=dataframe><tr><th>a</th><td>0.5</td></tr></table></div>"
    text = page(
        material(
            new_code_cell(
                "answer = 3",
                outputs=[
                    new_output("execute_result", data={"text/html": frame, "text/plain": "a 0.5"})
                ],
            )
        )
    )
    assert "<table><tbody><tr><th>a</th><td>0.5</td></tr></tbody></table>" in text
    assert ".dataframe" not in text


def test_attached_pictures_are_shown(material):
    cell = new_markdown_cell(
        "![my sketch](attachment:a.png)", attachments={"a.png": {"image/png": noise(8)}}
    )
    text = page(material(cell, new_code_cell(WRONG)))
    assert f'<img src="data:image/png;base64,{noise(8)}" alt="my sketch">' in text
