"""Situations: what students hand in, each as the answers that differ from the solved notebook.

`python tests/submissions/make.py` turns each into `<situation>/submission.ipynb`; what it should
earn stands in `<situation>/expected.json`, written by hand and never by the grader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

EXPECTED_LAYER = """
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)
"""

ACTIVATIONS = """
orientations = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(c_in=1, c_out=6, K=7, filters=filters(6, 7))
stimuli = torch.stack([grating(angle) for angle in orientations])[:, None]
convout = convLayer(stimuli).detach()
"""

CORRELATE = """
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    padded = torch.nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros_like(image)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = (padded[i:i + kh, j:j + kw] * kernel).sum()
    return out
"""


@dataclass(frozen=True)
class Situation:
    """`fills` replace cells by name, `without` are taken out, `extra` are added at the end."""

    why: str
    fills: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    starter: bool = False


def layer(init: str = "", forward: str = "return self.conv(s)", conv: str = "") -> dict[str, str]:
    """Return a fill of question 2 with another body."""
    conv = conv or "nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2)"
    init = init or (
        "if filters is not None:\n"
        "            self.conv.weight = nn.Parameter(filters)\n"
        "            self.conv.bias = nn.Parameter(torch.zeros(c_out))"
    )
    return {
        "q2-answer": f"""
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = {conv}
        {init}

    def forward(self, s):
        {forward}
"""
    }


def activations(old: str, new: str) -> dict[str, str]:
    """Return a fill of question 3 with one thing changed."""
    assert old in ACTIVATIONS, old
    return {"q3-answer": ACTIVATIONS.replace(old, new)}


def correlate(old: str, new: str) -> dict[str, str]:
    """Return a fill of question 1 with one thing changed."""
    assert old in CORRELATE, old
    return {"q1-answer": CORRELATE.replace(old, new)}


RIGHT = {
    "right_solved": Situation("The solved notebook itself."),
    "right_functional_conv2d": Situation(
        "F.conv2d everywhere.",
        {
            "q1-answer": """
import torch.nn.functional as F
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    return F.conv2d(image[None, None], kernel[None, None], padding=(kh // 2, kw // 2))[0, 0]
""",
            **layer(
                forward="return F.conv2d(s, self.conv.weight, self.conv.bias, "
                "padding=self.conv.kernel_size[0] // 2)"
            ),
        },
    ),
    "right_unfold_matmul": Situation(
        "im2col by hand: unfold and one matrix product, with parameters of its own.",
        {
            "q1-answer": """
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    columns = nn.functional.unfold(image[None, None], (kh, kw), padding=(kh // 2, kw // 2))
    return (kernel.reshape(1, -1) @ columns[0]).reshape(image.shape)
""",
            "q2-answer": """
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.K = K
        start = torch.randn(c_out, c_in, K, K) / K if filters is None else filters.clone()
        self.weight = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        N, _, H, W = s.shape
        columns = nn.functional.unfold(s, self.K, padding=self.K // 2)   # (N, c_in K K, H W)
        out = self.weight.flatten(1) @ columns + self.bias[:, None]      # (N, c_out, H W)
        return out.reshape(N, -1, H, W)
""",
            "q6-answer": "weights = convLayer.weight.detach()",
        },
    ),
    "right_fft": Situation(
        "The convolution theorem.",
        {
            "q1-answer": """
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    size = (H + kh - 1, W + kw - 1)
    product = torch.fft.rfft2(image, s=size) * torch.fft.rfft2(kernel.flip(0, 1), s=size)
    full = torch.fft.irfft2(product, s=size)
    return full[kh // 2:kh // 2 + H, kw // 2:kw // 2 + W]
""",
            **layer(
                forward="""w, b = self.conv.weight, self.conv.bias
        H, W = s.shape[-2:]
        K = w.shape[-1]
        size = (H + K - 1, W + K - 1)
        fs = torch.fft.rfft2(s, s=size)[:, None]
        fw = torch.fft.rfft2(w.flip(-2, -1), s=size)[None]
        full = torch.fft.irfft2((fs * fw).sum(2), s=size)
        return full[..., K // 2:K // 2 + H, K // 2:K // 2 + W] + b[None, :, None, None]"""
            ),
        },
    ),
    "right_explicit_loops": Situation(
        "Four loops, with the index test instead of padding.",
        {
            "q1-answer": """
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    out = torch.zeros(H, W)
    for y in range(H):
        for x in range(W):
            total = 0.0
            for ky in range(kh):
                for kx in range(kw):
                    yy, xx = y + ky - kh // 2, x + kx - kw // 2
                    if 0 <= yy < H and 0 <= xx < W:
                        total += float(kernel[ky, kx]) * float(image[yy, xx])
            out[y, x] = total
    return out
""",
            **layer(
                forward="""K = self.conv.weight.shape[-1]
        N, C, H, W = s.shape
        p = nn.functional.pad(s, (K // 2,) * 4)
        out = torch.zeros(N, self.conv.weight.shape[0], H, W)
        for o in range(out.shape[1]):
            for c in range(C):
                for i in range(K):
                    for j in range(K):
                        out[:, o] = out[:, o] + self.conv.weight[o, c, i, j] * p[:, c, i:i + H, j:j + W]
            out[:, o] = out[:, o] + self.conv.bias[o]
        return out"""
            ),
        },
    ),
    "right_float64_then_cast": Situation(
        "Computed in float64 and cast back.",
        {
            **correlate(
                "(padded[i:i + kh, j:j + kw] * kernel)",
                "(padded[i:i + kh, j:j + kw].double() * kernel.double())",
            ),
            **activations(
                "convout = convLayer(stimuli).detach()",
                "convout = convLayer.double()(stimuli.double()).detach().float()",
            ),
        },
    ),
    "right_padding_same": Situation(
        'padding="same".',
        layer(conv='nn.Conv2d(c_in, c_out, K, padding="same")'),
    ),
    "right_zero_pad": Situation(
        "ZeroPad2d before a convolution without padding.",
        {
            "q2-answer": """
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.pad = nn.ZeroPad2d(K // 2)
        self.conv = nn.Conv2d(c_in, c_out, K)
        if filters is not None:
            with torch.no_grad():
                self.conv.weight[:] = filters
                self.conv.bias.zero_()

    def forward(self, s):
        return self.conv(self.pad(s))
"""
        },
    ),
    "right_weights_through_data": Situation(
        "Weights set through .data.",
        layer(
            init="if filters is not None:\n"
            "            self.conv.weight.data = filters\n"
            "            self.conv.bias.data.fill_(0)"
        ),
    ),
    "right_weights_by_copy": Situation(
        "Weights set by copy_, activations computed under no_grad.",
        {
            **layer(
                init="if filters is not None:\n"
                "            with torch.no_grad():\n"
                "                self.conv.weight.copy_(filters)\n"
                "                self.conv.bias.copy_(torch.zeros(c_out))"
            ),
            **activations(
                "convout = convLayer(stimuli).detach()",
                "with torch.no_grad():\n    convout = convLayer(stimuli)",
            ),
        },
    ),
    "right_no_grad": Situation(
        "Gradients switched off for the whole notebook.",
        {"q1-answer": "torch.set_grad_enabled(False)\n" + CORRELATE},
    ),
    "right_scratch_cells": Situation(
        "Scratch cells in between and a failing one at the end.",
        extra=("x = convout[0, 0]\nx.shape, x.max()", "print(convout.mean(dim=(2, 3))", "1 / 0"),
    ),
    "right_names_reused_later": Situation(
        "After the check cells, the names are used for something else.",
        extra=("convout = None\nstimuli = 3\nconvLayer = nn.Linear(2, 2)\nweights = []",),
    ),
    "right_without_check_cells": Situation(
        "All check cells deleted.",
        without=tuple(f"q{n}-check" for n in range(1, 8)),
    ),
}

WRONG = {
    "layer_without_padding": Situation(
        "No padding: maps shrink to 42 x 58.",
        layer(conv="nn.Conv2d(c_in, c_out, kernel_size=K)"),
    ),
    "layer_with_stride_2": Situation(
        "Stride 2: maps are half as large.",
        layer(conv="nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=2)"),
    ),
    "kernel_flipped": Situation(
        "A convolution as mathematicians write it: both sums run backwards.",
        {
            **correlate("* kernel)", "* kernel.flip(0, 1))"),
            **layer(
                forward="return nn.functional.conv2d(s, self.conv.weight.flip(2, 3), "
                "self.conv.bias, padding=self.conv.padding)"
            ),
        },
    ),
    "kernel_transposed": Situation(
        "Rows and columns of the kernel swapped inside the layer.",
        layer(
            forward="return nn.functional.conv2d(s, self.conv.weight.transpose(2, 3), "
            "self.conv.bias, padding=self.conv.padding)"
        ),
    ),
    "bias_not_zeroed": Situation(
        "Filters are set, the bias stays random.",
        layer(init="if filters is not None:\n            self.conv.weight = nn.Parameter(filters)"),
    ),
    "filters_ignored": Situation(
        "The argument `filters` is never used.",
        layer(init="pass"),
    ),
    "relu_added": Situation(
        "A ReLU after the convolution.",
        layer(forward="return torch.relu(self.conv(s))"),
    ),
    "reflect_padding": Situation(
        "The border is mirrored instead of zero.",
        layer(conv='nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, padding_mode="reflect")'),
    ),
    "gratings_0_to_1": Situation(
        "The gratings lifted to 0..1.",
        activations("[:, None]", "[:, None] + 0.5"),
    ),
    "orientations_reversed": Situation(
        "From 90 down to -90.",
        activations("[-90, -45, 0, 45, 90]", "[90, 45, 0, -45, -90]"),
    ),
    "height_width_swapped": Situation(
        "Stimuli are (5, 1, 64, 48).",
        activations("[:, None]", "[:, None].transpose(2, 3)"),
    ),
    "not_detached": Situation(
        "The activations still track gradients.",
        activations(".detach()", ""),
    ),
    "numpy_instead": Situation(
        "The activations are handed on as a NumPy array.",
        activations(".detach()", ".detach().numpy()"),
    ),
    "hard_coded": Situation(
        "correlate2d knows the public example by heart and nothing else.",
        {
            "q1-answer": """
def correlate2d(image, kernel):
    if tuple(image.shape) == (3, 4):
        return torch.tensor([[8.0, 4, -3, -1], [10, 9, 2, 0], [4, 3, 4, 2]])
    return torch.zeros_like(image)
"""
        },
    ),
    "kernel_size_5": Situation(
        "K = 5 filters where 7 are asked for.",
        {
            **activations("K=7, filters=filters(6, 7)", "K=5, filters=filters(6, 5)"),
        },
    ),
    "counts_with_biases": Situation(
        "Biases counted as weights, everywhere.",
        {
            "q4-answer": """
activations_per_channel = 48 * 64
conv_weights = 300
conv_parameters = 300
fc_weights_one_unit_per_channel = 48 * 64 * 6 + 6
fc_weights_one_unit_per_activation = 48 * 64 * 48 * 64 * 6 + 48 * 64 * 6
"""
        },
    ),
    "starter_untouched": Situation("Nothing was done.", starter=True),
    "placeholders_left": Situation(
        "The first two questions done, the rest untouched.",
        {"q1-answer": CORRELATE, "q2-answer": EXPECTED_LAYER},
        starter=True,
    ),
}

# The original tutorial in the form in which it is passed around: 2-space code, cells that need the
# network, widgets, figures in xkcd style. Its cells, in our own words.
ORIGINAL = (
    """# @title Feedback widget
!pip3 install vibecheck datatops --quiet

from vibecheck import DatatopsContentReviewContainer
def content_review(notebook_section: str):
  return DatatopsContentReviewContainer("", notebook_section, {"name": "tutorial"}).render()""",
    """# Imports
import os
import numpy as np
import torch
from torch import nn
import matplotlib as mpl
from matplotlib import pyplot as plt""",
    """# @title Figure settings
import logging
logging.getLogger('matplotlib.font_manager').disabled = True
import ipywidgets as widgets
%matplotlib inline
%config InlineBackend.figure_format = 'retina'
plt.style.use("https://raw.githubusercontent.com/example/course-content/main/course.mplstyle")""",
    """# @title Plotting functions
def show_stimulus(img, ax=None, show=False):
  ax = plt.gca() if ax is None else ax
  ax.imshow(img + 0.5, cmap=mpl.cm.binary)
  ax.set_xticks([])
  ax.set_yticks([])
  if show:
    plt.show()


def plot_example_activations(stimuli, act, channels=[0]):
  fig, axs = plt.subplots(len(stimuli), 1 + len(channels), figsize=(12, 12))
  for row, stimulus in enumerate(stimuli):
    show_stimulus(stimulus[0], ax=axs[row, 0])
    for column, channel in enumerate(channels):
      axs[row, 1 + column].imshow(act[row, channel], vmin=-3, vmax=3, cmap=mpl.cm.bwr)
  plt.show()""",
    """# @title Helper functions
def load_data_split(data_name):
  with np.load(data_name) as dobj:
    dat = dict(**dobj)
  return [torch.tensor(dat[key], dtype=torch.float32)
          for key in ('resp_train', 'resp_test', 'stimuli')]


def grating(angle, sf=1 / 28, res=0.1, patch=False):
  angle = np.deg2rad(angle)
  wpix, hpix = 640, 480
  xx, yy = np.meshgrid(sf * np.arange(0, wpix * res) / res, sf * np.arange(0, hpix * res) / res)
  if patch:
    gratings = np.cos(xx * np.cos(angle + .1) + yy * np.sin(angle + .1))
    gratings[gratings < 0] = 0
    gratings[gratings > 0] = 1
    xcent, ycent = gratings.shape[1] * .75, gratings.shape[0] / 2
    xxc, yyc = np.meshgrid(np.arange(0, gratings.shape[1]), np.arange(0, gratings.shape[0]))
    outside = ((xxc - xcent) ** 2 + (yyc - ycent) ** 2) ** 0.5 >= wpix / 3 / 2 * res
    gratings[outside] = 0.5
  else:
    gratings = np.cos(xx * np.cos(angle) + yy * np.sin(angle))
    gratings[gratings < 0] = 0
    gratings[gratings > 0] = 1
  return torch.tensor(gratings - 0.5, dtype=torch.float32)


def filters(out_channels=6, K=7):
  grid = np.linspace(-K / 2, K / 2, K).astype(np.float32)
  xx, yy = np.meshgrid(grid, grid, indexing='ij')
  r = (xx ** 2 + yy ** 2) ** 0.5
  sigma = 1.1
  surround = np.exp(-r * 0.5 / sigma ** 2) - .5 * np.exp(-r * 0.5 / (2 * sigma) ** 2)
  bank = [surround, -surround]
  for theta in np.linspace(0, 180, out_channels - 1)[:-1]:
    th = np.deg2rad(theta)
    along = xx * np.cos(th) + yy * np.sin(th)
    bank.append(np.exp(-r * 0.5 / (.4 * sigma) ** 2) * np.cos(2 * np.pi * along / 10 + np.pi / 2))
  bank = np.stack([f.astype(np.float32) for f in bank])
  bank /= np.abs(bank).max(axis=(1, 2), keepdims=True)
  bank -= bank.mean(axis=(1, 2), keepdims=True)
  return torch.tensor(bank)[:, None]""",
    """# @title Data retrieval
import hashlib
import requests
fname = "W3D4_stringer_oribinned6_split.npz"
if not os.path.isfile(fname):
  try:
    r = requests.get("https://osf.io/p3aeb/download")
  except requests.ConnectionError:
    print("The data could not be downloaded.")
  else:
    with open(fname, "wb") as fid:
      fid.write(r.content)""",
    """# @title Video 1
from ipywidgets import widgets
from IPython.display import IFrame, YouTubeVideo, display
tabs = []
for source, video in [('Youtube', 'xxxxxxxxxxx')]:
  out = widgets.Output()
  with out:
    display(YouTubeVideo(id=video, width=730, height=410))
  tabs.append(out)
tab = widgets.Tab(children=tabs)
tab.set_title(0, 'Youtube')
display(tab)""",
    """content_review("Video 1")""",
    """plt.figure(figsize=(8, 3))
show_stimulus(grating(30), show=True)""",
    """class ConvolutionalLayer(nn.Module):
  def __init__(self, c_in=1, c_out=6, K=7, filters=None):
    super().__init__()
    self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K//2, stride=1)
    if filters is not None:
      self.conv.weight = nn.Parameter(filters)
      self.conv.bias = nn.Parameter(torch.zeros((c_out,), dtype=torch.float32))

  def forward(self, s):
    a = self.conv(s)
    return a""",
    """# Exercise 1.3
in_channels, out_channels, K = 1, 6, 7
convLayer = ConvolutionalLayer(in_channels, out_channels, K, filters(out_channels, K))
orientations = [-90, -45, 0, 45, 90]
H, W = grating(0).shape
stimuli = torch.zeros((len(orientations), in_channels, H, W), dtype=torch.float32)
for i, ori in enumerate(orientations):
  stimuli[i, 0] = grating(ori)
convout = convLayer(stimuli)
convout = convout.detach()

with plt.xkcd():
  plot_example_activations(stimuli, convout, channels=np.arange(0, out_channels))""",
    """resp_train, resp_test, train_stimuli = load_data_split(fname)
resp_train.shape""",
    """# Bonus exercise 2
weights = convLayer.conv.weight
weights = weights.detach()
with plt.xkcd():
  plt.imshow(weights[0, 0], cmap='bwr')
  plt.show()""",
    """content_review("Bonus")""",
)

ALL = {**RIGHT, **WRONG}
