"""The solved lessons in a real browser: every kind of feedback there is, read in both themes.

Needs what test_lessons.py needs, and is as slow.
"""

import json

import pytest
from labdriver import ROOT, THEMES, Browser, Lab, missing

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

LESSONS = sorted(path.name for path in (ROOT / "notebooks/solved").glob("[0-9][0-9]_*.ipynb"))
WIDE, NARROW, ZOOMED = 1280, 480, 1280 // 2  # CSS pixels; zoomed: the wide window at 200 %

IN_SIGHT = "node => { const y = node.getBoundingClientRect().y; return 0 <= y && y < innerHeight }"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with (
        Lab(tmp_path_factory.mktemp("browser") / "lab", solved=True) as lab,
        Browser(lab, width=WIDE) as opened,
    ):
        yield opened


@pytest.fixture
def open_lesson(browser):
    opened = []

    def open_it(lesson):
        opened.append(browser.open(lesson))
        return opened[-1]

    yield open_it
    for notebook in opened:
        notebook.resize(WIDE)
        notebook.close()


@pytest.fixture
def run_cell(browser, open_lesson):
    """Run one cell in a notebook that holds nothing else."""

    def run(source):
        cell = {"cell_type": "code", "outputs": [], "execution_count": None, "source": source}
        write_notebook(browser.lab.work / "scratch.ipynb", cell)
        opened = open_lesson("scratch.ipynb")
        opened.run_all()
        return opened

    return run


def faint(notebook):
    cells = range(len(notebook.sources()))
    return [f"cell {number}: {line}" for number in cells for line in notebook.faint(number)]


@pytest.mark.parametrize("lesson", LESSONS)
def test_solved_lesson_runs_fits_and_reads_well(browser, open_lesson, lesson):
    notebook = open_lesson(lesson)
    notebook.clear()

    notebook.run_all()

    assert notebook.errors() == []
    assert notebook.not_run() == []
    for width in (WIDE, ZOOMED, NARROW):
        notebook.resize(width)
        assert notebook.clipped() == [], f"{width} px wide"
    for theme in THEMES:
        notebook.switch_theme(theme)
        assert faint(notebook) == [], theme
    assert browser.strangers() == []
    assert browser.lab.connections() == []


def test_a_click_on_a_term_shows_it_in_the_glossary(browser, open_lesson):
    path = browser.lab.work / "term.ipynb"
    cell = {"cell_type": "markdown", "source": "A [thread](glossary.md#thread) of its own."}
    write_notebook(path, cell)
    notebook = open_lesson(path.name)

    notebook.page.click(".jp-MarkdownCell a:has-text('thread')")

    heading = notebook.page.locator(".jp-MarkdownViewer [data-jupyter-id='thread']")
    heading.wait_for()
    notebook.page.wait_for_function(IN_SIGHT, arg=heading.element_handle())
    notebook.command("application:close")


# That all this would be noticed


def test_an_error_would_be_noticed(run_cell):
    assert ["ZeroDivisionError" in line for line in run_cell("1 / 0").errors()] == [True]


def test_a_cell_left_out_would_be_noticed(run_cell):
    notebook = run_cell("1")
    notebook.clear()

    assert notebook.not_run() == [0]


@pytest.mark.parametrize(
    "style", ["width: 3000px", "white-space: nowrap", "height: 1em; overflow: hidden"]
)
def test_feedback_that_does_not_fit_would_be_noticed(run_cell, style):
    assert run_cell(html(style, "too much to show " * 50)).clipped() != []


@pytest.mark.parametrize("colour", ["#999999", "#56B4E9"])
def test_faint_text_would_be_noticed(run_cell, colour):
    assert len(faint(run_cell(html(f"color: {colour}", "hardly there")))) == 1


def write_notebook(path, cell):
    """Write a notebook of one cell."""
    notebook = {
        "cells": [{"id": "only", "metadata": {}, **cell}],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")


def html(style, text):
    return f"from IPython.display import HTML\nHTML('<div style=\"{style}\">{text}</div>')"
