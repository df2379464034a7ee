"""Public check of question 7: one response per image and orientation."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "q7_complex_cell"


@test_case(name="ComplexCell(n) turns N images into responses of shape (N, n)", points=0.5)
def one_response_each(four_orientations, six_orientations):
    expect.tensor("ComplexCell(n_orientations=4)(images)", four_orientations, (3, 4))
    expect.tensor("ComplexCell(n_orientations=6)(images)", six_orientations, (3, 6))
