"""What is shown can be read: in both themes, without colour, and as plain text."""

import re

import pytest

from poolkit.course import plots, shown
from poolkit.course.shown import Card, short

THEMES = {"light": "#FFFFFF", "dark": "#111111"}  # JupyterLab's --jp-layout-color0


def luminance(colour: str) -> float:
    """Relative luminance as in WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio as in WCAG 2.2: 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_says():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def a_card() -> Card:
    card = Card("Title with <tag> & `code`", "broken")
    card.mark("kept", "Kept.").mark("broken", "Broken `x < 1`.").story("The story.\nAnother line.")
    return card.say("Say.").code("if x < 1:\n    pass").table([["", "a"], ["row", "1"]])


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_bars_stand_out_in_both_themes(theme):
    for colour in shown.BARS.values():
        assert contrast(colour, theme) >= 3, colour


def test_text_takes_the_colour_of_the_theme():
    html = a_card().html()

    assert not re.search(r"(?<![-\w])color\s*:", html)
    assert "background-color" not in html
    assert "<style" not in html
    assert "<script" not in html


def test_html_is_escaped_and_says_what_the_text_says():
    card = a_card()

    assert "&lt;tag&gt; &amp; <code>code</code>" in card.html()
    assert "x &lt; 1" in card.html()
    plain = re.sub(r"<[^>]+>", " ", card.html()).replace("&lt;", "<").replace("&gt;", ">")
    words = re.findall(r"\w+", card.text())
    assert words == re.findall(r"\w+", plain.replace("&amp;", "&"))


def test_every_mark_is_a_sign_and_not_a_colour_only():
    text = a_card().text().splitlines()

    assert text[1] == "✓ Kept."
    assert text[2].startswith("✗ ")


def test_lines_of_figures_can_be_told_apart_on_white():
    for colour in plots.LINES:
        assert contrast(colour, "#FFFFFF") >= 3, colour
    assert len(set(plots.LINES)) == len(set(plots.MARKERS)) == len(plots.LINES)
    assert contrast("#000000", "#FFFFFF") >= 4.5


def test_figures_are_white_with_black_words():
    fig, axes = plots.figure()

    assert fig.get_facecolor() == axes.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert axes.xaxis.label.get_color() == axes.title.get_color() == "black"


def test_text_wraps_and_short_is_short():
    assert max(map(len, Card().say("word " * 100).text().splitlines())) <= shown.WIDTH
    assert len(short("x" * 1000)) == 80
    assert short(object()) == "<object object>"
    assert "\n" not in short("a\nb")
