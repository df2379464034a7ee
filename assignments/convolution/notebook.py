# ---
# jupyter:
#   grader:
#     assignment: convolution
#     version: "1"
#   jupytext:
#     notebook_metadata_filter: grader
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] name="title"
# # Convolutional Neural Networks
#
# *About 40 minutes, one CPU core, no network needed.*
#
# Show a striped picture to a mouse, and neurons in its visual cortex fire: some whenever there is
# an edge, others only when the edge has the right tilt. In this notebook you build an artificial
# layer that does both. It rests on one small operation, the **convolution**: a handful of numbers
# that slides over an image and asks the same question at every place.
#
# By the end you can
#
# - compute a convolution by hand and with PyTorch, and know that the two agree;
# - put together a convolutional layer and push images through it;
# - read its activations, as a physiologist reads the responses of a neuron;
# - say how many weights the layer has, and what it saves over a fully connected one.

# %% [markdown] name="how-it-works"
# <div style="border-left: 5px solid #3b6fb6; background: rgba(59, 111, 182, 0.09);
#             padding: 0.8em 1.2em; border-radius: 4px;">
# <b>How this notebook works</b>
# <ol>
# <li><b>Run the cells in order</b>, from top to bottom (Shift + Enter). Nothing breaks if an
#     exercise is still open: the cells after it tell you what they are waiting for.</li>
# <li><b>Fill in</b> wherever it says <i>Student exercise</i> or <code>...</code>, and delete the
#     <code>raise NotImplementedError</code> line when your code is there. Keep the names as they
#     are: the checks look for them.</li>
# <li><b>Run the check cell</b> under each question, as often as you like. A wrong answer costs
#     nothing. Hints fold out when you click on them.</li>
# <li><b>Hand in:</b> save the notebook and submit this <code>.ipynb</code> file. Then hidden checks
#     run. They try your code on other inputs, so write it for any image, not for one; and they
#     look at the answers of which the check cells only see the form.</li>
# </ol>
# Stuck on one question? Go on with the next. Questions 3 and 6 need a layer: without Question 2 a
# plain <code>nn.Conv2d</code> that holds the right weights will do there.
# </div>
#
# | | Question | Points |
# |:--|:--|--:|
# | 1.1 | Q1 · The sum by hand | 3 |
# | 1.3 | Q2 · The layer | 4 |
# | 1.3 | Q3 · The activations | 5 |
# | 1.4 | Q4 · Counting weights | 4 |
# | 1.5 | Q5 · Which filter is it? | 2, and 2 for the written part |
# | 2.1 | Q6 · Looking at the weights | 1 bonus |
# | 2.2 | Q7 · A complex cell | 2 bonus, and 1 bonus for the written part |

# %% [markdown] name="setup-text"
# ## Setup
#
# Three cells to run. There is nothing to fill in, and no need to read the plotting code.

# %% name="setup" tags=["given"]
# %matplotlib inline
import hashlib
import http.client
import math
import urllib.request
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

try:
    from grader.student import check
except ModuleNotFoundError:

    def check(question):
        """Stand in for the checker where it is not installed."""
        print(
            f"{question}: not checked. The checks are off, because the package torch-grader is not "
            "installed here.\nTo switch them on, pip install it as your course page says, and "
            "restart the kernel.\nYou can also go on without: the notebook can still be handed in, "
            "and it is graded just the same."
        )


# %% name="setup-helpers" tags=["given"]
def is_done(question, *values):
    """Tell whether an exercise is solved; if it is not, say so in one friendly line.

    A value that is still `...` (or None) counts as open. A function is called without
    arguments: it counts as open if it raises NotImplementedError, or returns `...` or None.
    """
    for value in values:
        if callable(value) and not isinstance(value, nn.Module):
            try:
                value = value()
            except NotImplementedError:
                value = ...
        if value is ... or value is None:
            print(f"{question} comes first: solve it above, then run this cell again.")
            return False
    return True


# %% name="setup-plots" tags=["given"] jupyter={"source_hidden": true}
# Plotting helpers: run this cell; reading it is optional.
plt.rcParams.update({"figure.dpi": 100, "axes.titlesize": 10, "image.interpolation": "nearest"})


def place(img, left=0):
    """Return where imshow puts an image (H, W) whose first column is to be at x = left."""
    height, width = img.shape
    return left - 0.5, left + width - 0.5, height - 0.5, -0.5


def show_stimulus(img, ax=None, show=False, left=0):
    """Draw one stimulus (H, W) with values from -0.5 (white) over 0 (grey) to +0.5 (black).

    Its first column is drawn at x = left, so that several fit side by side.
    """
    if ax is None:
        ax = plt.gca()
    ax.imshow(img + 0.5, cmap="binary", vmin=0, vmax=1, extent=place(img, left))
    ax.set(xticks=[], yticks=[])
    if show:
        plt.show()


def side_by_side(maps, gap):
    """Lay maps (rows, columns, H, W) out as one image, `gap` empty (NaN) pixels between them."""
    rows, columns, height, width = maps.shape
    sheet = torch.full((rows, columns, height + gap, width + gap), math.nan)
    sheet[:, :, :height, :width] = maps
    image = sheet.transpose(1, 2).reshape(rows * (height + gap), columns * (width + gap))
    return image[: image.shape[0] - gap, : image.shape[1] - gap]


def label_maps(ax, titles, step, first=0):
    """Write a title above each column of such an image, `step` pixels apart; grey the gaps."""
    ax.set(xticks=[first + i * step for i in range(len(titles))], yticks=[], facecolor="0.85")
    ax.set_xticklabels(titles)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.spines[:].set_color("0.85")


def plot_weights(weights, channels=(0,)):
    """Draw the kernels of the given output channels side by side.

    weights: tensor (C_out, C_in, K, K); input channel 0 is shown. Zero is white, and one
    symmetric colour scale (blue below zero, red above) serves all panels.
    """
    kernels = weights.detach()[list(channels), 0]  # (len(channels), K, K)
    limit = float(kernels.abs().max()) or 1.0
    fig, ax = plt.subplots(figsize=(1.7 * len(channels) + 0.6, 1.9))
    picture = ax.imshow(side_by_side(kernels[None], 1), cmap="bwr", vmin=-limit, vmax=limit)
    size = kernels.shape[-1]
    label_maps(ax, [f"channel {c}" for c in channels], step=size + 1, first=(size - 1) / 2)
    fig.colorbar(picture, ax=ax, label="weight", pad=0.02, fraction=0.03)
    plt.show()


def plot_example_activations(stimuli, act, channels=(0,), row_labels=()):
    """Draw stimuli (N, 1, H, W) in the first column, their activations (N, C, H, W) in the rest.

    One row per stimulus, one column per channel of `channels`; colours run from -3 to +3.
    """
    if act.ndim != 4 or len(act) != len(stimuli):
        raise ValueError(f"act: expected ({len(stimuli)}, C, H, W), found {tuple(act.shape)}")
    maps = act.detach()[:, list(channels)]  # (N, len(channels), H, W)
    (rows, columns, height, width), gap = maps.shape, 3
    fig, ax = plt.subplots(figsize=(1.75 * (columns + 1), 1.35 * rows + 0.3))
    picture = ax.imshow(side_by_side(maps, gap), cmap="bwr", vmin=-3, vmax=3)
    left, bottom = -width - gap, rows * (height + gap) - gap
    ax.imshow(
        side_by_side(stimuli.detach()[:, :1], gap) + 0.5,
        cmap="binary",
        vmin=0,
        vmax=1,
        extent=(left - 0.5, -gap - 0.5, bottom - 0.5, -0.5),
    )
    ax.set(xlim=(left - 0.5, columns * (width + gap) - gap - 0.5), ylim=(bottom - 0.5, -0.5))
    titles = ["stimulus", *(f"channel {c}" for c in channels)]
    label_maps(ax, titles, step=width + gap, first=left + (width - 1) / 2)
    middles = [i * (height + gap) + (height - 1) / 2 for i in range(len(row_labels))]
    ax.set_yticks(middles, row_labels)
    fig.colorbar(picture, ax=ax, label="activation", fraction=0.02, pad=0.015, shrink=0.6)
    plt.show()


def draw_numbers(ax, grid, title, limit=1.0, decimals=0, fontsize=11, left=0):
    """Write the numbers of a grid (H, W) into coloured squares; NaN becomes a question mark.

    The colours are full at -limit (blue) and +limit (red); the first column is at x = left.
    """
    height, width = grid.shape
    numbers = torch.nan_to_num(grid)
    ax.imshow(numbers, cmap="bwr", vmin=-limit, vmax=limit, extent=place(grid, left))
    for row in range(height):
        for column in range(width):
            number = float(grid[row, column])
            text = "?" if math.isnan(number) else f"{number:.{decimals}f}"
            if text != "?" and round(number, decimals) == 0:
                text = "0"
            strong = abs(number) > 0.7 * limit
            ax.text(
                left + column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=fontsize,
                color="white" if strong else "0.6" if text == "?" else "0.15",
                in_layout=False,
            )
    rows, columns = np.arange(height + 1) - 0.5, left + np.arange(width + 1) - 0.5
    ax.hlines(rows, columns[0], columns[-1], color="0.8", linewidth=0.8)
    ax.vlines(columns, rows[0], rows[-1], color="0.8", linewidth=0.8)
    ax.text(left + (width - 1) / 2, -0.7, title, ha="center", va="bottom")
    ax.axis("off")


def plot_by_hand(image, kernel, result, marks=()):
    """Draw an image with its frame of zeros, a 3 x 3 kernel, and the result, all as numbers.

    marks: (row, column, colour) of squares to mark in the result, with their windows in the image.
    """
    height, width = image.shape
    padded = torch.zeros(height + 2, width + 2)
    padded[1:-1, 1:-1] = image
    _, ax = plt.subplots(figsize=(9.4, 3.7))
    at_kernel, at_result = width + 3, width + 7
    draw_numbers(ax, padded, "image I, in a frame of zeros", limit=1e9)
    draw_numbers(ax, kernel, "kernel f", limit=2, left=at_kernel)
    draw_numbers(ax, result.detach(), "result C", limit=12, left=at_result)
    ax.set(xlim=(-0.6, at_result + width - 0.4), ylim=(height + 1.6, -0.6))

    def frame(top, left, size, colour):
        corner = (left - 0.5, top - 0.5)
        ax.add_patch(
            plt.Rectangle(corner, size, size, fill=False, ec=colour, lw=3, zorder=3, clip_on=False)
        )

    border = plt.Rectangle((0.5, 0.5), width, height, fill=False, ec="0.2", ls=":", lw=1.5)
    ax.add_patch(border)
    for row, column, colour in marks:
        frame(row, column, 3, colour)
        frame(row, at_result + column, 1, colour)
    plt.show()


# %% [markdown] name="s11-text"
# ---
# # 1 · From one sum to a layer
#
# ## 1.1 What is a convolution? *(about 4 minutes)*
#
# Take an image $I$ and a small grid of numbers $f$, the **kernel** (or *filter*). Lay the kernel
# over the image so that its middle sits on the pixel $(x, y)$. Multiply each kernel number by the
# pixel under it, add everything up, and write the sum into the result at $(x, y)$. Move on by one
# pixel and do it again:
#
# $$C(x, y) \;=\; \sum_{k_x=-r}^{r}\ \sum_{k_y=-r}^{r} f(k_x, k_y)\; I(x + k_x,\ y + k_y)$$
#
# Here $x$ counts rows and $y$ counts columns, as in `image[x, y]`. The kernel is $K \times K$
# with $K$ odd; its middle is called $(0, 0)$, and so $r = (K - 1) / 2$. Where the kernel hangs
# over the edge, the image is continued with zeros (**zero padding**): the result then has the
# size of the image.
#
# Look at the picture first.

# %% name="s11-picture" tags=["given"]
tiny_image = torch.tensor(
    [
        [1.0, 1.0, 1.0, 3.0, 3.0, 3.0],
        [1.0, 1.0, 1.0, 3.0, 3.0, 3.0],
        [1.0, 1.0, 1.0, 3.0, 3.0, 3.0],
        [1.0, 1.0, 3.0, 3.0, 3.0, 3.0],
        [1.0, 1.0, 3.0, 3.0, 3.0, 3.0],
    ]
)
tiny_kernel = torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])

three_sums = torch.full((5, 6), math.nan)
three_sums[1, 2], three_sums[3, 4], three_sums[0, 0] = 6.0, 0.0, 2.0
three_marks = [(1, 2, "#e07b00"), (3, 4, "#2a8f57"), (0, 0, "#7a4fb5")]
plot_by_hand(tiny_image, tiny_kernel, three_sums, three_marks)

# %% [markdown] name="s11-numbers"
# This kernel subtracts the column on the left from the column on the right. The **orange** window
# sits on an edge, with ones on its left and threes on its right:
#
# $$
# C(1, 2) =
# \operatorname{sum}\left[
# \begin{pmatrix} -1 & 0 & 1 \\ -1 & 0 & 1 \\ -1 & 0 & 1 \end{pmatrix}
# \odot
# \begin{pmatrix} 1 & 1 & 3 \\ 1 & 1 & 3 \\ 1 & 1 & 3 \end{pmatrix}
# \right]
# = 3 \cdot (3 - 1) = 6
# $$
#
# The **green** window sees nothing but threes: left and right cancel, and the sum is 0. The
# **purple** window also sits on flat ground, and yet its sum is 2. Why?
#
# <details><summary>Why?</summary>
#
# It hangs over the corner. From the zeros outside to the ones inside there is a step, so the
# border of the image passes for an edge. Keep this in mind: you will see it again in the
# activations.
# </details>
#
# **A word on words.** Mathematicians keep *convolution* for the sum with $I(x - k_x,\ y - k_y)$,
# which flips the kernel in both directions; the sum above is their **cross-correlation**. Deep
# learning says "convolution" and computes the sum above, without the flip. So do we.

# %% [markdown] name="q1-text"
# ### Question 1 · The sum by hand *(3 points)*
#
# Write `correlate2d(image, kernel)`: the sum above for every pixel, with zero padding. Try it in
# plain Python and tensor arithmetic: `conv2d` would do it too, but you would not see how. Images
# and kernels come in any size, and a kernel need not be square: `kh` and `kw` are odd, and may
# differ.
#
# <details><summary>Hint 1: the border</summary>
#
# Borders are a nuisance only as long as the image ends there. Make a larger tensor of zeros first
# and put the image into its middle: how many rows does a kernel of height 3 need above the image?
# And one of height 5?
# </details>
#
# <details><summary>Hint 2: the loop</summary>
#
# In the enlarged image every output pixel has a complete window, as large as the kernel. At which
# row and column of the *enlarged* image does the window of pixel $(0, 0)$ begin? Two loops, one
# slice, one product and one sum are enough.
# </details>


# %% name="q1-answer" tags=["exercise"]
def correlate2d(image, kernel):
    """Slide a kernel over an image, without flipping it, and add up the products.

    image: float tensor (H, W)
    kernel: float tensor (kh, kw); kh and kw are odd
    returns: tensor (H, W); pixel (x, y) holds the sum for the window centred on (x, y),
        where the image counts as zero outside its borders
    """
    raise NotImplementedError("Student exercise: compute the sum for every pixel")


# %% name="q1-check" tags=["check"]
check("q1_equation")

# %% name="q1-picture" tags=["given"]
if is_done("Question 1", lambda: correlate2d(tiny_image, tiny_kernel)):
    plot_by_hand(tiny_image, tiny_kernel, correlate2d(tiny_image, tiny_kernel), three_marks)

# %% [markdown] name="q1-think"
# **Think for a moment.** The question marks are gone: can you read off where the edge runs, and on
# which side of it the larger numbers are? And what would this picture look like had the kernel
# been flipped?

# %% [markdown] name="s12-text"
# ## 1.2 What the layer will see: gratings *(about 2 minutes, 6 so far)*
#
# Physiologists like to show **gratings**: stripes of black and white at a chosen angle. Simple,
# and a stern test, for a neuron that cares about orientation has to show its colours. Ours
# are
#
# $$s(x, y) = \operatorname{sign}\big(\cos(y' \cos\theta + x' \sin\theta)\big) \cdot \tfrac{1}{2}$$
#
# where $y'$ and $x'$ are the column and the row, scaled by the spatial frequency, and $\theta$ is
# the angle **from vertical**: at 0° the stripes stand upright. The values are $\pm 0.5$, so the
# background grey is 0.


# %% name="s12-grating" tags=["given"]
def grating(angle, sf=1 / 28, res=0.1, patch=False):
    """Make a square-wave grating, as on a screen of 640 x 480 pixels.

    angle: tilt of the stripes, in degrees from vertical
    sf: spatial frequency, in radians per pixel of the full screen
    res: resolution, as a fraction of the full screen
    patch: keep only a disc, centred at three quarters of the width (the right half of the
        picture) and half the height, on grey (0); its stripes are turned by 0.1 rad more
    returns: float32 tensor (480 * res, 640 * res), that is (48, 64); values -0.5 and +0.5
    """
    width, height = 640 * res, 480 * res
    theta = np.deg2rad(angle) + (0.1 if patch else 0.0)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))  # both (H, W)
    xx, yy = sf * columns / res, sf * rows / res
    wave = np.cos(xx * np.cos(theta) + yy * np.sin(theta))
    image = np.where(wave > 0, 0.5, -0.5)
    if patch:
        distance = np.hypot(columns - 0.75 * width, rows - 0.5 * height)
        image[distance >= 640 / 3 / 2 * res] = 0.0
    return torch.tensor(image, dtype=torch.float32)  # (H, W)


# %% name="s12-picture" tags=["given"]
orientations = [-90, -45, 0, 45, 90]

fig, ax = plt.subplots(figsize=(11, 1.7))
for i, angle in enumerate(orientations):
    show_stimulus(grating(angle), ax=ax, left=68 * i)
ax.set(xlim=(-0.5, 4 * 68 + 63.5))
label_maps(ax, [f"{angle}°" for angle in orientations], step=68, first=31.5)
plt.show()

# %% [markdown] name="s12-think"
# Black is $+0.5$, white is $-0.5$. **Two of the five pictures are the same. Which, and why?**
# Keep the answer in mind: two rows of a later picture will look the same, too.

# %% [markdown] name="s13-text"
# ## 1.3 The layer *(about 12 minutes, 18 so far)*
#
# ### Two kinds of filters
#
# A kernel asks a question of every spot in the image. Which questions are worth asking? The early
# visual system suggests two kinds. In their formulas $x$ and $y$ run from $-K/2$ to $K/2$, and
# $r$ is the distance from the middle.
#
# **Center-surround**, as in the retina and the thalamus: is this spot different from what lies
# around it? A narrow hill minus half of a wide one, with $\sigma = 1.1$ (and $r$ itself, not its
# square: these hills have a sharp top):
#
# $$f(x, y) = e^{-r / (2\sigma^2)} - \tfrac{1}{2}\, e^{-r / (2(2\sigma)^2)}$$
#
# **Gabor**, as in the simple cells of visual cortex: is there an edge here, at the angle
# $\theta$? A wave along the direction $\theta$, under a narrow hill:
#
# $$f(x, y) = e^{-r / (2(0.4\sigma)^2)}\, \cos\!\left(\frac{2\pi x'}{\lambda} + \varphi\right),
# \qquad x' = x\cos\theta + y\sin\theta, \quad \lambda = 10, \quad \varphi = \frac{\pi}{2}$$
#
# Mind the axes: here $x$ counts rows and $y$ columns, the other way round than in 1.2. So the
# Gabor at $\theta = 0°$ asks for *lying* edges, which the gratings at ±90° have, and the one at
# 90° for upright ones; at 45° the two ways of counting agree.
#
# Both are then divided by their largest absolute value, and their mean is subtracted: **the
# numbers of every kernel add up to zero**. You have met the consequence, in the green window.


# %% name="s13-filters" tags=["given"]
def filters(out_channels=6, K=7):
    """Make a bank of kernels: center-surround, its negative, and Gabors.

    out_channels: how many kernels, at least 2; all but two are Gabors, their angles
        evenly spaced from 0 to 180 degrees (180 itself is left out)
    K: width and height of a kernel in pixels
    returns: float32 tensor (out_channels, 1, K, K); each kernel has mean zero
    """
    sigma, wavelength, phase = 1.1, 10, np.pi / 2
    axis = np.linspace(-K / 2, K / 2, K, dtype=np.float32)
    x, y = np.meshgrid(axis, axis, indexing="ij")  # rows, columns: both (K, K)
    r = np.sqrt(x**2 + y**2)

    def hill(width):
        return np.exp(-r / (2 * width**2))

    center_surround = hill(sigma) - 0.5 * hill(2 * sigma)

    n_gabors = out_channels - 2
    theta = np.arange(n_gabors).reshape(-1, 1, 1) * np.pi / n_gabors  # (n_gabors, 1, 1)
    along = x * np.cos(theta) + y * np.sin(theta)  # (n_gabors, K, K)
    gabors = hill(0.4 * sigma) * np.cos(2 * np.pi * along / wavelength + phase)

    bank = np.stack([center_surround, -center_surround, *gabors]).astype(np.float32)
    bank /= np.abs(bank).max(axis=(1, 2), keepdims=True)
    bank -= bank.mean(axis=(1, 2), keepdims=True)
    return torch.from_numpy(bank).unsqueeze(1)  # (out_channels, 1, K, K)


# %% [markdown] name="s13-picture-text"
# One of each, with its 49 numbers. Red adds, blue subtracts.

# %% name="s13-picture" tags=["given"]
fig, ax = plt.subplots(figsize=(9, 4.3))
bank = filters(out_channels=6, K=7)
draw_numbers(ax, bank[0, 0], "center-surround", limit=1.2, decimals=2, fontsize=9)
draw_numbers(ax, bank[3, 0], "Gabor, θ = 45°", limit=1.2, decimals=2, fontsize=9, left=8)
ax.set(xlim=(-0.6, 14.6))
plt.show()

# %% [markdown] name="s13-bank-text"
# And these are the six kernels of `filters(6, 7)`, one for each channel of the layer that you
# build next. Which of them would you call alike?

# %% name="s13-bank-picture" tags=["given"]
plot_weights(filters(6, 7), channels=range(6))

# %% [markdown] name="q2-text"
# ### Question 2 · The layer *(4 points)*
#
# In PyTorch, [`nn.Conv2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html)
# slides many kernels at once over many images at once. Images travel as a tensor
# `(N, C_in, H, W)`: how many images, how many channels each (one for grey, three for colour),
# rows, columns. Each kernel makes one output channel, and each output channel adds one number of
# its own, the **bias**.
#
# Complete the class `ConvolutionalLayer`:
#
# - `self.conv` is an `nn.Conv2d` from `c_in` to `c_out` channels, with kernels of $K \times K$
#   pixels ($K$ odd), stride 1, and as much padding as keeps the size of the image;
# - if `filters` are given, they become its weights, and its bias becomes zeros;
# - `forward` turns `(N, c_in, H, W)` into `(N, c_out, H, W)`. No nonlinearity: we want to see the
#   bare sums.
#
# <details><summary>Hint 1: the padding</summary>
#
# In Question 1 you put a frame of zeros around the image. How wide was it for a kernel of height
# $K$? `nn.Conv2d` takes that width, the same on all four sides, as `padding`.
# </details>
#
# <details><summary>Hint 2: your own weights</summary>
#
# `self.conv.weight` and `self.conv.bias` are of type `nn.Parameter`. You may assign a new
# `nn.Parameter(some_tensor)` to either. Which shapes do the two need? Inside `__init__`, the name
# `filters` means the argument, a tensor, and not the function above.
# </details>


# %% name="q2-answer" tags=["exercise"]
class ConvolutionalLayer(nn.Module):
    """One convolutional layer: images in, one map of activations per kernel out.

    c_in, c_out: number of input and output channels
    K: width and height of each kernel in pixels, odd
    filters: optional tensor (c_out, c_in, K, K) to use as the weights; the bias is then zero
    """

    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = ...
        if filters is not None:
            ...
        raise NotImplementedError("Student exercise: build self.conv, then delete this line")

    def forward(self, s):
        """Turn images s (N, c_in, H, W) into activations (N, c_out, H, W)."""
        raise NotImplementedError("Student exercise: pass s through the layer")


# %% name="q2-check" tags=["check"]
check("q2_layer")

# %% [markdown] name="q3-text"
# ### Question 3 · The activations *(5 points)*
#
# Now show it the gratings. Make
#
# - `stimuli`: the gratings at -90, -45, 0, 45 and 90 degrees, in this order (it is the list
#   `orientations`), as one tensor of shape `(5, 1, 48, 64)`;
# - `convLayer`: a `ConvolutionalLayer` with 1 input channel, 6 output channels and $K = 7$, whose
#   weights are `filters(6, 7)`;
# - `convout`: the activations of the layer for these stimuli, shape `(5, 6, 48, 64)`, detached
#   from the graph of gradients: they are data to look at, and nothing is trained here.
#
# <details><summary>Hint 1: five images, one tensor</summary>
#
# `torch.stack` puts a list of equal tensors behind one new axis. Compare the shape that you get
# with the shape that you need: one axis is missing. What does it stand for, and where does it
# belong?
# </details>
#
# <details><summary>Hint 2: detached</summary>
#
# A layer is called like a function. What it returns remembers where it came from, so that
# gradients can flow back (look for `grad_fn` when you print it). Tensors have a method that
# forgets this.
# </details>

# %% name="q3-answer" tags=["exercise"]
# Student exercise: replace each ... (more lines are welcome)
stimuli = ...
convLayer = ...
convout = ...

# %% name="q3-check" tags=["check"]
check("q3_activations")

# %% [markdown] name="q3-picture-text"
# Here is what your layer says: a row for each stimulus, a column for each channel. Take your
# time.

# %% name="q3-picture" tags=["given"]
if is_done("Question 3", convLayer, stimuli, convout):
    angles = [f"{angle}°" for angle in orientations]
    plot_example_activations(stimuli, convout, channels=range(6), row_labels=angles)

# %% [markdown] name="q3-by-hand-text"
# Does the layer do what you did by hand? Compare the two on a piece of a grating, channel by
# channel.

# %% name="q3-by-hand" tags=["given"]
piece = grating(45)[:14, :14]
if is_done("Question 1", lambda: correlate2d(piece, torch.ones(3, 3))) and is_done(
    "Question 3", convLayer
):
    by_layer = convLayer(piece[None, None]).detach()[0]  # (6, 14, 14)
    for channel, kernel in enumerate(filters(6, 7)[:, 0]):
        difference = (correlate2d(piece, kernel) - by_layer[channel]).abs().max()
        print(f"channel {channel}: largest difference {difference:.1e}")

# %% [markdown] name="q3-by-hand-think"
# If both are right, the differences are 0 or a few times $10^{-7}$. Both add up the same
# 49 products, in another order, and a computer rounds after each addition. The checks know this,
# and allow for it.

# %% [markdown] name="s14-text"
# ## 1.4 Counting: what does sharing save? *(about 6 minutes, 24 so far)*
#
# A convolutional layer uses the same few weights at every place. A **fully connected** layer
# shares nothing: each of its output units has a weight of its own for every input pixel. How much
# does that cost?
#
# ### Question 4 · Counting weights *(4 points)*
#
# Take `convLayer` and grey images of $48 \times 64$ pixels. Write each answer as a number or as a
# calculation such as `3 * 5 + 2`. (The check cell sees only whether they are whole numbers.)
#
# - `activations_per_channel`: the activations in **one** output channel, for **one** image.
# - `conv_weights`: the weights of `convLayer`, **without** its biases.
# - `conv_parameters`: all parameters of `convLayer`, the weights **and** the biases.
# - `fc_weights_one_unit_per_channel`: the weights, **without** biases, of a fully connected layer
#   that reads the whole image and has **one output unit for each output channel** of `convLayer`.
# - `fc_weights_one_unit_per_activation`: the same, with **one output unit for each activation**
#   that `convLayer` makes from one image, all six channels together.
#
# <details><summary>Hint 1</summary>
#
# What decides the number of activations is where the middle of the kernel can sit: think of the
# stride and of the padding. The number of weights does not depend on the image at all.
# `convLayer.conv.weight.shape` names the factors.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Fully connected: weights = numbers coming in, times units going out. What comes in is the same
# in both cases; write down what goes out in each.
# </details>

# %% name="q4-answer" tags=["exercise"]
# Student exercise: replace each ...
activations_per_channel = ...
conv_weights = ...
conv_parameters = ...
fc_weights_one_unit_per_channel = ...
fc_weights_one_unit_per_activation = ...

# %% name="q4-check" tags=["check"]
check("q4_counts")

# %% name="q4-picture" tags=["given"]
counts = {
    "convolutional": conv_weights,
    "fully connected,\none unit per channel": fc_weights_one_unit_per_channel,
    "fully connected,\none unit per activation": fc_weights_one_unit_per_activation,
}
if is_done("Question 4", *counts.values()):
    fig, ax = plt.subplots(figsize=(7, 1.5))
    bars = ax.barh(list(counts), list(counts.values()), color=["#c0392b", "#8fa3bf", "#3b6fb6"])
    ax.bar_label(bars, labels=[f"{count:,}" for count in counts.values()], padding=4)
    ax.set(xscale="log", xlim=(10, 1e10), xlabel="weights (each mark: 100 times more)")
    ax.invert_yaxis()
    ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown] name="q4-think"
# The first and the last make the same number of activations. What does the convolutional layer
# give up in return for so few weights? When is that a good bargain, and for which kinds of data
# would it be a bad one?

# %% [markdown] name="s15-text"
# ## 1.5 Reading the activations *(about 6 minutes, 30 so far)*
#
# A physiologist would now draw **tuning curves**: how strongly does a cell respond to each
# orientation? We do the same for each channel, with the average size of its activations (sign
# left aside, border left out).

# %% name="s15-tuning" tags=["given"]
if is_done("Question 3", convout):
    strength = convout.detach()[:, :, 4:-4, 4:-4].abs().mean(dim=(2, 3))  # (5 stimuli, 6 channels)
    fig, ax = plt.subplots(figsize=(7, 2.6))
    for channel in range(6):
        style = {"marker": "osD^v<"[channel], "markersize": 9 - channel, "fillstyle": "none"}
        ax.plot(orientations, strength[:, channel], label=f"channel {channel}", **style)
    ax.set(xticks=orientations, ylim=(0, 1.1 * strength.max()), ylabel="mean |activation|")
    ax.set_xlabel("orientation of the grating (degrees)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()

# %% [markdown] name="q5-text"
# ### Question 5 · Which filter is it? *(2 points, and 2 for the written part)*
#
# Go back to the big picture of Question 3 and set it beside these curves. Which kind of filter is
# at work in channels 0 and 1, and which in channels 2 to 5? Answer each with one of the strings
# `"center-surround"`, `"gabor"` or `"none"` (neither of the two). (The check cell sees only
# whether they are among the three.)
#
# <details><summary>Hint 1</summary>
#
# Run your eye down one column of the picture. Does the response come and go as the stripes turn?
# Then compare column 0 with column 1: what is the same, and what is the other way round?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Imagine one of the kernels on an edge, and turn the edge under it. For which kernel does it make
# no difference to the sum?
# </details>

# %% name="q5-answer" tags=["exercise"]
# Student exercise: replace each ... by "center-surround", "gabor" or "none"
channels_0_1 = ...
channels_2_5 = ...

# %% name="q5-check" tags=["check"]
check("q5_filters")

# %% [markdown] name="q5-written-text"
# **And in words** *(2 points, read by a person)*. What do channels 0 and 1 respond to, what do
# channels 2 to 5 respond to, and how does that follow from the shape of their filters? And why is
# the middle of a stripe white, or nearly so, in every channel, whether the stripe is black or
# white? Three to six sentences, in the cell below: double-click it to write.

# %% [markdown] name="q5-written" tags=["written"]
# *Student exercise: write your answer here, in place of this line.*

# %% [markdown] name="s21-text"
# ---
# # 2 · Bonus
#
# ## 2.1 Looking at the weights *(about 3 minutes, 33 so far)*
#
# We put the filters in, so we know what the layer computes. In a network that was *trained*, the
# weights are the first thing to look at: what has it found worth asking?
#
# ### Question 6 · The weights *(1 bonus point)*
#
# Get the weights out of `convLayer`, as a detached tensor `weights` of shape `(6, 1, 7, 7)`. What
# does each of the four numbers stand for?
#
# <details><summary>Hint</summary>
#
# `convLayer` is a module that holds a module. Print it, and follow the names inwards, down to the
# `weight`.
# </details>

# %% name="q6-answer" tags=["exercise"]
# Student exercise: replace the ...
weights = ...

# %% name="q6-check" tags=["check"]
check("q6_weights")

# %% name="q6-picture" tags=["given"]
if is_done("Question 6", weights):
    plot_weights(weights, channels=range(6))

# %% [markdown] name="q6-think"
# Does the picture look familiar? It should, down to the last number. Had we trained the layer
# from a random start, would you expect to find such neat pictures?

# %% [markdown] name="s22-text"
# ## 2.2 From simple to complex cells *(about 7 minutes, 40 in all)*
#
# Each activation of a Gabor channel is like a **simple cell**: it wants an edge of its
# orientation, at *its* place and of *its* polarity. Move the stripes by half a period, and the
# response turns round. Many neurons of visual cortex are less fussy: a **complex cell** wants its
# orientation too, but it does not mind where in view the edge is.
#
# ### Question 7 · A complex cell *(2 bonus points, and 1 for the written part)*
#
# Write the class `ComplexCell`. It turns images `(N, 1, H, W)` into responses
# `(N, n_orientations)`, such that
#
# - a response stays the same when the stimulus **moves across the image** (as long as it stays
#   inside the picture), and
# - each of the `n_orientations` outputs **prefers another orientation**, evenly spaced from 0° to
#   180°.
#
# There is more than one good way, and any of them is welcome.
#
# <details><summary>Hint 1</summary>
#
# A map of activations says how strong and *where*. The cell is to keep the first and forget the
# second. How can a whole map become one number, whatever the order of its pixels?
# </details>
#
# <details><summary>Hint 2</summary>
#
# On stripes, the activations of a Gabor are positive at one edge and negative at the next: what
# happens to their sum? Do something about the signs first. And for the kernels: what does
# `filters(n_orientations + 2, K)` hold, and which part of it do you want?
# </details>


# %% name="q7-answer" tags=["exercise"]
class ComplexCell(nn.Module):
    """Cells that are tuned to orientation and do not mind position.

    n_orientations: number of preferred orientations, evenly spaced from 0 to 180 degrees
    K: width and height of the kernels in pixels, odd
    """

    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        raise NotImplementedError("Student exercise: make the kernels, then delete this line")

    def forward(self, s):
        """Turn images s (N, 1, H, W) into responses (N, n_orientations)."""
        raise NotImplementedError("Student exercise: from maps to one number per orientation")


# %% name="q7-check" tags=["check"]
check("q7_complex_cell")

# %% [markdown] name="q7-picture-text"
# Put it to the test: a soft patch of stripes (left) moves across the image (middle), and then it
# turns on the spot (right). Flat in the middle and smooth hills on the right: that is a complex
# cell. If the hills look ragged, perhaps a single pixel decides your response; what would let all
# of them have a say?

# %% name="q7-picture" tags=["given"]
rows, columns = torch.meshgrid(torch.arange(48), torch.arange(64), indexing="ij")
window = torch.exp(-((rows - 24) ** 2 + (columns - 32) ** 2) / (2 * 6**2))

if is_done("Question 3", convLayer) and is_done(
    "Question 7", lambda: ComplexCell()(window[None, None])
):
    shifts, turns = range(-12, 13), range(-90, 91, 10)
    moving = torch.stack([torch.roll(window * grating(0), d, dims=1) for d in shifts])[:, None]
    turning = torch.stack([window * grating(angle) for angle in turns])[:, None]
    with torch.no_grad():
        simple = convLayer(moving)[:, 4, 24, 32]  # one activation of channel 4, in the middle
        complex_moving, complex_turning = ComplexCell()(moving), ComplexCell()(turning)
    best = complex_moving.mean(dim=0).argmax()

    fig, axes = plt.subplots(1, 3, figsize=(12, 2.5), gridspec_kw={"wspace": 0.25})
    show_stimulus(moving[12, 0], ax=axes[0])
    axes[0].set_title("the patch")
    axes[1].plot(shifts, simple / simple.abs().max(), color="0.6", label="one simple cell")
    axes[1].plot(
        shifts, complex_moving[:, best] / complex_moving.abs().max(), "r", label="complex cell"
    )
    axes[1].set(title="moving", xlabel="shift (pixels)", ylabel="response / its maximum")
    axes[1].set_ylim(-1.15, 1.6)
    axes[1].legend(loc="upper center", ncols=2, frameon=False, fontsize=8)
    axes[2].plot(turns, complex_turning, label=[f"output {i}" for i in range(4)])
    axes[2].set(title="turning", xlabel="orientation (degrees)", xticks=range(-90, 91, 45))
    axes[2].set_ylabel("response")
    axes[2].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()

# %% [markdown] name="q7-written-text"
# **And in words** *(1 bonus point, read by a person)*. Some neurons respond to *several*
# orientations, to a cross or a corner, for instance. How would you build such a cell from what
# you have? Two or three sentences, in the cell below.

# %% [markdown] name="q7-written" tags=["written"]
# *Student exercise: write your answer here, in place of this line.*

# %% [markdown] name="summary"
# ---
# # What you have now
#
# - **One operation.** A convolution is a weighted sum under a sliding window; in deep learning
#   the kernel is not flipped.
# - **One layer.** Many kernels side by side: `(N, C_in, H, W)` in, `(N, C_out, H, W)` out, the
#   same size if $K$ is odd and the padding fits.
# - **A way to look.** A kernel with mean zero is silent on flat ground and speaks up at edges,
#   and, by its shape, at all of them or at some.
# - **A bargain.** Sharing weights across places makes the layer small, and indifferent to where
#   things are.
#
# **Before you hand in:** *Kernel → Restart and run all*, save, submit this `.ipynb` file.
#
# **Where it goes next.** Put a fully connected layer on top of this one and *train* the two to
# tell gratings that lean to the left from gratings that lean to the right: that is the next
# tutorial. After it, a convolutional network is fitted to the responses of real neurons, and one
# can look at the filters that it has found.
#
# *Modelled on the tutorial "Convolutional Neural Networks" of Neuromatch Academy (Computational
# Neuroscience, Deep Learning, by J. A. Menendez and C. Stringer). Text and code are new.*

# %% [markdown] name="s3-text"
# ---
# # 3 · If you like: real neurons *(no points)*
#
# Stringer and colleagues (2019, 2021) showed about 4,000 gratings to mice, and recorded about
# 20,000 neurons of visual cortex while they watched. A file on OSF holds the responses, averaged
# in bins of 6°. Set `DOWNLOAD_DATA = True` in the second cell to fetch it: nothing else in this
# notebook uses the network.


# %% name="s3-data" tags=["given"]
DATA_FILE = "W3D4_stringer_oribinned6_split.npz"
DATA_URL = "https://osf.io/download/p3aeb/"
DATA_MD5 = "b3f7245c6221234a676b71a1f43c3bb5"


def is_intact(path):
    """Tell whether the file exists and holds exactly the published bytes."""
    return Path(path).is_file() and hashlib.md5(Path(path).read_bytes()).hexdigest() == DATA_MD5


def fetch_data(path):
    """Make sure that path holds the complete data file; return False, and say why, if it cannot."""
    if is_intact(path):
        return True
    part = Path(f"{path}.part")  # takes its final name only once it is complete
    try:
        with urllib.request.urlopen(DATA_URL, timeout=60) as reply:
            part.write_bytes(reply.read())
        if is_intact(part):
            part.replace(path)
            return True
        print("The file arrived damaged (its MD5 is wrong) and was thrown away. Please try again.")
    except (OSError, http.client.HTTPException) as error:
        print(f"The download failed, and nothing was kept: {error}")
    part.unlink(missing_ok=True)
    return False


def load_data_split(path):
    """Load the recorded responses from the npz file at path, as float32 tensors.

    returns: resp_train, resp_test (n_stimuli, n_neurons); stimuli (n_stimuli, 1) in degrees
    """
    with np.load(path) as data:
        names = ("resp_train", "resp_test", "stimuli")
        return tuple(torch.tensor(data[name], dtype=torch.float32) for name in names)


# %% name="s3-picture" tags=["given"]
DOWNLOAD_DATA = False

if DOWNLOAD_DATA and fetch_data(DATA_FILE):
    resp_train, resp_test, stim_angles = load_data_split(DATA_FILE)
    order = stim_angles[:, 0].argsort()
    tuned = resp_train.var(dim=0).nan_to_num().argsort(descending=True)[:4]

    fig, axes = plt.subplots(1, 4, figsize=(12, 2))
    for ax, neuron in zip(axes, tuned.tolist(), strict=True):
        for label, responses in (("train", resp_train), ("test", resp_test)):
            ax.plot(stim_angles[order, 0], responses[order, neuron], label=label)
        ax.set(title=f"neuron {neuron}", xlabel="orientation (degrees)")
    axes[0].set_ylabel("response")
    axes[0].legend(frameon=False)
    plt.show()
else:
    print("No recordings loaded. To see four real tuning curves, set DOWNLOAD_DATA = True.")
