"""In a real kernel: whatever a learner's cell does under `check`, the next cell runs as always."""

import nbformat
import pytest

from poolkit.course.notebooks import LEARNER, execute, read

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


def shown_by(*cells: str, folder, **how) -> list[str]:
    """What a fresh kernel shows for each of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    execute(notebook, folder, **how)
    return [
        "\n".join(out.get("text") or out.data["text/plain"] for out in cell.outputs)
        for cell in notebook.cells
    ]


def test_first_prediction_and_progress_survive_a_restart(tmp_path):
    my_work = tmp_path / "my_work"
    my_work.mkdir()
    start = "from poolkit.course import predict, progress"
    first = 'predict("simple.counts", created=2, reused=0, sure=70)'
    second = 'predict("simple.counts", created=1, reused=1, sure=90)'

    shown_by(start, first, folder=my_work, progress="")
    _, again, table = shown_by(start, second, "progress()", folder=my_work, progress="")

    assert "You predicted created=2, reused=0, 70 % sure." in again
    assert "1 of 4" in table
    assert [path.name for path in my_work.iterdir()] == ["progress.db"]


def test_a_damaged_progress_file_is_told_in_the_notebook(tmp_path):
    (tmp_path / "my_work").mkdir()
    (tmp_path / "my_work" / "progress.db").write_bytes(b"damaged" * 1000)

    cells = "from poolkit.course import progress", "progress()"
    _, told = shown_by(*cells, folder=tmp_path / "my_work", progress="")

    assert "set aside as progress-damaged-1.db" in told
    assert "Your progress" in told


def test_a_lesson_runs_in_another_folder(tmp_path):
    notebook = read(LEARNER / "00_start_here.ipynb")

    execute(notebook, tmp_path, progress="")

    (cell,) = [cell for cell in notebook.cells if cell.id == "progress"]
    said = cell.outputs[0].data["text/plain"]
    assert "this notebook does not run in my_work/" in " ".join(said.split())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_data_file_is_one_line(tmp_path):
    cell = "from poolkit.course import data\nprint(data('labels.txt').name)\ndata('none.txt')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])

    execute(notebook, tmp_path, go_on=True)

    stream, error = notebook.cells[0].outputs
    assert stream.text == "labels.txt\n"
    assert len(error.traceback) == 1
    assert "run the course from a clone" in error.traceback[0]


def test_a_name_that_this_kernel_does_not_know_says_what_to_run(tmp_path):
    cells = (
        "from poolkit.course import mine_or_reference",
        'mine_or_reference("simple.cap", CappedPool)',
        "def late():\n    print(soon)\n    soon = 1\nlate()",
        "import statistics\ndel statistics.fmean.__globals__['fsum']\nstatistics.fmean([1])",
    )
    fails = {"tags": ["raises-exception"]}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell, metadata=fails) for cell in cells]
    )
    execute(notebook, tmp_path)

    missing, unbound, elsewhere = (cell.outputs[0] for cell in notebook.cells[1:])

    assert missing.ename == "NameError"
    assert "If a cell above makes `CappedPool`" in missing.traceback[-1]
    assert "Run All Above Selected Cell" in missing.traceback[-1]
    assert unbound.ename == "UnboundLocalError"
    assert elsewhere.ename == "NameError"
    assert "cell above" not in unbound.traceback[-1] + elsewhere.traceback[-1]


def test_the_stop_button_during_a_check_is_one_line(tmp_path):
    loop = "import _thread; _thread.interrupt_main()\n        while True: pass"
    stops = nbformat.v4.new_code_cell(cell_of(loop))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SET_UP), stops])

    execute(notebook, tmp_path, go_on=True)

    (error,) = stops.outputs
    assert error.traceback == ["Stopped. Nothing was noted."]
