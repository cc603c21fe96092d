"""Look at lessons: screenshots of whole notebooks, run in JupyterLab in a real browser.

    python tests/browser/look.py 02 --theme dark --out DIR
    python tests/browser/look.py --out DIR              every lesson, in both themes
    python tests/browser/look.py 02 --solved --out DIR  the solved one, run anew
    python tests/browser/look.py 02 --width 480 --out DIR   a narrow window
    python tests/browser/look.py 02 --zoom 2 --out DIR      everything twice as large

Writes DIR/02_simple-dark-00.png, -01 … from top to bottom and prints their paths. Errors in a
lesson and outputs that do not fit their place are printed on stderr, and make the exit code 1.
Needs what the browser tests need: Playwright and a chromium. Nothing in the clone is touched.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import labdriver


def main(argv=None):
    options = parse(argv)
    if reason := labdriver.missing():
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lab = labdriver.Lab(Path(folder) / "lab", source=options.root, solved=options.solved)
        with lab, labdriver.Browser(lab, width=options.width, zoom=options.zoom) as browser:
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


def parse(argv):
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=head, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lesson", nargs="*", help="how the names begin, such as 02 (default: all)")
    parser.add_argument("--theme", action="append", choices=labdriver.THEMES, help="default: both")
    parser.add_argument("--out", type=Path, required=True, help="folder for the PNG files")
    parser.add_argument("--solved", action="store_true", help="take notebooks/solved/")
    parser.add_argument("--as-is", action="store_true", help="do not run, show what is stored")
    parser.add_argument("--width", type=int, default=1100, help="of the window, pixels")
    parser.add_argument("--zoom", type=float, default=1.0, help="2 for 200 %%")
    parser.add_argument("--root", type=Path, default=labdriver.ROOT, help="another clone")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
