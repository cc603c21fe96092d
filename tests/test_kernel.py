"""In a real kernel: whatever a learner's cell does under `check`, the next cell runs as always."""

import nbformat
import pytest

from poolkit.course.notebooks import execute

SET_UP = """
import sys, threading, time
from poolkit.course import check
from poolkit.course.lessons.simple import Lender
lock = threading.Lock()
"""

TRIES = {
    "loop": ("while True: pass", "did not come to an end"),
    "print": ("[print('x' * 1000) for _ in range(50_000)]", "It printed: xxx"),
    "input": ("input('how many? ')", "a check cannot type"),
    "exit": ("sys.exit(1)", "asked Python to exit"),
    "quit": ("quit()", "asked Python to exit"),
    "raise": ("conn.nothing", "at your line 3: `conn.nothing`"),
    "interrupt": ("raise KeyboardInterrupt", "Your code raised KeyboardInterrupt"),
    "recursion": ("self.release(conn)", "calls itself without end"),
    "deadlock": ("lock.acquire(); lock.acquire()", "restart the kernel"),
}


def cell_of(body: str) -> str:
    made = f"class CappedPool(Lender):\n    def release(self, conn):\n        {body}\n"
    return made + 'check("simple.cap", CappedPool)'


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What one kernel shows for all of these, one after the other, and after each of them."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SET_UP)])
    for body, _ in TRIES.values():
        notebook.cells += [
            nbformat.v4.new_code_cell(cell_of(body)),
            nbformat.v4.new_code_cell("print('next', 1 + 1, threading.active_count() < 20)"),
        ]
    execute(notebook, tmp_path_factory.mktemp("kernel"))
    texts = []
    for cell in notebook.cells[1:]:
        assert all(out.output_type != "error" for out in cell.outputs)
        texts.append("\n".join(out.get("text") or out.data["text/plain"] for out in cell.outputs))
    return dict(zip(TRIES, zip(texts[::2], texts[1::2], strict=True), strict=True))


@pytest.mark.parametrize("name", TRIES)
def test_is_told_and_the_next_cell_runs(outputs, name):
    told, following = outputs[name]

    assert TRIES[name][1] in " ".join(told.split())
    assert "Traceback" not in told
    assert "poolkit/course" not in told
    assert following == "next 2 True\n"
