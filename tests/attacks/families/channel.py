"""Channel: forge, garble, close or flood what goes to the trusted side, or patch what writes it."""

from attacks.case import MEAN, STARTED, Case

FORGE = """
import json, os, struct
import torch
def send(data):
    for fd in range(3, 64):
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(fd, rest):]
        except OSError:
            pass
def frame(document, blob=b""):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return struct.pack(">4sIQ", b"TGF1", len(body), len(blob)) + body + blob
def observed(values, blob=b"", question="mean"):
    return frame({"event": "observed", "question": question, "when": "end", "values": values}, blob)
def array(name, dtype, shape, size):
    head = json.dumps({name: {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(size)
number = {"kind": "number", "type": "int", "value": "1"}
names = ("mean", "mean_of_ones", "mean_of_values")
def all_but(values):
    # So that nothing is missing from the observation.
    return {**dict.fromkeys(names, number), **values}
"""

PIPE = {0: "the process ended here", 1: "skipped"}


def _forged(name: str, sentence: str, code: str, **more: object) -> Case:
    """Return a case whose bytes are refused: the run ends as `killed` and earns nothing."""
    settings = {"execution": "killed", "errors": PIPE, "message": "grader's own pipe", **more}
    return Case(name, sentence, (FORGE + code, MEAN), **settings)  # type: ignore[arg-type]


def _harmless(name: str, sentence: str, code: str, **more: object) -> Case:
    """Return a case whose frames can be read and change nothing."""
    return Case(name, sentence, (FORGE + code, MEAN), marks=STARTED, **more)  # type: ignore[arg-type]


def _patched(name: str, sentence: str, code: str, **more: object) -> Case:
    """Return a case that patches what the runtime uses; an honest answer stands before it."""
    settings = {"marks": STARTED, **more}
    cells = (MEAN, 'from grader.student import check\ncheck("mean")', code)
    return Case(name, sentence, cells, **settings)  # type: ignore[arg-type]


FULL_MARKS = """
everything = {"score": 99, "points": 99, "status": "full", "passed": True, "max_score": 0}
values = {name: number for name in (*names, *everything,
                                    "reference", "arithmetic", "given", "expect", "__builtins__")}
send(observed(values))
send(frame({"event": "end", **everything, "questions": [{"name": "mean", **everything}]}))
import time; time.sleep(1)
"""

FORGED_END = """
one = {"kind": "tensor", "key": "t0"}
send(observed(all_but({"mean_of_ones": one, "mean_of_values": one}),
              array("t0", "F32", [], 4)[:-4] + struct.pack("<f", 1.0)))
send(frame({"event": "end"}))
import time; time.sleep(1)
"""

DEEP = """
deep = b'{"kind": "list", "items": [' * 500 + b"]}" * 500
send(frame(b'{"event": "observed", "question": "mean", "values": {"mean": ' + deep + b"}}"))
"""

DEEPER_JSON = "send(frame(b'{\"event\": ' + b'[' * 100_000 + b']' * 100_000 + b'}'))"

FLOOD = """
for _ in range(3000):
    send(observed(all_but({})))
"""

LARGE = """
blob = array("t0", "U8", [7_000_000], 7_000_000)
for _ in range(40):
    send(observed(all_but({"mean": {"kind": "tensor", "key": "t0"}}), blob))
"""

TYPES = """
send(frame({"event": ["end"], "index": [], "question": {}}))
send(frame({"event": "cell", "index": True}))
send(frame({"event": "cell", "index": 1e400}))
send(frame({"event": "done", "index": 0, "error": ["x"]}))
send(frame({"event": "broken", "message": {"a": 1}}))
send(frame({"event": "ready"}))
send(frame({"event": None}))
"""

WRITER = """
import builtins, json, os, struct
import numpy, safetensors.torch, torch
import grader.wire, grader.snapshot, grader.runtime.observe, grader.runtime.runner
class Everything:
    def __getattr__(self, name): return lambda *a, **k: self
    def __call__(self, *a, **k): return self
    def __eq__(self, other): return True
    def __hash__(self): return 0
json.dumps = lambda *a, **k: '{"event": "observed", "question": "model", "score": 99}'
grader.snapshot.Encoder.encode = lambda self, value, depth=0: {"kind": "bool", "value": True}
grader.runtime.observe.observe = lambda *a, **k: {}
grader.runtime.runner.observe = lambda *a, **k: {"mean": {"kind": "bool", "value": True}}
safetensors.torch.save = lambda *a, **k: b"x"
torch.Tensor.numel = lambda self: 0
"""

BUILTINS = """
import builtins
builtins.isinstance = lambda *a: True
builtins.len = lambda x: 0
builtins.str = lambda *a: "full"
builtins.type = lambda *a: int
builtins.sum = lambda *a: 99
"""

SHELL = """
shell = get_ipython()
shell.run_cell = lambda *a, **k: None
type(shell).run_cell = lambda *a, **k: None
"""

CASES = (
    _forged("garbage", "Write bytes that are no frame.", "send(b'garbage' * 10)"),
    _forged("huge_header", "Announce a frame of 2^64 bytes.", "send(b'TGF1' + b'\\xff' * 12)"),
    _forged("no_object", "Send a document that is no object.", "send(frame(b'[]'))"),
    _forged("deep_values", "Send values nested 500 deep.", DEEP),
    _forged("deep_json_frame", "Send JSON nested 100,000 deep.", DEEPER_JSON),
    _forged("long_number", "Send a number of a million digits.",
            "send(frame(b'{\"index\": ' + b'9' * 1_000_000 + b'}'))"),
    _forged("unhashable_question", "Name a list as the question.",
            "send(observed(all_but({}), question=['mean']))"),
    _forged("unknown_question", "Name a question that there is not.",
            "send(observed(all_but({}), question='bonus'))"),
    _forged("no_such_array", "Refer to an array that did not come.",
            "send(observed(all_but({'mean': {'kind': 'tensor', 'key': 't9'}})))"),
    _forged("bfloat16_array", "Call a bfloat16 tensor a NumPy array.",
            "send(observed(all_but({'mean': {'kind': 'array', 'key': 't0'}}),"
            " array('t0', 'BF16', [2], 4)))"),
    _forged("lying_array", "Give an array another size than its bytes.",
            "send(observed(all_but({'mean': {'kind': 'tensor', 'key': 't0'}}),"
            " array('t0', 'F32', [9], 4)))"),
    _forged("huge_empty_array", "Send an array of no bytes with a huge shape.",
            "send(observed(all_but({'mean': {'kind': 'tensor', 'key': 't0'}}),"
            " array('t0', 'F32', [2**60, 2**60, 0], 0)))"),
    _forged("array_of_17_dimensions", "Send an array of too many dimensions.",
            "send(observed(all_but({'mean': {'kind': 'tensor', 'key': 't0'}}),"
            " array('t0', 'F32', [1] * 17, 4)))"),
    _forged("no_complex_array", "Call integers a complex array.",
            "send(observed(all_but({'mean': {'kind': 'tensor', 'key': 't0', 'complex': True}}),"
            " array('t0', 'I64', [2], 16)))"),
    _forged("pickled_array", "Send a pickle where arrays belong.",
            "import pickle\nsend(observed(all_but({}), pickle.dumps(print)))"),
    _forged("nothing_in_an_observation", "Send an observation that lacks what was asked for.",
            "send(observed({}))"),
    _forged("flood_of_observations", "Send thousands of observations to be checked.", FLOOD),
    _forged("gigabytes_of_observations", "Send observations until the grader is full.", LARGE),
    _forged("forged_full_marks", "Send an observation and an end with full marks in it.",
            FULL_MARKS),
    Case("forged_end", "Send an observation of constants and an end.",
         (FORGE + FORGED_END, MEAN), marks={"mean": 0.5}, errors={0: "skipped", 1: "skipped"}),
    _harmless("frames_of_wrong_types", "Send frames whose fields have odd types.", TYPES,
              errors={0: "skipped"}),
    _forged("half_a_frame_and_silence", "Begin a frame and sleep.",
            "send(b'TGF1' + b'\\0\\0\\0\\x20')\nimport time; time.sleep(60)",
            execution="timeout", message="Cell 0 ran longer than 2 s."),
    Case("closed_pipe", "Close the pipe and every other descriptor.",
         ("import os\nos.closerange(0, 1024)", MEAN), execution="killed", errors=PIPE),
    Case("pipe_of_its_own", "Put a file in the place of the pipe.",
         ("import os\nmine = os.open('mine', os.O_CREAT | os.O_RDWR)\nos.dup2(mine, 3)\n"
          "import time; time.sleep(60)", MEAN), execution="killed", errors=PIPE),
    _patched("patched_writer", "Patch what encodes and writes.", WRITER,
             execution="killed", message="grader's own pipe"),
    _patched("patched_builtins", "Patch isinstance, len, str, type.", BUILTINS),
    _patched("patched_shell", "Patch IPython's shell.", SHELL),
)  # fmt: skip
