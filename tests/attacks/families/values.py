"""Values: hand over things that lie about what they are, or that no check expects."""

from attacks.case import Case

OTHERS = "import torch\nmodel = torch.nn.Linear(3, 2)\nanswer = 8\nword = 'mean'"
REST = {"model": 1.5, "why": 1.0}


def _mean(name: str, sentence: str, body: str, mark: float = 0, **more: object) -> Case:
    """Return a case whose `mean` is the lie; all else in it is right."""
    settings = {"marks": {**REST, **({"mean": mark} if mark else {})}, **more}
    return Case(name, sentence, (f"import torch, numpy\n{body}", OTHERS), **settings)  # type: ignore[arg-type]


def _returns(name: str, sentence: str, value: str, mark: float = 0, **more: object) -> Case:
    body = f"def mean(values):\n    return {value}"
    return _mean(name, sentence, body, mark, **more)


def _model(name: str, sentence: str, code: str, marks: dict[str, float], **more: object) -> Case:
    """Return a case whose `model`, `answer` or `word` is the lie."""
    return Case(name, sentence, (f"import torch\n{code}",), marks=marks, **more)  # type: ignore[arg-type]


def _layer(name: str, sentence: str, code: str, marks: dict[str, float], **more: object) -> Case:
    """Return a case of the convolution assignment."""
    cells = (f"import torch\nfrom torch import nn\n{code}",)
    return Case(name, sentence, cells, marks=marks, assignment="convolution", **more)  # type: ignore[arg-type]


SUBCLASS = """
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True
    shape = property(lambda self: ())
    dtype = property(lambda self: torch.float32)
def mean(values):
    return torch.ones(7, 7).as_subclass(Liar)
"""

DISPATCH = """
class Agrees(torch.Tensor):
    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda self, other: torch.tensor(True)
    def __sub__(self, other): return torch.zeros(())
    __rsub__ = __abs__ = __sub__
    def __array__(self, dtype=None): return numpy.zeros(())
    def numel(self): return 1
def mean(values):
    return torch.zeros(()).as_subclass(Agrees)
"""

ARRAY = """
class Array:
    def __array__(self, dtype=None): return numpy.ones(())
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    def __torch_function__(self, *a, **k): return True
    shape, dtype, ndim = (), torch.float32, 0
def mean(values):
    return Array()
"""

DISGUISED = """
class Disguised:
    __class__ = torch.Tensor
    layout, is_quantized, requires_grad, device, dtype = torch.strided, False, False, "cpu", torch.float32
    def detach(self): return self
    def is_complex(self): return False
    def numel(self): return 1
    def element_size(self): return 4
    def as_subclass(self, kind): return torch.zeros(1000)
def mean(values):
    return Disguised()
"""

INTEGER = """
class Any(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
    def bit_length(self): return 1
    def __int__(self): return 10 ** 5000
answer = Any(3)
model = torch.nn.Linear(3, 2)
"""

TEXT = """
class Word(str):
    def __eq__(self, other): return True
    def __str__(self): return "median"
    __hash__ = str.__hash__
word = Word("nothing")
"""

PARTS = """
class Endless(torch.nn.Module):
    def named_parameters(self, *a, **k):
        while True:
            yield "w", torch.nn.Parameter(torch.ones(1))
model, answer = Endless(), 6
"""

LENGTH = """
class Short(list):
    def __len__(self): return 0
    def __iter__(self):
        while True:
            yield 1
answer = Short()
"""

NESTED = """
answer = []
answer.append(answer)
word = "mean"
"""

RIGHT_LAYER = """
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2)
        if filters is not None:
            self.conv.weight, self.conv.bias = nn.Parameter(filters), nn.Parameter(torch.zeros(c_out))
    def forward(self, s):
        return {output}
"""

LAZY_SHAPE = """
class Lazy(torch.Tensor):
    calls = 0
    @property
    def shape(self):
        Lazy.calls += 1
        return torch.Size((48, 64)) if Lazy.calls % 2 else torch.Size(())
def correlate2d(image, kernel):
    return torch.zeros(3, 3).as_subclass(Lazy)
"""

CONSTANT = """
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2)
        nn.init.zeros_(self.conv.weight); nn.init.zeros_(self.conv.bias)
        self.c_out = c_out
    def forward(self, s):
        return s.new_zeros(len(s), self.c_out, *s.shape[2:])
"""

NAN_LAYER = RIGHT_LAYER.format(output="self.conv(s) * float('nan')")

TIME = {"execution": "timeout"}
CASES = (
    _returns("nan", "Not a number.", "torch.tensor(float('nan'))"),
    _returns("infinity", "Infinity.", "torch.tensor(float('inf'))"),
    _returns("huge_shape", "A tensor of 10^12 numbers that share one.", "torch.ones(1).expand(10**12)"),
    _returns("huge_empty_shape", "No numbers, huge shape.", "torch.empty(0, 2**40)"),
    _returns("meta_tensor", "A tensor without data.", "torch.empty((), device='meta')"),
    _returns("sparse_tensor", "A sparse tensor of huge shape.",
             "torch.sparse_coo_tensor(torch.tensor([[0]]), torch.ones(1), (2**40,))"),
    _returns("whole_numbers", "Whole numbers where real ones belong.", "values.mean().long()", 0.5),
    _returns("booleans", "True for everything.", "torch.tensor(True)", 0.5),
    _returns("complex_numbers", "The right mean as a complex number.", "values.mean() + 0j"),
    _returns("float8", "A type that does not cross.", "torch.ones(()).to(torch.float8_e5m2)"),
    _returns("object_array", "A NumPy array of objects.", "numpy.array([print], dtype=object)"),
    _returns("not_implemented", "NotImplemented, which is true.", "NotImplemented"),
    _returns("itself", "The function itself.", "mean"),
    _mean("tensor_subclass", "A subclass that answers True to everything.", SUBCLASS),
    _mean("agreeing_operators", "A subclass whose operators agree.", DISPATCH),
    _mean("array_protocols", "An object with every array protocol.", ARRAY),
    _mean("disguised_class", "An object that says it is a tensor.", DISGUISED),
    _model("lying_integer", "An int that equals everything.", INTEGER, {}),
    _model("huge_integer", "An answer of 1,000 digits.",
           "answer = 10**999\nmodel = torch.nn.Linear(3, 2)", {"model": 0.5}),
    _model("lying_text", "A str that equals everything.", TEXT, {}),
    _model("endless_parameters", "A module of endless parameters.", PARTS, {}, **TIME),
    _model("endless_list", "A list that says it is empty and never ends.", LENGTH, {}, **TIME),
    _model("list_of_itself", "A list that holds itself.", NESTED, {"why": 1}),
    _layer("lazy_shape", "A tensor whose shape changes as it is looked at.", LAZY_SHAPE, {}),
    _layer("constant_layer", "A layer of zeros that says 0.", CONSTANT, {"q2_layer": 2}),
    _layer("nan_layer", "A layer that says NaN.", NAN_LAYER, {"q2_layer": 3}),
    _layer("object_activations", "NumPy objects as activations.",
           "import numpy\nconvout = numpy.array([[print]], dtype=object)\nstimuli = convout", {}),
    _layer("boundless_activations", "Activations of 10^15 numbers that share one.",
           "convout = torch.zeros(1).expand(10**5, 10**5, 10**5)\nstimuli = convout", {}),
)  # fmt: skip
