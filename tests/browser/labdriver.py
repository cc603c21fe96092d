"""JupyterLab in a real browser: the course as somebody meets it, driven from a test.

`Lab` copies the course into a folder of its own and starts `poolkit lab` there, on a free loopback
port, with settings, history and temporary files of its own. `Browser` opens it in the chromium
that is installed; each `Notebook` is one opened lesson. Everything that leaves the machine, from
the page or from the server and its kernels, is recorded.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium looks up its maker's hosts at every start unless told not to.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PATIENCE = 60.0  # seconds for one lesson, on a busy machine

# Run by every Python process of the server: names what it looks up or connects to, and ends the
# server when the test run is gone, however that ended.
WATCH = """\
import os, signal, sys, threading, time

def watch(event, args):
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in (None, "", "localhost", "0.0.0.0", "::", "::1") and not host.startswith("127."):
        with open(os.environ["POOLKIT_WATCH"], "a", encoding="utf-8") as log:
            log.write(f"{event} {host}\\n")

def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)

sys.addaudithook(watch)
if os.name == "posix" and str(os.getppid()) == os.environ["POOLKIT_PARENT"]:
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
"""


def missing():
    """Return what keeps the browser tests from running, as one line, or None."""
    if find_spec("playwright") is None:  # looked for, not imported: every test run asks
        return "Playwright is not installed: pip install -e '.[browser]'"
    if find_spec("jupyterlab") is None:
        return "JupyterLab is not installed: pip install -r requirements.txt"
    if find_browser() is None:
        return f"no browser on the PATH; looked for {', '.join(BROWSERS)}"
    return None


def find_browser():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Lab:
    """A copy of the course with a JupyterLab of its own; use it in a `with` statement.

    `folder` must not exist yet. With `solved` the copy's lessons are the solved ones.
    """

    def __init__(self, folder, *, source=ROOT, solved=False):
        self.folder, self.source, self.solved = Path(folder), Path(source), solved
        self.course = self.folder / "course"
        self.work = self.course / "my_work"
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        copy_course(self.source, self.course, self.solved)
        try:
            self.log = (self.folder / "server.log").open("wb")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "poolkit", "lab", *self.options()],
                cwd=self.course,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
            )
            self.wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.log.close()
        if not hasattr(self, "process"):
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def options(self):
        return (
            "--no-browser",
            f"--port={self.port}",
            f"--IdentityProvider.token={self.token}",
            "--expose-app-in-browser",  # the tests call JupyterLab's own commands
        )

    def environment(self):
        """Return an environment in which nothing of the user's Jupyter is read or written."""
        settings, watch = self.folder / "settings", self.folder / "watch"
        tracker = settings / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
        tracker.parent.mkdir(parents=True)
        # Cells out of sight are drawn too, or a picture of the whole lesson has holes.
        tracker.write_text(
            json.dumps({"windowingMode": "none", "scrollPastEnd": False}), encoding="utf-8"
        )
        watch.mkdir()
        (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
        own = {
            "JUPYTER_CONFIG_DIR": self.folder / "config",
            "JUPYTER_DATA_DIR": self.folder / "data",
            "JUPYTER_RUNTIME_DIR": self.folder / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": settings,
            "IPYTHONDIR": self.folder / "ipython",
            "POOLKIT_PARENT": os.getpid(),
            "POOLKIT_WATCH": self.folder / "connections.log",
            "PYTHONPATH": f"{self.course}{os.pathsep}{watch}",
        }
        inherited = {k: v for k, v in os.environ.items() if k != "POOLKIT_PROGRESS"}
        return inherited | {name: str(value) for name, value in own.items()}

    def wait_until_up(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(urllib.error.URLError, OSError):
                request = f"{self.url}/api/status?token={self.token}"
                with urllib.request.urlopen(request, timeout=5):
                    return
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.said()}")

    def said(self):
        """Return what the server has printed."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def connections(self):
        """Return what the server and its kernels looked up or connected to beyond loopback."""
        log = self.folder / "connections.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def forget_connections(self):
        (self.folder / "connections.log").unlink(missing_ok=True)

    def lessons(self):
        """Return the names of the lessons in my_work, in order."""
        return sorted(path.name for path in self.work.glob("[0-9][0-9]_*.ipynb"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def copy_course(source, target, solved=False):
    """Copy what a clone holds, without what was made while working in it."""
    made = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.egg-info")
    target.mkdir(parents=True)
    for name in ("poolkit", "notebooks", "data", "tests"):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=made)
    if solved:
        for path in (target / "notebooks/solved").glob("*.ipynb"):
            shutil.copy(path, target / "notebooks")


class Browser:
    """The installed chromium, pointed at a `Lab`; use it in a `with` statement.

    `zoom` 2.0 shows everything twice as large in the same window, as Ctrl and + do.
    """

    def __init__(self, lab, *, width=1280, height=900, zoom=1.0):
        self.lab, self.requests = lab, []
        self.size = {"width": int(width / zoom), "height": int(height / zoom)}
        self.zoom = zoom

    def __enter__(self):
        from playwright.sync_api import sync_playwright

        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            as_root = hasattr(os, "geteuid") and os.geteuid() == 0
            self.chromium = playwright.chromium.launch(
                executable_path=find_browser(),
                args=[*QUIET, *(["--no-sandbox"] if as_root else [])],
            )
            stack.callback(self.chromium.close)
            self.open_window()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def open_window(self):
        context = self.chromium.new_context(viewport=self.size, device_scale_factor=self.zoom)
        context.on("request", lambda request: self.requests.append(request.url))
        self.page = context.new_page()
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.set_default_timeout(PATIENCE * 1000)

    @contextlib.contextmanager
    def another_window(self, **size):
        """Open a window of another width or zoom beside this one, and close it at the end."""
        other = Browser(self.lab, **size)
        other.chromium, other.requests = self.chromium, self.requests
        other.open_window()
        try:
            yield other
        finally:
            other.page.context.close()

    def strangers(self):
        """Return every address asked for that is not on this machine."""
        net = {"http", "https", "ws", "wss"}
        parts = ((url, urlsplit(url)) for url in self.requests)
        return [url for url, part in parts if part.scheme in net and part.hostname not in LOOPBACK]

    def open(self, lesson, *, theme="light"):
        """Open a lesson of my_work with its side panels closed; wait for its kernel."""
        query = f"?token={self.lab.token}&reset"
        self.page.goto(f"{self.lab.url}/lab/tree/my_work/{lesson}{query}")
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.content?.widgets"
        )
        notebook = Notebook(self, lesson)
        # The toolbar calls a kernel idle before it answers, and a run asked for then never ends.
        notebook.script(
            """app.shell.collapseLeft();
               app.shell.collapseRight();
               const session = app.shell.currentWidget.sessionContext;
               await session.ready;
               await session.session.kernel.info;"""
        )
        notebook.switch_theme(theme)
        notebook.wait_for_idle()
        return notebook


class Notebook:
    """One opened lesson. Cells are counted from 0, Markdown cells included."""

    def __init__(self, browser, lesson):
        self.browser, self.page, self.lesson = browser, browser.page, lesson
        self.path = browser.lab.work / lesson

    def command(self, name, **args):
        """Run one of JupyterLab's own commands and wait until it is done."""
        self.script("await app.commands.execute(given.name, given.args)", name=name, args=args)

    def script(self, body, **given):
        """Run JavaScript in the page, with `app` and `given`; wait until it is done.

        Raises TimeoutError, since the browser's own wait for a promise has no end.
        """
        outcome = self.page.evaluate(
            f"""([given, patience]) => Promise.race([
                (async app => {{ {body} }})(window.jupyterapp),
                new Promise(late => setTimeout(late, patience, "late"))
            ])""",
            [given, PATIENCE * 1000],
        )
        if outcome == "late":
            raise TimeoutError(f"{self.lesson}: no end after {PATIENCE} s: {body} {given}")

    def switch_theme(self, theme):
        """Show everything in the "light" or the "dark" theme."""
        light = str(theme == "light").lower()
        self.page.wait_for_selector("body[data-jp-theme-light]", state="attached")
        now = self.page.evaluate("() => document.body.dataset.jpThemeLight")
        if now != light:  # asked for the theme that is on, JupyterLab never says that it is done
            self.command("apputils:change-theme", theme=THEMES[theme])
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def wait_for_idle(self):
        """Wait until no cell waits for its turn, and the kernel has nothing to do."""
        self.page.wait_for_function(
            """() => document.querySelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
                     && ![...document.querySelectorAll('.jp-Notebook-cell .jp-InputPrompt')]
                            .some(prompt => prompt.textContent.includes('*'))"""
        )

    def clear(self):
        """Take all outputs away."""
        self.command("editmenu:clear-all")

    def run_all(self):
        """Run all cells, on the kernel as it is, and wait for the last."""
        self.command("runmenu:run-all")
        self.wait_for_idle()

    def restart_and_run_all(self):
        """Do what Kernel > Restart Kernel and Run All Cells does, and wait for the last cell."""
        self.script(
            """window.running = app.commands.execute("runmenu:restart-and-run-all");
               const asked = () => document.querySelector(".jp-Dialog .jp-mod-accept");
               while (!asked()) await new Promise(later => setTimeout(later, 20));
               asked().click();
               await window.running;"""
        )
        self.wait_for_idle()

    def close(self):
        """Close it without saving, and end its kernel: another lesson may want the machine."""
        self.script(
            """const session = app.shell.currentWidget.sessionContext;
               await session.shutdown();"""
        )

    def resize(self, width):
        """Make the window `width` CSS pixels wide: half as many as before is a zoom of 200 %."""
        self.page.set_viewport_size({"width": width, "height": self.browser.size["height"]})
        # Two frames: one to lay it out, one in which editors and outputs follow.
        self.script(
            """const frame = () => new Promise(requestAnimationFrame);
               await frame(); await frame();"""
        )

    def sources(self):
        """Return the source of every cell, as it stands in the page."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                        .map(cell => cell.model.sharedModel.getSource())"""
        )

    def find(self, start):
        """Return the number of the one cell that has a line which starts so."""
        lines = (source.splitlines() for source in self.sources())
        found = [n for n, cell in enumerate(lines) if any(x.startswith(start) for x in cell)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} cells of {self.lesson} have a line {start!r}")
        return found[0]

    def active(self):
        """Return the number of the cell that the keyboard acts on."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
        )

    def cell(self, number):
        return self.page.locator(".jp-Notebook-cell").nth(number)

    def type(self, number, source):
        """Put the source in the cell's place, as typing and pasting do."""
        editor = self.cell(number).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)
        if self.sources()[number] != source:
            raise RuntimeError(f"cell {number} of {self.lesson} did not take what was typed")

    def run(self, number):
        """Run one cell as the keyboard does; return its output's text."""
        self.cell(number).locator(".cm-content").click()
        before = self.prompt(number)
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            """([number, before]) => {
                const cells = document.querySelectorAll('.jp-Notebook-cell');
                const prompt = cells[number].querySelector('.jp-InputPrompt').textContent;
                return prompt !== before && /\\d/.test(prompt);
            }""",
            arg=[number, before],
        )
        self.wait_for_idle()
        return self.output(number)

    def prompt(self, number):
        return self.cell(number).locator(".jp-InputPrompt").text_content()

    def output(self, number):
        """Return the text that a cell's output shows."""
        return "\n".join(self.cell(number).locator(".jp-OutputArea-output").all_inner_texts())

    def save(self):
        """Save the notebook; return it as read back from the file."""
        self.command("docmanager:save")
        return json.loads(self.path.read_text(encoding="utf-8"))

    def errors(self):
        """Return the errors in the saved file: the page shows them like any other text."""
        cells = enumerate(self.save()["cells"])
        return [
            f"{self.lesson}, cell {number}: {output['ename']}: {output['evalue']}"
            for number, cell in cells
            for output in cell.get("outputs", ())
            if output["output_type"] == "error"
        ]

    def not_run(self):
        """Return the numbers of code cells that hold code and were not run."""
        return [
            number
            for number, cell in enumerate(self.save()["cells"])
            if cell["cell_type"] == "code" and cell["source"] and not cell["execution_count"]
        ]

    def clipped(self):
        """Return a line for each output that is wider than its place, or cut off below."""
        return self.page.evaluate(CLIPPED)

    def faint(self, number):
        """Return a line for each piece of a cell's output with a contrast below 4.5 : 1."""
        return self.cell(number).evaluate(FAINT)

    def screenshots(self, folder, stem, *, height=1100):
        """Write the whole lesson as PNG files of readable size; return their paths."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        panel = self.page.locator(".jp-NotebookPanel-notebook .jp-WindowedPanel-outer").first
        self.page.set_viewport_size({"width": self.browser.size["width"], "height": height})
        total, step = panel.evaluate("panel => [panel.scrollHeight, panel.clientHeight]")
        paths = []
        for number, top in enumerate(range(0, total, step)):
            panel.evaluate("(panel, top) => panel.scrollTo(0, top)", top)
            self.page.wait_for_timeout(200)  # images are decoded when they come into sight
            paths.append(folder / f"{stem}-{number:02}.png")
            panel.screenshot(path=paths[-1])
        return paths


CLIPPED = """() => {
    const found = [];
    for (const output of document.querySelectorAll('.jp-OutputArea-output')) {
        for (const node of [output, ...output.querySelectorAll('*')]) {
            const style = getComputedStyle(node);
            if (style.display === 'inline' || node.closest('svg, table.dataframe')) continue;
            const hides = style.overflowY === 'hidden' || style.overflowY === 'clip';
            if (node.scrollWidth > node.clientWidth + 1)
                found.push(`${node.scrollWidth} in ${node.clientWidth} px wide: `
                           + node.innerText.slice(0, 120));
            else if (hides && node.scrollHeight > node.clientHeight + 1)
                found.push(`${node.scrollHeight} in ${node.clientHeight} px high: `
                           + node.innerText.slice(0, 120));
        }
    }
    return found;
}"""

# The contrast of WCAG 2.2, between a text's colour and the nearest background that is painted.
FAINT = """cell => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number);
    const luminance = rgb => {
        const [r, g, b] = rgb.map(x => x / 255)
            .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = node => {
        for (; node; node = node.parentElement) {
            const [r, g, b, alpha = 1] = parse(getComputedStyle(node).backgroundColor);
            if (alpha > 0) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const output of cell.querySelectorAll('.jp-OutputArea-output')) {
        const texts = document.createTreeWalker(output, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const node = texts.currentNode.parentElement;
            const text = texts.currentNode.textContent.trim();
            if (!text) continue;
            const pair = [parse(getComputedStyle(node).color).slice(0, 3), behind(node)];
            const [dark, light] = pair.map(luminance).sort((a, b) => a - b);
            const ratio = (light + 0.05) / (dark + 0.05);
            const colours = `${pair[0]} on ${pair[1]}`;
            if (ratio < 4.5) found.push(`${ratio.toFixed(2)} : 1, ${colours}: ${text}`);
        }
    }
    return found;
}"""
