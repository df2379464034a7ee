"""Honest: the notebooks that are graded after every attack, and must not notice it.

Their last cell says what it finds around itself; as an error of the cell that becomes part of the
report, which has to be the same each time.
"""

from attacks.machine import MARK, SYSV_KEY

SURROUNDINGS = f"""
import atexit, builtins, ctypes, gc, json, os, signal, sys, tempfile, threading
import numpy, torch
def names(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
# (Files of tier C live below the machine's /tmp, where others work at the same time.)
around = [
    names("."), names(os.path.expanduser("~")), names(tempfile.gettempdir()),
    [n for place in ("/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/run") for n in names(place)
     if n.startswith({MARK!r})],
    ctypes.CDLL(None).shmget({SYSV_KEY}, 0, 0),
    len(sys.modules), len(os.environ), len(sys.path),
    threading.active_count(), atexit._ncallbacks(), signal.getsignal(signal.SIGTERM),
    len.__module__, json.dumps.__module__, torch.Tensor.mean.__name__, numpy.mean.__module__,
    torch.arange(4.0).mean().item(), torch.is_grad_enabled(), torch.get_default_dtype(),
    sorted(n for n in sys.modules if n.startswith({MARK.replace("-", "_")!r})),
    sys.gettrace(), sys.getrecursionlimit(),
    len(os.listdir("/proc/self/fd")),
]
raise RuntimeError(repr(around))
"""

AVERAGES = (
    "import torch\ndef mean(values):\n    return values.mean()",
    'from grader.student import check\ncheck("mean")',
    "torch.manual_seed(1)\nmodel = torch.nn.Linear(3, 2)\nanswer = 8\nword = 'mean'",
    SURROUNDINGS,
)

LAYER = """
import torch
from torch import nn
def correlate2d(image, kernel):
    out = nn.functional.conv2d(image[None, None], kernel[None, None], padding="same")
    return out[0, 0]
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))
    def forward(self, s):
        return self.conv(s)
"""

NOTEBOOKS = {"averages": AVERAGES, "convolution": (LAYER, SURROUNDINGS)}
