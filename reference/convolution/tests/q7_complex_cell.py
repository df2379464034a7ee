"""Hidden checks of question 7: responses stay when a patch moves, and change when stripes turn."""

from otter.test_files import test_case

from grader.tolerance import error_bound, within

OK_FORMAT = False
name = "q7_complex_cell"

CELLS = 4
KERNEL = 7 * 7  # products in one simple response


@test_case(name="A response stays the same when a patch moves", points=0.75, hidden=True)
def stays(moved_patches, given, arithmetic, reference):
    drawings, angles, places, _, height, width = given["patches"].shape
    label, count = "ComplexCell(n_orientations=4)(images)", drawings * angles * places
    found = reference.responses(label, moved_patches, (count + 1, CELLS))
    moved = found[:-1].reshape(drawings, angles, places, CELLS)
    first, grey = moved[:, :, :1], found[-1]
    if bool(((moved == grey).all(dim=2)).all(dim=(0, 1)).any()):
        raise AssertionError(f"{label}: some output is the same for stripes and for plain grey.")
    # The same numbers, added in another order: the products of a kernel, then all positions.
    # A rectified response is its own sum of magnitudes; the slack of 2 covers both responses.
    peak = found.abs().amax(dim=0).expand_as(moved)
    bound = error_bound(peak, KERNEL + height * width, arithmetic)
    if not bool(within(moved, first.expand_as(moved), bound).all()):
        raise AssertionError(f"{label}: some responses change when a patch of stripes moves.")


@test_case(name="Each output prefers an orientation of its own", points=0.75, hidden=True)
def selects(turned_stripes, given, reference):
    drawings, angles, phases = given["stripes"].shape[:3]
    label = "ComplexCell(n_orientations=4)(images)"
    if not isinstance(turned_stripes, list | tuple) or len(turned_stripes) != drawings:
        raise AssertionError(f"{label}: could not be observed.")
    preferred = []
    for each in turned_stripes:
        found = reference.responses(label, each, (angles * phases, CELLS))
        best = found.reshape(angles, phases, CELLS).amax(dim=1)  # (angles, CELLS)
        if bool((best == best[:1]).all(dim=0).any()):
            raise AssertionError(f"{label}: some output is the same for every orientation.")
        preferred.append(best.argmax(dim=0).tolist())
    if any(sorted(each) != list(range(angles)) for each in preferred):
        raise AssertionError(
            f"{label}: two outputs respond most to the same orientation, out of {angles}."
        )
    if any(each != preferred[0] for each in preferred):
        raise AssertionError(f"{label}: an output prefers now one orientation, now another.")
