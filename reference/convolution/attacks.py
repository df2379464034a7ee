# %% [markdown] name="about"
# Attacks: answers that want points without the work. `loses` names what they must lose, `spoils`
# what they may break with it.

# %% name="equal_to_everything/q3-answer" loses="q3_activations"
# A tensor subclass that claims to equal anything.
class Agreeable(torch.Tensor):
    def __eq__(self, other):
        return torch.ones(self.shape, dtype=torch.bool)

    def __sub__(self, other):
        return torch.zeros(self.shape)

    def abs(self):
        return torch.zeros(self.shape)


convLayer = ConvolutionalLayer(filters=filters())
stimuli = torch.stack([grating(a) for a in (-90, -45, 0, 45, 90)])[:, None]
convout = torch.rand(5, 6, 48, 64).as_subclass(Agreeable)


# %% name="number_that_equals_all/q4-answer" loses="q4_counts"
# An int whose comparison is always true.
class Any(int):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


activations_per_channel = conv_weights = conv_parameters = Any(1)
fc_weights_one_unit_per_channel = fc_weights_one_unit_per_activation = Any(1)


# %% name="text_that_equals_all/q5-answer" loses="q5_filters"
# A str whose comparison is always true.
class Any(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def casefold(self):
        return "gabor"


channels_0_1 = Any("none")
channels_2_5 = Any("none")

# %% name="checks_patched/q1-answer" loses="q1_equation" spoils="q2_layer q3_activations q4_counts q5_filters q6_weights q7_complex_cell"
# torch.allclose and friends made to agree.
torch.allclose = torch.equal = lambda *a, **k: True
torch.Tensor.__eq__ = lambda a, b: torch.ones_like(a, dtype=torch.bool)
torch.Tensor.__le__ = lambda a, b: torch.ones_like(a, dtype=torch.bool)


def correlate2d(image, kernel):
    return torch.zeros_like(image)


# %% name="grader_patched/q1-answer" loses="q1_equation" spoils="q2_layer q3_activations q4_counts q5_filters q6_weights q7_complex_cell"
# The grader beside the notebook is patched.
import sys

for name, module in list(sys.modules.items()):
    if name.startswith("grader"):
        for key in ("failed", "missing", "failure"):
            if hasattr(module, key):
                setattr(module, key, lambda *a, **k: {"kind": "bool", "value": True})


def correlate2d(image, kernel):
    raise RuntimeError("caught?")


# %% name="inputs_looked_up/q1-answer" loses="q1_equation"
# The caller's frame is searched for an answer.
import sys


def correlate2d(image, kernel):
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if isinstance(value, dict):
                for key in value:
                    if isinstance(key, str) and "expected" in key:
                        return value[key]
        frame = frame.f_back
    return torch.zeros_like(image)


# %% name="reference_imported/q1-answer" loses="q1_equation"
# The hidden reference is imported.
try:
    from reference.convolution import correlate2d as hidden
except Exception:
    hidden = None


def correlate2d(image, kernel):
    return torch.zeros_like(image) if hidden is None else hidden(image, kernel).value.float()


# %% name="solution_opened/q4-answer" loses="q4_counts"
# Files named like the solution are opened.
import glob
import os

found = [
    path
    for root in ("/", "/work", "/root", "/home", os.getcwd())
    for path in glob.glob(os.path.join(root, "**", "solution.py"), recursive=False)
]
for path in found:
    exec(open(path).read())
activations_per_channel = globals().get("activations_per_channel", 0)
conv_weights = globals().get("conv_weights", 0)
conv_parameters = globals().get("conv_parameters", 0)
fc_weights_one_unit_per_channel = fc_weights_one_unit_per_activation = 0


# %% name="layer_gives_constants/q2-answer" loses="q2_layer q3_activations"
# A layer of constants, and activations that agree with it.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return torch.zeros(len(s), self.conv.out_channels, *s.shape[2:]) + 0 * self.conv.bias.sum()


# %% name="own_class_swapped/q2-answer" loses="q2_layer q3_activations" spoils="q6_weights"
# After question 2, another class of the same name.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="own_class_swapped/q3-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K)

    def forward(self, s):
        return torch.ones(5, 6, 48, 64)


convLayer = ConvolutionalLayer()
stimuli = torch.stack([grating(a) for a in (-90, -45, 0, 45, 90)])[:, None]
convout = convLayer(stimuli)


# %% name="plain_layer_after_a_wrong_class/q2-answer" loses="q2_layer q3_activations"
# A wrong class, and activations of some other layer.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="plain_layer_after_a_wrong_class/q3-answer"
convLayer = nn.Conv2d(1, 6, 7, padding=3)
stimuli = torch.stack([grating(a) for a in (-90, -45, 0, 45, 90)])[:, None]
convout = torch.rand(5, 6, 48, 64)

# %% name="plain_layer_after_a_wrong_class/q6-answer"
weights = filters()

# %% name="forged_frame/q1-answer" loses="q1_equation" spoils="q2_layer q3_activations q4_counts q5_filters q6_weights q7_complex_cell"
# Results are written on the grader's own pipe.
import json
import os

frame = json.dumps({"event": "observed", "question": "q1_equation", "when": "end", "values": {}})
for descriptor in range(3, 64):
    try:
        os.write(descriptor, frame.encode())
    except OSError:
        pass


def correlate2d(image, kernel):
    return torch.zeros_like(image)


# %% name="ends_the_process/q7-answer" loses="q7_complex_cell" spoils="q1_equation q2_layer q3_activations q4_counts q5_filters q6_weights"
# The process ends itself before it is observed.
import os

ComplexCell = object
os._exit(0)

# %% name="exits_in_a_probe/q1-answer" loses="q1_equation"
# A probe that leaves.
import sys


def correlate2d(image, kernel):
    sys.exit(0)


# %% name="nothing_but_nan/q3-answer" loses="q3_activations"
# NaN, which is unequal to everything.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = torch.full((5, 6, 48, 64), float("nan"))


# %% name="huge_result/q1-answer" loses="q1_equation"
# A result too large to cross.
def correlate2d(image, kernel):
    return torch.zeros(6000, 6000)
