"""Page: one submission as one self-contained HTML file, without any script.

Above, the grader's own words: score, questions, what to do. Below, the student's notebook with
each question's result in its place. A content security policy allows the page's own style sheet
(by its digest) and pictures that the page carries, and nothing else.
"""

from typing import Literal

from grader.feedback import cells, drawing
from grader.feedback.environment import environment
from grader.feedback.material import Material

View = Literal["student", "staff"]


def page(material: Material, view: View = "student") -> str:
    """Return the page. The student's view holds no expected value unless the author allows it."""
    staff = view == "staff"
    return (
        environment()
        .get_template("page.html")
        .render(
            report=material.report,
            title=material.title,
            staff=staff,
            notes=material.notes if staff else (),
            runs=cells.folded(material.cells),
            placed={name for cell in material.cells for name in cell.questions},
            questions={question.name: question for question in material.report.questions},
            pictures={
                name: [
                    drawing.draw(shown)
                    for picture in pictures
                    if (shown := picture.shown(staff=staff or material.show_expected))
                ]
                for name, pictures in material.pictures.items()
            },
            read={a.question: a for a in material.report.adjustments if a.kind == "manual"},
        )
    )
