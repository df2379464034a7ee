"""Misconceptions: what students get wrong here, each as a change of `Model`, with its sentence.

A sentence says what happened, why, and where to look. It never says the answer.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from grader.diagnosis import Change, Misconception

from .model import TRUTH, Border, Model, predict
from .stimuli import ORIENTATIONS

__all__ = ["BANK", "TRUTH", "predict"]

EQUATION, LAYER, ACTIVATIONS = "q1_equation", "q2_layer", "q3_activations"
COUNTS, CHOICES, WEIGHTS, CELL = "q4_counts", "q5_filters", "q6_weights", "q7_complex_cell"
SLIDING = (EQUATION, LAYER, ACTIVATIONS)
LAYERS = (LAYER, ACTIVATIONS)


def changed(**fields: Any) -> Change:
    """Return the change that sets fields of a model."""

    def change(model: Model) -> Model:
        return replace(model, **fields)

    return change


def counted(**numbers: int) -> Change:
    """Return the change that sets counts of question 4."""

    def change(model: Model) -> Model:
        return replace(model, counted=replace(model.counted, **numbers))

    return change


def celled(**fields: Any) -> Change:
    """Return the change that sets what question 7's cells do."""

    def change(model: Model) -> Model:
        return replace(model, cell=replace(model.cell, **fields))

    return change


def border(before: Callable[[int], int], after: Callable[[int], int], mode: str) -> Change:
    """Return the change of how images are continued."""
    return changed(border=Border(before, after, mode))


def half(k: int) -> int:
    """Return the pixels from a kernel's edge to its middle."""
    return k // 2


# ------------------------------------------------------------------------- changes of tensors


def flipped(w: torch.Tensor) -> torch.Tensor:
    """Turn both axes of each kernel round."""
    return w.flip(-2, -1)


def upside_down(w: torch.Tensor) -> torch.Tensor:
    """Turn the rows of each kernel round."""
    return w.flip(-2)


def mirrored(w: torch.Tensor) -> torch.Tensor:
    """Turn the columns of each kernel round."""
    return w.flip(-1)


def transposed(w: torch.Tensor) -> torch.Tensor:
    """Swap rows and columns."""
    return w.transpose(-2, -1)


def turned_left(w: torch.Tensor) -> torch.Tensor:
    """Rotate by 90 degrees."""
    return torch.rot90(w, 1, (-2, -1))


def turned_right(w: torch.Tensor) -> torch.Tensor:
    """Rotate by 90 degrees the other way."""
    return torch.rot90(w, -1, (-2, -1))


def negated(x: torch.Tensor) -> torch.Tensor:
    """Change all signs."""
    return -x


def lifted(x: torch.Tensor) -> torch.Tensor:
    """Move -0.5..0.5 to 0..1."""
    return x + 0.5


def backwards(x: torch.Tensor) -> torch.Tensor:
    """Turn the order of channels round."""
    return x.flip(1)


def first_channel(x: torch.Tensor) -> torch.Tensor:
    """Keep one channel."""
    return x[:, :1]


def first_repeated(x: torch.Tensor) -> torch.Tensor:
    """Put the first channel into the place of all."""
    return x[:, :1].expand_as(x)


def added_up(x: torch.Tensor) -> torch.Tensor:
    """Add all channels up into one."""
    return x.sum(dim=1, keepdim=True)


def added_up_everywhere(x: torch.Tensor) -> torch.Tensor:
    """Put the sum of all channels into the place of each."""
    return x.sum(dim=1, keepdim=True).expand_as(x)


def one_filter(w: torch.Tensor) -> torch.Tensor:
    """Keep the first filter."""
    return w[:1]


def as_a_list(w: torch.Tensor) -> torch.Tensor:
    """Write each filter's numbers in one row."""
    return w.flatten(1)


def as_degrees(angle: float) -> float:
    """Take an angle as radians as it stands."""
    return angle


def from_horizontal(angle: float) -> float:
    """Measure an angle from the horizontal."""
    return math.radians(90 - angle)


def from_horizontal_too(angle: float) -> float:
    """Measure an angle from the horizontal, in the other direction."""
    return math.radians(angle + 90)


# --------------------------------------------------------------------------------- the bank

BORDER, STEP, KERNEL = "the border of the image", "how far the kernel moves", "the kernel"
IN, OUT, AFTER = "the input channels", "the output channels", "what comes after the sum"
BIAS, FILTERS, STORED = "the bias", "the filters", "how the filters get into the layer"
ANGLES, ORDER, GREY = "the angles", "the order of the gratings", "the grey levels"
NUMBERS, HANDED_ON = "the precision of the numbers", "how the result is handed on"

BANK = (
    # ------------------------------------------------------------------------- the border
    Misconception(
        "no_padding",
        "Your result is what remains where the whole kernel fits into the image, so it is smaller "
        "than the image. The pixels near the border are missing: think about what the kernel "
        "finds where it hangs over the edge.",
        BORDER,
        SLIDING,
        (border(lambda k: 0, lambda k: 0, "constant"),),
    ),
    Misconception(
        "padding_K",
        "Your result is larger than the image: as many zeros as a whole kernel is wide were put "
        "around it. Work out how far a kernel reaches beyond the pixel that its middle sits on.",
        BORDER,
        SLIDING,
        (border(lambda k: k, lambda k: k, "constant"),),
    ),
    Misconception(
        "full_overlap",
        "Your result is larger than the image: it counts every place at which the kernel touches "
        "the image at all. Only the places where its middle lies on a pixel are asked for.",
        BORDER,
        SLIDING,
        (border(lambda k: k - 1, lambda k: k - 1, "constant"),),
    ),
    Misconception(
        "padding_one",
        "Kernels larger than 3 x 3 were given the padding of a 3 x 3 one. Work out how the padding "
        "has to grow with the kernel.",
        BORDER,
        SLIDING,
        (border(lambda k: 1, lambda k: 1, "constant"),),
    ),
    Misconception(
        "reflect_padding",
        "Inside the image your numbers are right; at the border the image was mirrored. The "
        "exercise says what counts as lying outside: compare it with your padding mode.",
        BORDER,
        SLIDING,
        (border(half, half, "reflect"),),
    ),
    Misconception(
        "replicate_padding",
        "Inside the image your numbers are right; at the border its last pixels were repeated "
        "outwards. The exercise says what counts as lying outside: compare it with your padding.",
        BORDER,
        SLIDING,
        (border(half, half, "replicate"),),
    ),
    Misconception(
        "circular_padding",
        "Inside the image your numbers are right; at the border the opposite side of the image "
        "came in. That happens with a circular padding mode, with torch.roll, with negative "
        "indices and with a Fourier transform that is too small.",
        BORDER,
        SLIDING,
        (border(half, half, "circular"),),
    ),
    Misconception(
        "window_not_centred",
        "Your result is the right one, shifted: the window begins (or ends) at the pixel instead "
        "of having it in its middle. Look at where the zeros were added: all on one side?",
        BORDER,
        SLIDING,
        (
            border(lambda k: 0, lambda k: k - 1, "constant"),
            border(lambda k: k - 1, lambda k: 0, "constant"),
        ),
    ),
    # --------------------------------------------------------------------------- the step
    Misconception(
        "stride_2",
        "The kernel moves on by two pixels at a time, so the maps are half as large as the "
        "images. Look at the stride.",
        STEP,
        SLIDING,
        (changed(stride=2),),
    ),
    Misconception(
        "dilation_2",
        "The kernel is spread out: it looks at every second pixel and skips the ones in between. "
        "Look at the dilation.",
        STEP,
        SLIDING,
        (changed(dilation=2),),
    ),
    # ------------------------------------------------------------------------- the kernel
    Misconception(
        "kernel_flipped",
        "Your numbers are those of a kernel that was turned round in both directions before it "
        "slid over the image: what mathematicians call a convolution. Section 1.1 has a word on "
        "that; compare the signs in its sum with your indices.",
        KERNEL,
        SLIDING,
        (changed(kernel=flipped), changed(stored=flipped)),
    ),
    Misconception(
        "kernel_flipped_on_one_axis",
        "Your numbers are those of a kernel that was turned round in one direction, up and down "
        "or left and right. Look at where your code counts backwards.",
        KERNEL,
        SLIDING,
        (
            changed(kernel=upside_down),
            changed(kernel=mirrored),
            changed(stored=upside_down),
            changed(stored=mirrored),
        ),
    ),
    Misconception(
        "kernel_transposed",
        "Your numbers are those of a kernel whose rows and columns were swapped. Look at which "
        "index of the kernel goes with which index of the image.",
        KERNEL,
        SLIDING,
        (changed(kernel=transposed), changed(stored=transposed)),
    ),
    Misconception(
        "kernel_rotated",
        "Your numbers are those of a kernel that was rotated by 90 degrees. Look at what happens "
        "to the kernel before it meets the image.",
        KERNEL,
        SLIDING,
        (
            changed(kernel=turned_left),
            changed(kernel=turned_right),
            changed(stored=turned_left),
            changed(stored=turned_right),
        ),
    ),
    # ----------------------------------------------------------------------- the channels
    Misconception(
        "input_channels_reversed",
        "The filters meet the input channels in the wrong order: the last filter slice lies on "
        "the first channel. Look at how channels are indexed.",
        IN,
        (LAYER,),
        (changed(channels_in=backwards),),
    ),
    Misconception(
        "one_input_channel_used",
        "Only the first channel of the images was looked at. A kernel has a slice for every input "
        "channel; look at what becomes of the others.",
        IN,
        (LAYER,),
        (changed(channels_in=first_channel),),
    ),
    Misconception(
        "output_channels_reversed",
        "The maps are right, but their order is turned round: the first kernel's map comes last. "
        "Look at how the output is put together.",
        OUT,
        LAYERS,
        (changed(channels_out=backwards),),
    ),
    Misconception(
        "channels_summed",
        "The maps of all kernels were added up into one. Each kernel asks a question of its own: "
        "look for a sum over the channel axis.",
        OUT,
        LAYERS,
        (changed(channels_out=added_up), changed(channels_out=added_up_everywhere)),
    ),
    Misconception(
        "one_channel_repeated",
        "Every channel holds the first kernel's map. Look at which kernel your loop, or your "
        "indexing, uses for the other channels.",
        OUT,
        LAYERS,
        (changed(channels_out=first_repeated), changed(channels_out=first_channel)),
    ),
    # -------------------------------------------------------------- what comes after the sum
    Misconception(
        "relu_added",
        "Your activations are right where they are positive and zero elsewhere: a ReLU came after "
        "the sum. The layer of this exercise is linear; look at the end of `forward`.",
        AFTER,
        SLIDING,
        (changed(output="relu"),),
    ),
    Misconception(
        "sigmoid_added",
        "Your activations were pressed into 0..1 by a sigmoid. The layer of this exercise is "
        "linear; look at the end of `forward`.",
        AFTER,
        SLIDING,
        (changed(output="sigmoid"),),
    ),
    Misconception(
        "tanh_added",
        "Your activations were pressed into -1..1 by a tanh. The layer of this exercise is "
        "linear; look at the end of `forward`.",
        AFTER,
        SLIDING,
        (changed(output="tanh"),),
    ),
    Misconception(
        "absolute_value_taken",
        "Your activations have lost their signs. The sum may be negative, and its sign says "
        "which side of an edge is dark; look for an abs or a square root of a square.",
        AFTER,
        SLIDING,
        (changed(output="absolute"),),
    ),
    Misconception(
        "batch_norm_added",
        "Your activations were shifted and scaled to mean 0 and variance 1 in each channel: batch "
        "normalisation. The layer of this exercise does not normalise its output.",
        AFTER,
        LAYERS,
        (changed(output="batch norm"),),
    ),
    Misconception(
        "mean_instead_of_sum",
        "Each of your numbers is the right one divided by the number of kernel entries: a mean "
        "where the equation has a sum.",
        AFTER,
        SLIDING,
        (changed(divided=float),),
    ),
    # --------------------------------------------------------------------------- the bias
    Misconception(
        "bias_left_random",
        "The filters are in the layer, and the bias still holds the random numbers that PyTorch "
        "starts with. They shift every map by a constant; look at what happens to the bias when "
        "filters are given.",
        BIAS,
        LAYERS,
        (changed(bias="random"),),
    ),
    Misconception(
        "bias_constant",
        "With given filters the bias was set to one and the same number everywhere, and it is "
        "the wrong one. Read again what the bias should be then.",
        BIAS,
        LAYERS,
        (changed(bias="constant"),),
    ),
    Misconception(
        "bias_not_added",
        "The layer has a bias, and `forward` never adds it: every map is off by one constant a "
        "channel.",
        BIAS,
        LAYERS,
        (changed(bias_added=False),),
    ),
    Misconception(
        "layer_without_bias",
        "Your layer has no bias at all. A convolutional layer learns one number more for each "
        "output channel; look at the arguments of nn.Conv2d.",
        BIAS,
        (LAYER,),
        (changed(bias_exists=False),),
    ),
    # ------------------------------------------------------------------------ the filters
    Misconception(
        "filters_ignored",
        "The layer's weights are random numbers, such as PyTorch starts with, and not the filters. "
        "Was the layer given any, and if it was, where on the way into it do they get lost?",
        STORED,
        LAYERS,
        (changed(weights="random", bias="random"), changed(weights="random")),
    ),
    Misconception(
        "filters_not_centred",
        "The mean of each filter was not taken off, so flat ground gives a response too.",
        FILTERS,
        (ACTIVATIONS, WEIGHTS),
        (changed(steps=("scale",)),),
    ),
    Misconception(
        "filters_not_scaled",
        "The filters were not divided by their largest value, so some channels answer far more "
        "softly than others.",
        FILTERS,
        (ACTIVATIONS, WEIGHTS),
        (changed(steps=("centre",)),),
    ),
    Misconception(
        "filters_centred_before_scaling",
        "The filters went through the right two steps in the wrong order: the mean was taken off "
        "before they were divided by their largest value.",
        FILTERS,
        (ACTIVATIONS, WEIGHTS),
        (changed(steps=("centre", "scale")),),
    ),
    Misconception(
        "kernel_size_5",
        "Your filters are 5 x 5. Read again how large a kernel the exercise asks for.",
        FILTERS,
        (ACTIVATIONS, WEIGHTS),
        (changed(K=5),),
    ),
    Misconception(
        "kernel_size_3",
        "Your filters are 3 x 3. Read again how large a kernel the exercise asks for.",
        FILTERS,
        (ACTIVATIONS, WEIGHTS),
        (changed(K=3),),
    ),
    Misconception(
        "wrong_layer_used",
        "Your activations are those of a convolutional layer, but not of `convLayer`: its filters "
        "do not give them. Look at which layer the stimuli were put through.",
        "the layer that was used",
        (ACTIVATIONS,),
        (changed(layer_used="other"),),
        general=True,
    ),
    # ----------------------------------------------------------------------- the gratings
    Misconception(
        "gratings_0_to_1",
        "Your gratings run from 0 to 1. The set ones have grey at 0, with black and white at "
        "equal distances on both sides; otherwise the border of the image becomes an edge.",
        GREY,
        (ACTIVATIONS,),
        (changed(shown=lifted),),
    ),
    Misconception(
        "gratings_negated",
        "Your gratings have black and white swapped. Look for a sign, or for a comparison the "
        "wrong way round.",
        GREY,
        (ACTIVATIONS,),
        (changed(shown=negated),),
    ),
    Misconception(
        "degrees_taken_as_radians",
        "The angles went into sine and cosine as degrees, and these expect radians: your stripes "
        "are tilted by odd amounts.",
        ANGLES,
        (ACTIVATIONS,),
        (changed(theta=as_degrees),),
    ),
    Misconception(
        "angle_from_horizontal",
        "Your angles are measured from the horizontal. Section 1.2 says where the angle of a "
        "grating is measured from.",
        ANGLES,
        (ACTIVATIONS,),
        (changed(theta=from_horizontal), changed(theta=from_horizontal_too)),
    ),
    Misconception(
        "one_orientation_repeated",
        "All your gratings are the same one. Look at whether the angle in your loop is used.",
        ORDER,
        (ACTIVATIONS,),
        tuple(changed(angles=(angle,) * len(ORIENTATIONS)) for angle in ORIENTATIONS),
    ),
    Misconception(
        "orientations_reversed",
        "The gratings are right and in the reverse order. Read again in which order the angles "
        "are asked for.",
        ORDER,
        (ACTIVATIONS,),
        (changed(angles=ORIENTATIONS[::-1]),),
    ),
    Misconception(
        "height_width_swapped",
        "Height and width of your stimuli are swapped. In PyTorch an image is (rows, columns); "
        "look for a transpose, or for a reshape that should not be there.",
        "the axes of the stimuli",
        (ACTIVATIONS,),
        (changed(shown=transposed),),
    ),
    # ------------------------------------------------------------------ how it is handed on
    Misconception(
        "half_precision",
        "Your numbers are right to about three digits: they were computed or stored in half "
        "precision (float16).",
        NUMBERS,
        SLIDING,
        (changed(rounding="half"),),
    ),
    Misconception(
        "not_detached",
        "The numbers are right; the tensor still carries the graph from which gradients would be "
        "computed. The exercise asks for it cut off.",
        HANDED_ON,
        (ACTIVATIONS, WEIGHTS),
        (changed(handed_on="attached"),),
    ),
    Misconception(
        "numpy_instead",
        "The numbers are right, but they are a NumPy array. Stay in PyTorch.",
        HANDED_ON,
        (ACTIVATIONS, WEIGHTS),
        (changed(handed_on="numpy"),),
    ),
    # -------------------------------------------------------------------------- the counts
    Misconception(
        "biases_counted_as_weights",
        "The biases were counted among the weights. The question about parameters asks for both; "
        "the others ask for weights alone.",
        "biases",
        (COUNTS,),
        (
            counted(
                conv_weights=300,
                fc_weights_one_unit_per_channel=18438,
                fc_weights_one_unit_per_activation=56641536,
            ),
            counted(
                fc_weights_one_unit_per_channel=18438, fc_weights_one_unit_per_activation=56641536
            ),
            counted(conv_weights=300),
            counted(fc_weights_one_unit_per_channel=18438),
            counted(fc_weights_one_unit_per_activation=56641536),
        ),
    ),
    Misconception(
        "biases_left_out",
        "The parameters were counted without the biases. Weights are not all that a layer learns.",
        "the parameters",
        (COUNTS,),
        (counted(conv_parameters=294),),
    ),
    Misconception(
        "one_bias_for_all",
        "One bias was counted for the whole layer. Ask how many maps there are to be shifted.",
        "the parameters",
        (COUNTS,),
        (counted(conv_parameters=295),),
    ),
    Misconception(
        "one_filter_counted",
        "One filter was counted. Every output channel has a filter of its own.",
        "the layer's weights",
        (COUNTS,),
        (
            counted(conv_weights=49, conv_parameters=55),
            counted(conv_weights=49, conv_parameters=50),
            counted(conv_weights=49),
        ),
    ),
    Misconception(
        "kernel_not_squared",
        "A kernel was counted as K numbers. It has rows and columns.",
        "the layer's weights",
        (COUNTS,),
        (counted(conv_weights=42, conv_parameters=48), counted(conv_weights=42)),
    ),
    Misconception(
        "weights_not_shared",
        "The convolutional weights were counted anew at every pixel. What is special about this "
        "layer is that the same kernel is used everywhere.",
        "the layer's weights",
        (COUNTS,),
        (
            counted(conv_weights=294 * 3072, conv_parameters=294 * 3072 + 6),
            counted(conv_weights=294 * 3072),
        ),
    ),
    Misconception(
        "all_channels_counted",
        "The activations of all channels were counted. The question is about one channel.",
        "the activations",
        (COUNTS,),
        (counted(activations_per_channel=18432),),
    ),
    Misconception(
        "border_not_counted",
        "The activations were counted as if there were no padding. Compare with the shape of "
        "`convout`.",
        "the activations",
        (COUNTS,),
        (counted(activations_per_channel=42 * 58),),
    ),
    Misconception(
        "multiplied_by_the_batch",
        "A count was multiplied by the number of images. A layer does not grow with the number of "
        "pictures that it is shown, and the question is about one image.",
        "the batch",
        (COUNTS,),
        (
            counted(activations_per_channel=15360),
            counted(
                activations_per_channel=15360,
                fc_weights_one_unit_per_channel=92160,
                fc_weights_one_unit_per_activation=56623104 * 5,
            ),
            counted(
                activations_per_channel=15360,
                fc_weights_one_unit_per_channel=92160,
                fc_weights_one_unit_per_activation=56623104 * 25,
            ),
            counted(fc_weights_one_unit_per_channel=92160),
            counted(fc_weights_one_unit_per_activation=56623104 * 5),
        ),
    ),
    Misconception(
        "one_fully_connected_unit",
        "One fully connected unit was counted. There is one for each channel, or for each "
        "activation, and each has weights of its own.",
        "the fully connected layers",
        (COUNTS,),
        (
            counted(fc_weights_one_unit_per_channel=3072),
            counted(fc_weights_one_unit_per_activation=3072),
            counted(fc_weights_one_unit_per_channel=3072, fc_weights_one_unit_per_activation=3072),
        ),
    ),
    Misconception(
        "units_of_one_channel",
        "Fully connected units were counted for the activations of one channel alone.",
        "the fully connected layers",
        (COUNTS,),
        (counted(fc_weights_one_unit_per_activation=3072 * 3072),),
    ),
    Misconception(
        "units_counted_instead_of_weights",
        "Units were counted, not their weights. Each unit reads every pixel.",
        "the fully connected layers",
        (COUNTS,),
        (
            counted(fc_weights_one_unit_per_activation=18432),
            counted(fc_weights_one_unit_per_channel=6),
            counted(fc_weights_one_unit_per_channel=6, fc_weights_one_unit_per_activation=18432),
        ),
    ),
    Misconception(
        "two_ways_to_connect_swapped",
        "The two fully connected layers were taken for each other, or one for both. One of them "
        "has a unit for each channel, the other a unit for each activation.",
        "the fully connected layers",
        (COUNTS,),
        (
            counted(
                fc_weights_one_unit_per_channel=56623104, fc_weights_one_unit_per_activation=18432
            ),
            counted(fc_weights_one_unit_per_channel=56623104),
        ),
    ),
    # ----------------------------------------------------------------- the choices, weights, cell
    Misconception(
        "filters_swapped",
        "The two answers are exchanged. In the picture of Question 3, look for the channels that "
        "do not care how the stripes are turned.",
        "the two kinds of filter",
        (CHOICES,),
        (changed(chosen=("gabor", "center-surround")),),
    ),
    Misconception(
        "same_filter_everywhere",
        "Both answers are the same. Compare the two groups of channels while the stripes turn.",
        "the two kinds of filter",
        (CHOICES,),
        (
            changed(chosen=("gabor", "gabor")),
            changed(chosen=("center-surround", "center-surround")),
        ),
    ),
    Misconception(
        "weights_of_a_fresh_layer",
        "These are random weights, such as a layer has when it is made. Which layer do they belong "
        "to, and did it ever get the filters?",
        "the layer that was looked at",
        (WEIGHTS,),
        (changed(weights="random"),),
    ),
    Misconception(
        "one_filter_of_six",
        "These are the weights of one filter. The layer holds one for each output channel.",
        "the layer that was looked at",
        (WEIGHTS,),
        (changed(channels_out=one_filter),),
    ),
    Misconception(
        "weights_flattened",
        "The weights are right, and their shape is lost. Leave them as the layer holds them.",
        "the shape of the weights",
        (WEIGHTS,),
        (changed(channels_out=as_a_list),),
    ),
    Misconception(
        "weights_transposed",
        "Rows and columns of the kernels are swapped. Leave them as the layer holds them.",
        "the shape of the weights",
        (WEIGHTS,),
        (changed(channels_out=transposed),),
    ),
    Misconception(
        "responses_not_rectified",
        "Responses were added up with their signs. On stripes the positive ones and the negative "
        "ones cancel, so little is left: what could be done about the signs before the sum?",
        "what happens before the places are pooled",
        (CELL,),
        (celled(rectified=False),),
    ),
    Misconception(
        "center_surround_included",
        "Some of your cells use the center-surround filters, which do not care about "
        "orientation. Look at what `filters` returns first.",
        "the kernels",
        (CELL,),
        (celled(kernels="first"), celled(kernels="center-surround too")),
    ),
    Misconception(
        "one_place_only",
        "Your cells look at the middle of the image alone. A complex cell has to answer wherever "
        "the stimulus is: let all places have a say.",
        "how the places are pooled",
        (CELL,),
        (celled(pooled="middle"),),
    ),
)
