"""Course: a copy of both assignments whose hidden halves hold a random canary string."""

import secrets
import shutil
from pathlib import Path

from support import ROOT, TINY

PREFIX = "KANARIEN"
LIMITS = """
[limits]
cell_seconds = 2
total_seconds = 40
probe_seconds = 2
output_bytes = 6000000
snapshot_bytes = 8000000
memory_bytes = 3000000000
file_bytes = 4000000
disk_bytes = 16000000
"""


def canary() -> str:
    """Return a string that nothing but a hidden file can hold."""
    return f"{PREFIX}-{secrets.token_hex(16)}"


def plant(folder: Path, word: str) -> Path:
    """Copy both assignments into `folder`, with short limits and `word` in each hidden file."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name, root in (("averages", TINY), ("convolution", ROOT)):
        for half in ("assignments", "reference"):
            shutil.copytree(root / half / name, folder / half / name, ignore=ignored)
        settings = folder / "assignments" / name / "assignment.toml"
        settings.write_text(_with_limits(settings.read_text()))
        hidden = folder / "reference" / name
        for path in hidden.rglob("*.py"):
            path.write_text(f'{path.read_text()}\nHIDDEN = "{word}"\n')
        (hidden / "seed").write_text(word)
        (hidden / "answers.txt").write_text(word)
    return folder


def _with_limits(text: str) -> str:
    """Return an assignment.toml with the short limits in place of its own."""
    before, _, after = text.partition("[limits]\n")
    return f"{before}{LIMITS}\n[[questions]]{after.partition('[[questions]]')[2]}"
