"""Every lesson as people meet it: copied to my_work/, opened in JupyterLab, in a real browser.

Needs Playwright and a chromium: pip install -e '.[browser]'. Then: pytest -m slow tests/browser
Each worker of pytest-xdist has a JupyterLab, a browser and a copy of the course of its own.
"""

import re

import pytest
from labdriver import ROOT, THEMES, Browser, Lab, missing

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WIDE, NARROW, ZOOMED = 1280, 480, 1280 // 2  # CSS pixels; zoomed: the wide window at 200 %

# A wrong and a right answer to simple.reuse, and to simple.cap.
ALWAYS_NEW = """\
class ReusingPool(Shelf):
    def acquire(self):
        self._created += 1
        return self._connect()"""
REUSING = """\
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        return self._connect()"""
NO_CAP = """\
class CappedPool(Lender):
    def release(self, conn):
        self._idle.append(conn)"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("browser") / "lab") as running:
        yield running


@pytest.fixture(scope="module")
def browser(lab):
    with Browser(lab, width=WIDE) as opened:
        yield opened


@pytest.fixture
def open_lesson(lab, browser):
    """Open lessons; at the end nothing may have left the machine."""
    opened = []

    def open_it(lesson, *, window=browser, theme="light"):
        (lab.work / lesson).write_bytes((lab.course / "notebooks" / lesson).read_bytes())
        notebook = window.open(lesson, theme=theme)
        if window is browser:
            opened.append(notebook)
        return notebook

    yield open_it
    for notebook in opened:
        notebook.resize(WIDE)
        notebook.close()
    strangers, connections = browser.strangers(), lab.connections()
    browser.requests.clear()  # the next test is not to blame
    lab.forget_connections()
    assert strangers == []
    assert connections == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_restart_and_run_all_as_handed_out(open_lesson, lesson):
    notebook = open_lesson(lesson)

    notebook.restart_and_run_all()

    assert notebook.errors() == []
    assert notebook.not_run() == []
    for width in (WIDE, ZOOMED, NARROW):
        notebook.resize(width)
        assert notebook.clipped() == [], f"{width} px wide"


@pytest.mark.parametrize("theme", THEMES)
def test_feedback_changes_from_wrong_to_right(open_lesson, theme):
    notebook = open_lesson("02_simple.ipynb", theme=theme)
    exercise = notebook.find("# exercise: simple.reuse")
    check = notebook.find('check("simple.reuse"')
    notebook.run(1)

    untouched = answer(notebook, exercise, check, None)
    wrong = answer(notebook, exercise, check, ALWAYS_NEW)
    assert notebook.faint(check) == []
    right = answer(notebook, exercise, check, REUSING)
    assert notebook.faint(check) == []

    assert "Not written yet" in untouched
    assert "✗" not in untouched
    assert "✗ A connection given back is handed out again." in wrong
    assert "got another one, although it lay idle" in wrong
    assert "✓ A connection given back is handed out again." in right
    assert "✗" not in right
    kept, claims = re.search(r"simple\.reuse: (\d+) of (\d+) claims hold", wrong).groups()
    assert int(kept) < int(claims)
    assert notebook.errors() == []


def answer(notebook, exercise, check, source):
    """Type an answer, unless it is None; run it and its check. Return what the check says."""
    if source is not None:
        notebook.type(exercise, source)
    notebook.run(exercise)
    return notebook.run(check)


def test_keyboard_alone_is_enough(open_lesson):
    notebook = open_lesson("02_simple.ipynb")
    press = notebook.page.keyboard.press
    exercise = notebook.find("# exercise: simple.cap")
    last = len(notebook.sources()) - 1

    while notebook.active() < exercise:
        press("Shift+Enter")
    press("Enter")
    press("ControlOrMeta+a")
    notebook.page.keyboard.insert_text(NO_CAP)
    press("Shift+Enter")
    press("Shift+Enter")
    while notebook.active() < last:
        press("Shift+Enter")
    press("Shift+Enter")
    notebook.wait_for_idle()

    assert notebook.sources()[exercise] == NO_CAP
    assert "✗ Never more than pool_size connections lie idle." in notebook.output(exercise + 1)
    assert notebook.errors() == []
    assert notebook.not_run() == []


@pytest.mark.parametrize(("width", "zoom"), [(NARROW, 1.0), (WIDE, 2.0)], ids=["narrow", "zoomed"])
def test_a_long_answer_fits(browser, open_lesson, width, zoom):
    with browser.another_window(width=width, zoom=zoom) as window:
        notebook = open_lesson("02_simple.ipynb", window=window)
        notebook.run(1)
        check = notebook.find('check("simple.cap"')

        said = answer(notebook, notebook.find("# exercise: simple.cap"), check, NO_CAP)

        assert "✗" in said
        assert notebook.clipped() == []


def test_a_request_that_leaves_the_machine_would_be_seen(lab, open_lesson):
    away = "192.0.2.1"  # an address that nobody has (RFC 5737), and nothing is sent to it
    notebook = open_lesson("00_start_here.ipynb")
    browser = notebook.browser
    browser.page.route(f"**/{away}/**", lambda route: route.abort())

    notebook.script(f"await fetch('http://{away}/').catch(() => null)")
    notebook.type(1, f'import sys\nsys.audit("socket.connect", None, ("{away}", 80))')
    notebook.run(1)

    assert browser.strangers() == [f"http://{away}/"]
    assert lab.connections() == [f"socket.connect {away}"]
    browser.requests.clear()
    lab.forget_connections()
