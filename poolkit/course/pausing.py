"""After a pause: a name that this kernel does not know yet says what to run."""

from __future__ import annotations

import sys
from types import TracebackType


def _in_a_cell(trace: TracebackType | None) -> bool:
    """Whether the line that raised stands in the notebook itself."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "__main__"


def advise(error: BaseException, trace: TracebackType | None) -> None:
    """Add to a NameError of a cell what a reader can do about it."""
    if not _in_a_cell(trace) or isinstance(error, UnboundLocalError):
        return
    error.add_note(
        f"If a cell above makes `{error.name}`: choose Run ▸ Run All Above Selected Cell, then run this"
        " cell again. If none does, look at how it is spelled."
    )


def listen() -> None:
    """Let IPython, where there is one, show that advice below each NameError of a cell."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or NameError in shell.custom_exceptions:
        return

    def show(shell, kind, error, trace, tb_offset=None):
        advise(error, trace)
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((*shell.custom_exceptions, NameError), show)
