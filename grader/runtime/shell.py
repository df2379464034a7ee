"""Shell: run a notebook's code cells as Jupyter would, without a kernel.

IPython's own InteractiveShell gives magics, top-level await, `display` and tracebacks. What a
grader cannot offer says so at once: no keyboard, no shell commands, no installing.
"""

import asyncio
import builtins
import contextlib
import logging
import os
import sys
from typing import Any

from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grader.runtime import quiet

NO_KEYBOARD = (
    "input() was called, but nobody sits at the keyboard while a notebook is graded. "
    "Put the value into a variable instead."
)
NO_COMMANDS = "[not run: shell commands and installs are off while a notebook is graded]"
_COMMAND_MAGICS = ("pip", "conda", "mamba", "micromamba", "uv", "sx", "system")
_COMMAND_CELLS = ("bash", "sh", "script", "system", "sx", "perl", "ruby", "javascript")


class NotebookShell(InteractiveShell):  # type: ignore[misc]
    """An InteractiveShell that never touches a keyboard, a display or a command line."""

    def system(self, cmd: str) -> None:
        """Do not run a shell command (`!cmd`); say so and set the exit code as Jupyter would."""
        print(NO_COMMANDS)
        self.user_ns["_exit_code"] = 127

    system_raw = system
    system_piped = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Return no output for `x = !cmd`."""
        print(NO_COMMANDS)
        return [] if split else ""

    def ask_exit(self) -> None:
        """Ignore `exit` and `quit`, as a notebook does in effect: the next cell still runs."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Ignore requests for an event loop."""


def start(directory: str) -> NotebookShell:
    """Return the process's one shell, ready for cells, with `directory` as its home."""
    os.environ["IPYTHONDIR"] = directory
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Context"
    config.InteractiveShell.ast_node_interactivity = "last_expr"
    shell: NotebookShell = NotebookShell.instance(config=config)
    shell.autoawait = True
    # A figure is not drawn where nobody looks: only its text form is made.
    shell.display_formatter.active_types = ["text/plain"]
    for name in _COMMAND_MAGICS:
        shell.register_magic_function(_not_run, "line", name)
    for name in _COMMAND_CELLS:
        shell.register_magic_function(_not_run, "cell", name)
    builtins.input = _no_input
    shell.user_ns["__name__"] = "__main__"
    return shell


def ready(directory: str) -> NotebookShell:
    """Return the shell as a notebook finds it: quiet checks, inline figures, its folder first."""
    quiet.install()
    shell = start(directory)
    with contextlib.suppress(ImportError):
        with_inline_figures(shell)
    # plt.xkcd() asks for fonts that few machines have, a thousand times a figure.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.CRITICAL)
    sys.path.insert(0, "")
    return shell


def with_inline_figures(shell: NotebookShell) -> None:
    """Connect matplotlib's inline backend as a notebook kernel does at start."""
    from matplotlib_inline.backend_inline import configure_inline_support

    configure_inline_support(shell, "module://matplotlib_inline.backend_inline")


def run_cell(shell: NotebookShell, source: str) -> BaseException | None:
    """Run one cell; return the exception that ended it, if one did."""
    if not source.strip():
        return None
    try:
        result = shell.run_cell(source, store_history=True)
    except BaseException as error:
        # IPython catches what cells raise; what still arrives here must not end the notebook.
        return error
    finally:
        _fresh_event_loop()
    ended: BaseException | None = result.error_before_exec or result.error_in_exec
    return ended


def _fresh_event_loop() -> None:
    """Leave no closed event loop behind for the next cell."""
    policy = asyncio.get_event_loop_policy()
    loop = getattr(getattr(policy, "_local", None), "_loop", None)
    if loop is not None and loop.is_closed():
        asyncio.set_event_loop(asyncio.new_event_loop())


def _not_run(*_: object) -> None:
    print(NO_COMMANDS)


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError(NO_KEYBOARD)
