"""Pictures of the convolution assignment that students may see: their own values, nothing else."""

from grader.pictures import Panel, Picture, picture, planes
from grader.probes import Given

CHANNELS = 6
SHOWN_STIMULI = (0, 2)  # stripes that lie, stripes that stand


@picture("q1_equation")
def by_hand(given: Given, tiny_correlation: object) -> Picture | None:
    """The public image and kernel, and what the student's function made of them."""
    own = planes(tiny_correlation, 1)
    if not own:
        return None
    return Picture(
        "Your sum for the small image",
        (
            Panel("image", given["tiny_image"], "input"),
            Panel("kernel", given["tiny_kernel"], "input"),
            Panel("your correlate2d", own[0]),
        ),
        "The numbers are in tests/q1_equation.py.",
    )


@picture("q3_activations")
def maps(stimuli: object, convout: object) -> tuple[Picture, ...]:
    """Two of the student's stimuli, each with its maps."""
    images, activations = planes(stimuli, most=5), planes(convout, most=5 * CHANNELS)
    pictures = []
    for index in SHOWN_STIMULI:
        own = activations[index * CHANNELS : (index + 1) * CHANNELS]
        if index < len(images) and own:
            panels = (Panel(f"channel {c}", each) for c, each in enumerate(own))
            title = f"Your stimulus {index} and your convout for it"
            pictures.append(Picture(title, (Panel("stimulus", images[index], "grey"), *panels)))
    return tuple(pictures)


@picture("q6_weights")
def kernels(weights: object) -> Picture | None:
    """The student's weights as kernels."""
    own = planes(weights, CHANNELS)
    if not own:
        return None
    return Picture("Your weights", tuple(Panel(f"channel {c}", each) for c, each in enumerate(own)))
