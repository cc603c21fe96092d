"""How the course speaks: plain text first, and the same as HTML that follows JupyterLab's theme."""

from __future__ import annotations

import html
import re
import sys
import textwrap

WIDTH = 88
# Colour is decoration only: every mark is also a sign and a word. The bars are from the
# Okabe-Ito set and keep 3:1 against JupyterLab's white and its black; text inherits the theme's.
BARS = {"kept": "#009E73", "broken": "#D55E00", "note": "#7F7F7F", "open": "#7F7F7F"}
SIGNS = {"kept": "✓", "broken": "✗", "open": "…", "unjudged": "·", "point": "•"}
WORDS = {"✓": "kept:", "✗": "broken:", "…": "open:", "·": "not judged:", "•": "-"}


def short(value: object, most: int = 80) -> str:
    """A repr that never raises, never runs long, and is one line."""
    try:
        text = repr(value)
    except BaseException as error:  # a learner's __repr__ may do anything, sys.exit() included
        text = f"<{type(value).__name__}: its __repr__ raised {type(error).__name__}>"
    text = re.sub(r" at 0x[0-9A-Fa-f]+", "", " ".join(text.split()))
    return text if len(text) <= most else text[: most - 1] + "…"


def _printable(text: str, encoding: str) -> str:
    """The text as it can be printed in this encoding: words stand for signs that are not in it."""
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        for sign, word in WORDS.items():
            text = re.sub(rf"(?m)^(\s*){sign}", rf"\g<1>{word}", text)
        return text.encode(encoding, "replace").decode(encoding)


class Card:
    """A piece of feedback, built line by line, shown as text or HTML."""

    def __init__(self, title: str = "", tone: str = "note") -> None:
        self.title, self.tone = title, tone
        self._blocks: list[tuple[str, object]] = []

    def mark(self, sign: str, text: str) -> Card:
        """Add one line that begins with the sign of "kept", "broken", "open" or "point"."""
        self._blocks.append((sign, text))
        return self

    def say(self, text: str) -> Card:
        """Add a paragraph; `backticks` become code."""
        if text:
            self._blocks.append(("say", text))
        return self

    def story(self, text: str) -> Card:
        """Add a paragraph that belongs to the mark above it."""
        self._blocks.append(("story", text))
        return self

    def code(self, text: str) -> Card:
        """Add lines to be read, or copied, as they are."""
        self._blocks.append(("code", text))
        return self

    def table(self, rows: list[list[str]]) -> Card:
        """Add a table; its first row is the head, its first column left-aligned."""
        self._blocks.append(("table", rows))
        return self

    def show(self) -> None:
        """Show it where the learner is: in the notebook, or printed."""
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            from IPython.display import display

            display({"text/plain": self.text(), "text/html": self.html()}, raw=True)
        else:
            print(_printable(self.text(), getattr(sys.stdout, "encoding", None) or "utf-8"))

    def text(self) -> str:
        lines = [self.title] if self.title else []
        for kind, content in self._blocks:
            lines += _text_block(kind, content)
        return "\n".join(lines)

    def html(self) -> str:
        inner = f"<strong>{_inline(self.title)}</strong>" if self.title else ""
        inner += "".join(_html_block(kind, content) for kind, content in self._blocks)
        style = (
            f"border-left: 4px solid {BARS[self.tone]}; padding: 2px 0 2px 12px; "
            "margin: 4px 0; max-width: 46em; line-height: 1.5; overflow-wrap: anywhere"
        )
        return f'<div style="{style}">{inner}</div>'


def _wrap(text: str, indent: str = "", first: str | None = None) -> list[str]:
    start = indent if first is None else first
    return textwrap.wrap(
        " ".join(text.split()), WIDTH, initial_indent=start, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _text_block(kind: str, content) -> list[str]:
    if kind in SIGNS:
        return _wrap(content, "  ", f"{SIGNS[kind]} ")
    if kind == "story":
        return [line for part in content.split("\n") for line in _wrap(part, "    ")]
    if kind == "say":
        return [line for part in content.split("\n") for line in _wrap(part)]
    if kind == "code":
        return ["    " + line for line in content.splitlines()]
    return _text_table(content)


def _text_table(rows: list[list[str]]) -> list[str]:
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, wide, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def _html_block(kind: str, content) -> str:
    if kind in SIGNS:
        return f"<div>{SIGNS[kind]} {_inline(content)}</div>"
    if kind in ("story", "say"):
        left = "1.6em" if kind == "story" else "0"
        lines = "<br>".join(_inline(part) for part in content.split("\n"))
        return f'<div style="margin: 2px 0 4px {left}">{lines}</div>'
    if kind == "code":
        style = "margin: 4px 0; padding: 0; white-space: pre-wrap; background: transparent"
        return f'<pre style="{style}">{html.escape(content, quote=False)}</pre>'
    return _html_table(content)


def _html_table(rows: list[list[str]]) -> str:
    def cells(row: list[str], tag: str) -> str:
        sides = ["left"] + ["right"] * (len(row) - 1)
        scope = ' scope="col"' if tag == "th" else ""
        return "".join(
            f'<{tag}{scope} style="text-align: {side}; padding: 1px 14px 1px 0">{_inline(cell)}</{tag}>'
            for cell, side in zip(row, sides, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows[1:])
    return (
        '<table style="margin: 4px 0; border-collapse: collapse">'
        f"<thead><tr>{cells(rows[0], 'th')}</tr></thead><tbody>{body}</tbody></table>"
    )
