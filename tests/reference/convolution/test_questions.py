"""Every check of every question: what right answers earn, and what each mistake costs.

The answers run in this process, as cells over the names that the notebook gives; what probes
and captures observe crosses as a snapshot, and otter runs the test files over it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import jupytext
import numpy as np
import pytest
import torch
from torch import nn

from grader import checks
from grader.assignment import Course
from grader.judging import judge
from grader.probes import load_probes
from grader.runtime.observe import observe
from grader.sandbox.execution import Execution, Observation
from grader.snapshot import Decoder, Encoder, read_table
from grader.tolerance import FLOAT32_CPU, TF32_CUDA, Arithmetic
from reference.convolution import filters, grating

ROOT = Path(__file__).parents[3]
PUBLIC, HIDDEN = ROOT / "assignments" / "convolution", ROOT / "reference" / "convolution"
PROBES = load_probes((PUBLIC / "probes.py").read_text(), "probes.py")
MEGABYTES = 64 * 1024 * 1024
ASSIGNMENT = Course(ROOT).assignment("convolution")

COUNTS = (
    "activations_per_channel",
    "conv_weights",
    "conv_parameters",
    "fc_weights_one_unit_per_channel",
    "fc_weights_one_unit_per_activation",
)
CAPTURES = {
    "q1_equation": ("correlate2d",),
    "q2_layer": ("ConvolutionalLayer",),
    "q3_activations": ("convLayer", "stimuli", "convout"),
    "q4_counts": COUNTS,
    "q5_filters": ("channels_0_1", "channels_2_5"),
    "q6_weights": ("weights",),
    "q7_complex_cell": ("ComplexCell",),
}
POINTS = dict(zip(CAPTURES, (3, 4, 5, 4, 2, 1, 2), strict=True))
FUNCTIONS = {
    (question, case.name): case.body.test_func.__name__
    for question in CAPTURES
    for folder in (PUBLIC, HIDDEN)
    for case in checks.load(folder / "tests" / f"{question}.py").test_cases
}
NAMES = [name for names in CAPTURES.values() for name in names]


def _solution() -> dict[str, str]:
    cells = jupytext.read(HIDDEN / "solution.py").cells
    return {
        cell.metadata["name"].removesuffix("-answer"): cell.source
        for cell in cells
        if cell.cell_type == "code"
    }


SOLUTION = _solution()


def notebook(changed: Mapping[str, str]) -> dict[str, object]:
    """Run the answers, `changed` in place of the solution's; a cell that raises stops no other."""
    namespace: dict[str, object] = {"torch": torch, "nn": nn, "np": np, "math": math}
    namespace |= {"grating": grating, "filters": filters}
    torch.manual_seed(1)
    for name, source in {**SOLUTION, **changed}.items():
        try:
            exec(compile(source, name, "exec"), namespace)
        except Exception as error:
            namespace["error"] = error
    return namespace


def observed(
    question: str, namespace: Mapping[str, object], given: Mapping[str, torch.Tensor]
) -> dict[str, object]:
    """Return what crosses of a question, by the names that its checks use."""
    encoder = Encoder(MEGABYTES)
    nodes = observe(question, CAPTURES[question], namespace, PROBES, given, encoder)
    decoder = Decoder(read_table(encoder.blob(), MEGABYTES))
    return {name: decoder.decode(node) for name, node in nodes.items()}


def outcomes(
    question: str, values: Mapping[str, object], given: Mapping[str, torch.Tensor],
    arithmetic: Arithmetic = FLOAT32_CPU, follows: Iterable[str] = (),
) -> Iterator[tuple[str, checks.Check]]:  # fmt: skip
    """Yield every check of a question, public and hidden, by its function's name."""
    own = dict.fromkeys(follows, values)
    for folder, reference in ((PUBLIC, None), (HIDDEN, checks.load_reference(HIDDEN))):
        path = folder / "tests" / f"{question}.py"
        cases = checks.load(path).test_cases
        env = checks.evidence(values, given, arithmetic, reference, own)
        for case, found in zip(cases, checks.run(path, env), strict=True):
            yield f"{question[:2]}.{case.body.test_func.__name__}", found


def lost(
    changed: Mapping[str, str], questions: str = "q1 q2 q3 q4 q5 q6 q7", seed: int = 0
) -> dict[str, str]:
    """Return the checks that a notebook with `changed` answers does not pass: name → message."""
    namespace, given = notebook(changed), PROBES.draw(seed)
    asked = [question for question in CAPTURES if question[:2] in questions.split()]
    seen = [Observation(q, "end", observed(q, namespace, given), {}, b"") for q in asked]
    execution = Execution("ok", 0.0, "cpu", (), (), tuple(seen))
    return {
        f"{mark.question.name[:2]}.{FUNCTIONS[mark.question.name, check.label]}": check.message
        for mark in judge(execution, ASSIGNMENT, given)
        for check in mark.checks
        if check.status != "passed"
    }


def all_checks(question: str) -> set[str]:
    values = dict.fromkeys([*CAPTURES[question], *_probe_names(question)])
    return {name for name, _ in outcomes(question, values, PROBES.draw(0))}


def _probe_names(question: str) -> list[str]:
    return [probe.name for probe in PROBES.probes if probe.question == question]


def _seeds(answer: str) -> range:
    """Return the seeds to try: more for question 7, where what is drawn matters most."""
    return range(3 if answer.startswith("q7") else 1)


# ------------------------------------------------------------------------------ the files


@pytest.mark.parametrize("question", CAPTURES)
def test_points_add_up(question: str) -> None:
    public, hidden = (
        checks.load(folder / "tests" / f"{question}.py") for folder in (PUBLIC, HIDDEN)
    )
    assert public.name == hidden.name == question
    assert not any(case.hidden for case in public.test_cases)
    assert all(case.hidden for case in hidden.test_cases)
    cases = public.test_cases + hidden.test_cases
    assert sum(case.points for case in cases) == POINTS[question]
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("folder", [PUBLIC, HIDDEN])
def test_no_guessed_tolerances(folder: Path) -> None:
    sources = [path.read_text() for path in (folder / "tests").glob("*.py")]
    assert len(sources) == len(CAPTURES)
    assert not any(word in source for source in sources for word in ("atol", "rtol", "allclose"))


def test_inputs_are_the_seed_s() -> None:
    first, again, other = PROBES.draw(1), PROBES.draw(1), PROBES.draw(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["square_kernel"], other["square_kernel"])


def test_patches_stay_inside_and_are_the_same_at_every_place() -> None:
    for seed in range(10):
        patches = PROBES.draw(seed)["patches"][..., 0, :, :]
        frame = torch.ones(48, 64, dtype=torch.bool)
        frame[7:-7, 7:-7] = False
        assert not patches[..., frame].any()
        numbers = patches.flatten(-2).sort(dim=-1).values
        assert torch.equal(numbers, numbers[:, :, :1].expand_as(numbers))


# ------------------------------------------------------------------------- right answers


@pytest.mark.parametrize("seed", range(3))
def test_solution(seed: int) -> None:
    assert lost({}, seed=seed) == {}


def test_solution_under_the_other_arithmetic() -> None:
    namespace, given = notebook({}), PROBES.draw(5)
    for question in CAPTURES:
        values = observed(question, namespace, given)
        assert all(c.status == "passed" for _, c in outcomes(question, values, given, TF32_CUDA))


LAYER = """
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        {init}
    def forward(self, s):
        {forward}
"""
GIVEN = (
    "; filters is None or self.conv.weight.data.copy_(filters); "
    "filters is None or self.conv.bias.data.zero_()"
)


def layer(
    init: str = "self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2)" + GIVEN,
    forward: str = "return self.conv(s)",
) -> str:
    return LAYER.format(init=init, forward=forward)


CELL = """
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.n, self.K = n_orientations, K
        self.kernels = {kernels}
    def forward(self, s):
        maps = torch.nn.functional.conv2d(s, self.kernels, padding=self.K // 2)
        return {pooled}
"""
GABORS = "filters(n_orientations + 2, K)[2:]"


def cell(pooled: str, kernels: str = GABORS) -> str:
    return CELL.format(kernels=kernels, pooled=pooled)


STEERED_SOBEL = (
    "torch.stack([math.cos(math.pi * i / n_orientations) * torch.tensor("
    "[[-1., 0, 1], [-2, 0, 2], [-1, 0, 1]]) + math.sin(math.pi * i / n_orientations) * "
    "torch.tensor([[-1., -2, -1], [0, 0, 0], [1, 2, 1]]) for i in range(n_orientations)])[:, None]"
    "; self.K = 3"
)
EVEN_GABORS = (
    "torch.stack([torch.stack([torch.stack([torch.exp(torch.tensor(-(x * x + y * y) / 8.)) * "
    "math.cos(2 * math.pi / 6 * (x * math.cos(t) + y * math.sin(t))) for x in range(-3, 4)]) "
    "for y in range(-3, 4)]) for t in [math.pi * i / n_orientations for i in "
    "range(n_orientations)]])[:, None]; self.kernels -= self.kernels.mean((2, 3), keepdim=True)"
)

RIGHT: dict[str, dict[str, str]] = {
    "q1 slices instead of loops": {
        "q1": "def correlate2d(image, kernel):\n"
        "    (h, w), (kh, kw) = image.shape, kernel.shape\n"
        "    p = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))\n"
        "    return sum(kernel[i, j] * p[i : i + h, j : j + w]\n"
        "               for i in range(kh) for j in range(kw))"
    },
    "q1 by a Fourier transform": {
        "q1": "def correlate2d(image, kernel):\n"
        "    (h, w), (kh, kw) = image.shape, kernel.shape\n"
        "    size = (h + kh - 1, w + kw - 1)\n"
        "    f = torch.fft.rfft2(image, size) * torch.fft.rfft2(kernel.flip(0, 1), size)\n"
        "    full = torch.fft.irfft2(f, size)\n"
        "    return full[kh // 2 : kh // 2 + h, kw // 2 : kw // 2 + w]"
    },
    "q1 in float64": {
        "q1": SOLUTION["q1"] + "\nslow = correlate2d\n"
        "def correlate2d(image, kernel): return slow(image.double(), kernel.double())"
    },
    "q2 padding by name": {
        "q2": layer('self.conv = nn.Conv2d(c_in, c_out, K, padding="same")' + GIVEN)
    },
    "q2 zero padding module": {
        "q2": layer(
            "self.pad = nn.ZeroPad2d(K // 2); self.conv = nn.Conv2d(c_in, c_out, K)" + GIVEN,
            "return self.conv(self.pad(s))",
        )
    },
    "q2 another attribute": {
        "q2": layer(
            "self.lin = nn.Conv2d(c_in, c_out, K, padding=K // 2); filters is None or "
            "(self.lin.weight.data.copy_(filters), self.lin.bias.data.zero_())",
            "return self.lin(s)",
        ),
        "q6": "weights = convLayer.lin.weight.detach()",
    },
    "q2 unfold and a linear layer": {
        "q2": layer(
            "self.K = K; self.lin = nn.Linear(c_in * K * K, c_out); filters is None or "
            "(self.lin.weight.data.copy_(filters.flatten(1)), self.lin.bias.data.zero_())",
            "u = nn.functional.unfold(s, self.K, padding=self.K // 2)  # (N, C K K, H W)\n"
            "        return self.lin(u.mT).mT.unflatten(2, s.shape[2:])",
        ),
        "q6": "weights = convLayer.lin.weight.detach().reshape(6, 1, 7, 7)",
    },
    "q2 own parameters, output channels last": {
        "q2": layer(
            "w = torch.randn(c_out, c_in, K, K) if filters is None else filters; self.K = K; "
            "self.w = nn.Parameter(w.flatten(1).T.clone()); self.c_in = c_in; "
            "self.b = nn.Parameter(torch.zeros(1, c_out, 1, 1))",
            "w = self.w.T.unflatten(1, (self.c_in, self.K, self.K))\n"
            "        return nn.functional.conv2d(s, w, padding=self.K // 2) + self.b",
        ),
        "q6": "weights = filters(6, 7)",
    },
    "q3 one at a time, without gradients": {
        "q3": "stimuli = torch.zeros(5, 1, 48, 64)\n"
        "for i, a in enumerate(range(-90, 91, 45)): stimuli[i, 0] = grating(a)\n"
        "convLayer = ConvolutionalLayer(filters=filters())\n"
        "with torch.no_grad(): convout = torch.cat([convLayer(s[None]) for s in stimuli])"
    },
    "q4 in other types": {
        "q4": "activations_per_channel = 3072.0\nconv_weights = np.int64(294)\n"
        "conv_parameters = torch.tensor(300)\nfc_weights_one_unit_per_channel = np.float32(18432)\n"
        "fc_weights_one_unit_per_activation = torch.tensor([56623104])"
    },
    "q5 in other spellings": {"q5": "channels_0_1 = 'Centre Surround'\nchannels_2_5 = 'Gabor '"},
    "q7 largest of rectified": {"q7": cell("maps.relu().amax((2, 3))")},
    "q7 largest, not rectified": {"q7": cell("maps.amax((2, 3))")},
    "q7 mean of rectified": {"q7": cell("maps.relu().mean((2, 3))")},
    "q7 sum of sizes": {"q7": cell("maps.abs().sum((2, 3))")},
    "q7 root of the energy": {"q7": cell("maps.square().sum((2, 3)).sqrt()")},
    "q7 standard deviation": {"q7": cell("maps.std((2, 3))")},
    "q7 adaptive pooling": {"q7": cell("nn.AdaptiveMaxPool2d(1)(maps.abs()).flatten(1)")},
    "q7 adaptive mean": {"q7": cell("nn.AdaptiveAvgPool2d(1)(maps.relu())[:, :, 0, 0]")},
    "q7 smooth maximum": {"q7": cell("maps.flatten(2).logsumexp(2)")},
    "q7 softplus": {"q7": cell("nn.functional.softplus(maps).mean((2, 3))")},
    "q7 no padding": {"q7": cell("maps[:, :, 3:-3, 3:-3].relu().sum((2, 3))")},
    "q7 steered Sobel": {"q7": cell("maps.abs().mean((2, 3))", STEERED_SOBEL)},
    "q7 even Gabors": {"q7": cell("maps.relu().mean((2, 3))", EVEN_GABORS)},
    "q7 normalised": {
        "q7": cell("(r := maps.square().mean((2, 3))) / (r.sum(1, keepdim=True) + 1e-6)")
    },
    "q7 Fourier power in wedges": {
        "q7": "class ComplexCell(nn.Module):\n"
        "    def __init__(self, n_orientations=4, K=7):\n"
        "        super().__init__(); self.n = n_orientations\n"
        "    def forward(self, s):\n"
        "        power = torch.fft.fft2(s[:, 0]).abs() ** 2\n"
        "        fy, fx = (torch.fft.fftfreq(n) for n in s.shape[2:])\n"
        "        angle = torch.atan2(fy[:, None], fx[None]) / math.pi * self.n  # 0 to n\n"
        "        which = angle.round().remainder(self.n)\n"
        "        which[0, 0] = -1\n"
        "        return torch.stack([(power * (which == i)).sum((1, 2))\n"
        "                            for i in range(self.n)], 1)"
    },
}


@pytest.mark.parametrize("answer", RIGHT)
def test_other_right_answers(answer: str) -> None:
    questions = "q2 q3 q6" if answer.startswith("q2") else answer[:2]
    for seed in _seeds(answer):
        assert lost(RIGHT[answer], questions, seed) == {}


# ------------------------------------------------------------------------- wrong answers

Q1_VALUES = "q1.by_hand q1.square q1.oblong"
FILTER_BIAS = "q2.filters"

WRONG: dict[str, tuple[dict[str, str], str]] = {
    "q1 kernel flipped": (
        {"q1": SOLUTION["q1"].replace("kernel *", "kernel.flip(0, 1) *")},
        Q1_VALUES,
    ),
    "q1 kernel transposed": (
        {"q1": SOLUTION["q1"].replace("kh, kw = ", "kernel = kernel.T; kh, kw = ")},
        Q1_VALUES,
    ),
    "q1 no padding": (
        {
            "q1": "def correlate2d(image, kernel):\n"
            "    return nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]"
        },
        "q1.same_shape " + Q1_VALUES,
    ),
    "q1 image wraps around": (
        {
            "q1": "def correlate2d(image, kernel):\n"
            "    (kh, kw) = kernel.shape\n"
            "    return sum(kernel[i, j] * image.roll((kh // 2 - i, kw // 2 - j), (0, 1))\n"
            "               for i in range(kh) for j in range(kw))"
        },
        Q1_VALUES,
    ),
    "q1 square kernels only": (
        {"q1": SOLUTION["q1"].replace("kh, kw = kernel.shape", "kh = kw = len(kernel)")},
        "q1.oblong",
    ),
    "q1 3 x 3 only": (
        {"q1": SOLUTION["q1"].replace("kernel.shape", "(kernel := kernel[:3, :3]).shape")},
        "q1.square q1.oblong",
    ),
    "q1 result with extra axes": (
        {"q1": SOLUTION["q1"].replace("return sums", "return sums[None, None]")},
        "q1.same_shape",
    ),
    "q1 result in NumPy": (
        {"q1": SOLUTION["q1"].replace("return sums", "return sums.numpy()")},
        "q1.same_shape",
    ),
    "q1 height and width swapped": (
        {"q1": SOLUTION["q1"].replace("return sums", "return sums.T")},
        "q1.same_shape " + Q1_VALUES,
    ),
    "q2 bias left random": (
        {"q2": layer("self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2); "
                     "filters is None or self.conv.weight.data.copy_(filters)")},
        FILTER_BIAS,
    ),
    "q2 rectified": (
        {"q2": layer(forward="return self.conv(s).relu()")},
        "q2.forward",
    ),
    "q2 no padding": (
        {"q2": layer("self.conv = nn.Conv2d(c_in, c_out, K)" + GIVEN)},
        "q2.same_size q2.forward",
    ),
    "q2 stride 2": (
        {"q2": layer("self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, stride=2)" + GIVEN)},
        "q2.same_size q2.forward",
    ),
    "q2 reflected border": (
        {
            "q2": layer(
                "self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, padding_mode='reflect')"
                + GIVEN
            )
        },
        "q2.forward",
    ),
    "q2 no bias at all": (
        {
            "q2": layer(
                "self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, bias=False); "
                "filters is None or self.conv.weight.data.copy_(filters)"
            )
        },
        "q2.default_parameters",
    ),
    "q2 filters ignored": (
        {"q2": layer("self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2)")},
        FILTER_BIAS,
    ),
    "q2 kernels flipped": (
        {
            "q2": layer(forward="return nn.functional.conv2d(s, self.conv.weight.flip(2, 3), "
            "self.conv.bias, padding=self.conv.padding)")
        },
        "q2.forward",
    ),
    "q2 bias forgotten in forward": (
        {
            "q2": layer(forward="return nn.functional.conv2d(s, self.conv.weight, "
            "padding=self.conv.padding)")
        },
        "q2.forward",
    ),
    "q2 padding of 3 whatever K": (
        {"q2": layer("self.conv = nn.Conv2d(c_in, c_out, K, padding=3)" + GIVEN)},
        "q2.same_size q2.forward",
    ),
    "q2 no module": (
        {
            "q2": "class ConvolutionalLayer:\n"
            "    def __init__(self, c_in=1, c_out=6, K=7, filters=None):\n"
            "        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2)" + GIVEN + "\n"
            "    def __call__(self, s): return self.conv(s)"
        },
        "q2.default_parameters q2.forward q2.filters q3.layer",
    ),
    "q3 order reversed": (
        {"q3": SOLUTION["q3"].replace("(-90, -45, 0, 45, 90)", "(90, 45, 0, -45, -90)")},
        "q3.gratings",
    ),
    "q3 gratings from 0 to 1": (
        {"q3": SOLUTION["q3"].replace("grating(angle)", "grating(angle) + 0.5")},
        "q3.gratings",
    ),
    "q3 channel axis missing": (
        {
            "q3": "convLayer = ConvolutionalLayer(filters=filters())\n"
            "stimuli = torch.stack([grating(a) for a in range(-90, 91, 45)])\n"
            "convout = convLayer(stimuli[:, None]).detach()"
        },
        "q3.stimuli_shape",
    ),
    "q3 filters forgotten": (
        {"q3": SOLUTION["q3"].replace(", filters=filters(6, 7)", "")},
        "q3.layer",
    ),
    "q3 not detached": (
        {"q3": SOLUTION["q3"].replace(".detach()", "")},
        "q3.convout_detached",
    ),
    "q3 activations in NumPy": (
        {"q3": SOLUTION["q3"].replace(".detach()", ".detach().numpy()")},
        "q3.convout_detached",
    ),
    "q3 no layer, activations right": (
        {"q3": SOLUTION["q3"] + "\ndel convLayer", "q6": "weights = filters(6, 7)"},
        "q3.layer",
    ),
    "q3 layer and stimuli missing": (
        {"q3": SOLUTION["q3"] + "\ndel convLayer, stimuli", "q6": "weights = filters(6, 7)"},
        "q3.layer q3.stimuli_shape q3.gratings",
    ),
    "q3 rectified": (
        {"q3": SOLUTION["q3"].replace(".detach()", ".detach().relu()")},
        "q3.activations",
    ),
    "q3 everything zero": (
        {
            "q3": "stimuli = torch.zeros(5, 1, 48, 64)\nconvout = torch.zeros(5, 6, 48, 64)\n"
            "convLayer = ConvolutionalLayer(filters=torch.zeros(6, 1, 7, 7))",
            "q6": "weights = torch.zeros(6, 1, 7, 7)",
        },
        "q3.gratings q3.layer q3.activations q6.values",
    ),
    "q3 NaN": (
        {"q3": SOLUTION["q3"] + "\nconvout = convout * float('nan')"},
        "q3.activations",
    ),
    "q4 biases counted as weights": (
        {"q4": SOLUTION["q4"].replace("* 1 * 6", "* 1 * 6 + 6")},
        "q4.weights q4.parameters",
    ),
    "q4 one fully connected layer off": (
        {"q4": SOLUTION["q4"].replace("* (6 * 48 * 64)", "* (48 * 64)")},
        "q4.one_unit_per_activation",
    ),
    "q4 not a whole number": (
        {"q4": SOLUTION["q4"] + "\nactivations_per_channel = 0.5"},
        "q4.activations_form q4.activations",
    ),
    "q4 a huge number": (
        {"q4": SOLUTION["q4"] + "\nactivations_per_channel = 10**1000"},
        "q4.activations",
    ),
    "q5 the other way round": (
        {"q5": "channels_0_1, channels_2_5 = 'gabor', 'center-surround'"},
        "q5.first q5.second",
    ),
    "q5 none": (
        {"q5": "channels_0_1, channels_2_5 = 'none', 'gabor'"},
        "q5.first",
    ),
    "q5 not a choice": (
        {"q5": "channels_0_1, channels_2_5 = 'center-surround', 'stripes'"},
        "q5.second_form q5.second",
    ),
    "q6 channel axis missing": ({"q6": "weights = filters(6, 7)[:, 0]"}, "q6.weights_shape"),
    "q6 a parameter": ({"q6": "weights = convLayer.conv.weight"}, "q6.weights_shape"),
    "q6 other numbers": ({"q6": "weights = filters(6, 7) + 0.01"}, "q6.values"),
    "q6 the bias": (
        {"q6": "weights = convLayer.conv.bias.detach()"},
        "q6.weights_shape q6.values",
    ),
    "q7 one position": (
        {"q7": cell("maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2].relu()")},
        "q7.stays",
    ),
    "q7 one position of pooled maps": (
        {"q7": cell("nn.functional.max_pool2d(maps, 4)[:, :, s.shape[2] // 8, s.shape[3] // 8]")},
        "q7.stays",
    ),
    "q7 one quarter": ({"q7": cell("maps[:, :, :24, :32].amax((2, 3))")}, "q7.stays"),
    "q7 every other position": (
        {"q7": cell("maps[:, :, ::2, ::2].abs().sum((2, 3))")},
        "q7.stays",
    ),
    "q7 mean without rectifying": ({"q7": cell("maps.mean((2, 3))")}, "q7.stays q7.selects"),
    "q7 not pooled": (
        {"q7": cell("maps.relu()")},
        "q7.one_response_each q7.stays q7.selects",
    ),
    "q7 center-surround": (
        {"q7": cell("maps.relu().amax((2, 3))", "filters(2, K).repeat(2, 1, 1, 1)[:n_orientations]"
                    "; self.n = n_orientations")},
        "q7.one_response_each q7.selects",
    ),
    "q7 one orientation": (
        {"q7": cell("maps.abs().mean((2, 3))", "filters(3, K)[[2] * n_orientations]")},
        "q7.selects",
    ),
    "q7 first filters of all": (
        {"q7": cell("maps.abs().mean((2, 3))", "filters(n_orientations + 2, K)[:n_orientations]")},
        "q7.selects",
    ),
    "q7 random filters": (
        {"q7": cell("maps.abs().mean((2, 3))", "torch.randn(n_orientations, 1, K, K)")},
        "q7.selects",
    ),
    "q7 pooled over orientations": (
        {"q7": cell("maps.abs().sum((1, 2, 3))[:, None].repeat(1, self.n)")},
        "q7.selects",
    ),
    "q7 constant": (
        {"q7": cell("torch.ones(maps.shape[:2])")},
        "q7.stays q7.selects",
    ),
    "q7 zero": ({"q7": cell("torch.zeros(maps.shape[:2])")}, "q7.stays q7.selects"),
    "q7 NaN": ({"q7": cell("maps.sum((2, 3)) * float('nan')")}, "q7.stays q7.selects"),
    "q7 always four": (
        {"q7": cell("maps.abs().sum((2, 3))", "filters(6, K)[2:]")},
        "q7.one_response_each",
    ),
    "q7 extra axes": (
        {"q7": cell("maps.abs().sum((2, 3), keepdim=True)")},
        "q7.one_response_each",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_answers(mistake: str) -> None:
    changed, expected = WRONG[mistake]
    questions = "q2 q3 q6" if mistake[:2] in ("q2", "q3") else mistake[:2]
    for seed in _seeds(mistake):
        assert set(lost(changed, questions, seed)) == set(expected.split())


def test_starter_earns_nothing() -> None:
    stub = "raise NotImplementedError('Student exercise: …')"
    empty = dict.fromkeys(SOLUTION, stub) | {
        "q1": f"def correlate2d(image, kernel):\n    {stub}",
        "q2": layer(stub, stub),
        "q3": "convLayer = stimuli = convout = ...",
        "q4": " = ".join([*COUNTS, "..."]),
        "q5": "channels_0_1 = channels_2_5 = ...",
        "q6": "weights = ...",
        "q7": layer(stub, stub).replace("ConvolutionalLayer", "ComplexCell"),
    }
    assert set(lost(empty)) == {name for question in CAPTURES for name in all_checks(question)}


# -------------------------------------------------------------------------- odd answers

ODD: dict[str, object] = {
    "None": None,
    "text": "",
    "number": 3.5,
    "infinity": math.inf,
    "bool": True,
    "list": [[1.0, 2.0], [3.0]],
    "tuple": (),
    "dict": {"layer": 1, "output": torch.zeros(2)},
    "bad dict": {"wide kernel": None, "layer": nn.Module(), "output": "x"},
    "array": np.zeros((5, 6, 48, 64)),
    "text array": np.array(["a"]),
    "object array": np.array([None]),
    "scalar tensor": torch.tensor(1.0),
    "empty": torch.zeros(0),
    "empty rows": torch.zeros(5, 0, 48, 64),
    "NaN": torch.full((5, 6, 48, 64), math.nan),
    "infinite": torch.full((6, 1, 7, 7), math.inf),
    "integers": torch.ones(6, 1, 7, 7, dtype=torch.int64),
    "bools": torch.ones(5, 1, 48, 64, dtype=torch.bool),
    "complex": torch.zeros(3, 4, dtype=torch.complex64),
    "half": torch.zeros(3, 4, dtype=torch.bfloat16),
    "gradients": torch.zeros(5, 6, 48, 64, requires_grad=True),
    "many axes": torch.zeros([1] * 10),
    "module without parameters": nn.ReLU(),
    "module": nn.Linear(49, 6),
    "complex module": nn.Linear(49, 6, dtype=torch.complex64),
    "NaN module": nn.ParameterList([torch.full((6, 1, 7, 7), math.nan)] * 2),
    "wide module": nn.Conv2d(6, 1, 7),
    "class": nn.Conv2d,
    "function": len,
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_end_in_a_sentence(odd: str) -> None:
    encoder = Encoder(MEGABYTES)
    node = encoder.encode(ODD[odd])
    table = read_table(encoder.blob(), MEGABYTES) if encoder.table else {}
    value, given = Decoder(table).decode(node), PROBES.draw(0)
    for question in CAPTURES:
        values = dict.fromkeys([*CAPTURES[question], *_probe_names(question)], value)
        alone, followed = (outcomes(question, values, given, follows=f) for f in ((), CAPTURES))
        for name, found in (*alone, *followed):
            # checks.run raises AssignmentError where a check raises anything but AssertionError.
            assert found.status == "passed" or found.message.strip().endswith((".", "?")), name
            assert len(found.message) < 300


@pytest.mark.parametrize("mistake", [each for each in WRONG if each[:2] in ("q4", "q5")])
def test_messages_do_not_give_answers_away(mistake: str) -> None:
    changed, _ = WRONG[mistake]
    for message in lost(changed, mistake[:2]).values():
        if "expected one of" not in message:  # it lists every choice there
            for answer in ("3,072", "294", "18,432", "56,623,104", "gabor", "center"):
                assert answer not in message
