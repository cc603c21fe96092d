"""Look at lessons: screenshots of whole notebooks, run in JupyterLab in a real browser.

    python tests/browser/look.py 02 --theme dark --out DIR
    python tests/browser/look.py --out DIR              every lesson, in both themes
    python tests/browser/look.py 02 --solved --out DIR  the solved one, run anew
    python tests/browser/look.py 02 --width 480 --out DIR   a narrow window
    python tests/browser/look.py 02 --zoom 2 --out DIR      everything twice as large
    python tests/browser/look.py --readme               the README's picture, made anew

Writes DIR/02_simple-dark-00.png, -01 … from top to bottom and prints their paths. Errors in a
lesson and outputs that do not fit their place are printed on stderr, and make the exit code 1.
Needs what the browser tests need: Playwright and a chromium. Nothing in the clone is touched.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import labdriver

README_PICTURE = labdriver.ROOT / ".github/images/lesson.png"
PICTURE_SIZE = {"width": 1880, "height": 1800, "zoom": 2.0}  # sharp where it is shown smaller
NO_CAP = """\
# exercise: simple.cap
class CappedPool(Lender):
    \"\"\"A pool that keeps only as many connections as its config says.\"\"\"

    def release(self, conn):
        \"\"\"Keep `conn` while fewer than `self.config.pool_size` lie idle; else close it.\"\"\"
        self._idle.append(conn)"""


def main(argv=None):
    options = parse(argv)
    if reason := labdriver.missing():
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lab = labdriver.Lab(Path(folder) / "lab", source=options.root, solved=options.solved)
        size = PICTURE_SIZE if options.readme else {"width": options.width, "zoom": options.zoom}
        with lab, labdriver.Browser(lab, **size) as browser:
            if options.readme:
                print(picture(browser))
                return 0
            lessons = [x for x in lab.lessons() if x.startswith(tuple(options.lesson or [""]))]
            if not lessons:
                print(f"no such lesson; there are {', '.join(lab.lessons())}", file=sys.stderr)
                return 2
            return int(sum(look(browser, lesson, options) for lesson in lessons) > 0)


def look(browser, lesson, options):
    """Take the pictures of one lesson; return how much is wrong with it."""
    notebook = browser.open(lesson)
    if not options.as_is:
        notebook.clear()
        notebook.run_all()
    trouble = notebook.errors()
    for theme in options.theme or labdriver.THEMES:
        notebook.switch_theme(theme)
        trouble += [f"{lesson}, {theme}: {line}" for line in notebook.clipped()]
        stem = f"{lesson.removesuffix('.ipynb')}-{theme}"
        print(*notebook.screenshots(options.out, stem), sep="\n", flush=True)
    print(*trouble, sep="\n", end="\n" if trouble else "", file=sys.stderr, flush=True)
    return len(trouble)


def picture(browser):
    """Answer simple.cap wrongly, and take the README's picture of it; return its path."""
    notebook = browser.open("02_simple.ipynb")
    notebook.run(notebook.find("from poolkit import"))
    exercise, check = notebook.find("# exercise: simple.cap"), notebook.find('check("simple.cap"')
    notebook.type(exercise, NO_CAP)
    notebook.run(exercise)
    notebook.run(check)
    browser.page.mouse.move(0, 0)  # or the cell below the pointer shows its buttons
    # The active cell has a frame; the one below the picture is no part of it.
    notebook.script("app.shell.currentWidget.content.activeCellIndex = 0")
    notebook.cell(exercise - 1).evaluate("cell => cell.scrollIntoView({block: 'start'})")
    first, last = (notebook.cell(number).bounding_box() for number in (exercise, check))
    room = 8  # CSS pixels
    README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
    browser.page.screenshot(
        path=README_PICTURE,
        clip={
            "x": first["x"],
            "y": first["y"] - room,
            "width": first["width"],
            "height": last["y"] + last["height"] - first["y"] + room,
        },
    )
    return README_PICTURE


def parse(argv):
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=head, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lesson", nargs="*", help="how the names begin, such as 02 (default: all)")
    parser.add_argument("--theme", action="append", choices=labdriver.THEMES, help="default: both")
    parser.add_argument("--out", type=Path, help="folder for the PNG files")
    parser.add_argument("--readme", action="store_true", help="make the README's picture")
    parser.add_argument("--solved", action="store_true", help="take notebooks/solved/")
    parser.add_argument("--as-is", action="store_true", help="do not run, show what is stored")
    parser.add_argument("--width", type=int, default=1100, help="of the window, pixels")
    parser.add_argument("--zoom", type=float, default=1.0, help="2 for 200 %%")
    parser.add_argument("--root", type=Path, default=labdriver.ROOT, help="another clone")
    options = parser.parse_args(argv)
    if options.out is None and not options.readme:
        parser.error("--out DIR says where the pictures go")
    return options


if __name__ == "__main__":
    sys.exit(main())
