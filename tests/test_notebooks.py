"""The notebooks as files, and as handed out: what nbval does not see."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from poolkit.course import notebooks
from poolkit.course.exercises import everything, lesson_part
from poolkit.course.files import ROOT
from poolkit.course.lessons import LESSONS
from poolkit.course.notebooks import IGNORED, LEARNER, SOLVED, exercise_of, lesson_files, read
from poolkit.course.predicting import outcomes
from tests.tools import wait_until

FILES = [pytest.param(path, id=path.stem) for path in lesson_files()]

PARTS = (
    "**After this lesson you can**",
    "**You need**",
    "**Minutes:**",
    "## Common mistakes",
    "## In your own words",
    "**Left out:**",
    "**Next:**",
)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_one_name_runs_through():
    assert [path.name for path in lesson_files()] == [lesson.file for lesson in LESSONS]
    for lesson in LESSONS:
        lessons = ROOT / "poolkit" / "course" / "lessons"
        assert (lessons / f"{lesson.name}.py").exists() or (lessons / lesson.name).is_dir()
        assert (ROOT / "tests" / "answers" / f"{lesson.name}.py").exists()
        assert lesson.builds in (None, lesson.name, "cli", "events")
        assert lesson.builds is None or (ROOT / "poolkit" / f"{lesson.builds}.py").exists()
        for kind in ("exercises", "predictions", "explanations"):
            for one in lesson_part(lesson.name, kind):
                assert one.id.startswith(f"{lesson.name}.")


def test_nothing_generated_is_stale():
    assert notebooks.stale() == []


@pytest.mark.parametrize("path", FILES)
def test_runs_as_handed_out_and_shows_what_was_recorded(path):
    notebook = read(path)

    found = notebooks.execute(notebook, LEARNER)["outcomes"]

    assert not [
        out for cell in code(notebook) for out in cell.outputs if out.output_type == "error"
    ]
    stderr = [
        out.text for cell in code(notebook) for out in cell.outputs if out.get("name") == "stderr"
    ]
    assert stderr == []
    asked = {one.id: one for one in lesson_part(path.stem[3:], "predictions")}
    assert set(found) == set(asked), "every prediction is revealed"
    fixed = {id: out for id, out in found.items() if not asked[id].measured}
    assert fixed == {id: outcomes()[id] for id in fixed}


@pytest.mark.parametrize("path", FILES)
def test_stored_as_it_should_be(path):
    notebook = read(path)
    ids = [cell.id for cell in notebook.cells]

    nbformat.validate(notebook)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", id) for id in ids), (
        "ids are words, so that diffs read well"
    )
    for copy in (notebook, read(SOLVED / path.name)):
        assert copy.metadata.kernelspec.name == "python3"
        assert copy.metadata.language_info.file_extension == ".py"
    assert not [cell for cell in code(notebook) if cell.outputs or cell.execution_count]
    assert not [cell for cell in notebook.cells if set(cell.metadata) - {"tags"}]
    assert path.read_bytes().endswith(b"}\n")


def test_a_lesson_exported_as_a_script_is_python():
    from nbconvert.exporters import ScriptExporter

    for path in lesson_files():
        script, about = ScriptExporter().from_filename(str(path))

        assert about["output_extension"] == ".py"
        compile(script, path.name, "exec")


@pytest.mark.parametrize("path", FILES)
def test_has_the_parts_of_a_lesson(path):
    notebook = read(path)
    text = "\n\n".join(prose(notebook))
    source = "\n".join(cell.source for cell in code(notebook))
    heads = re.findall(
        r"^(#+) (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )

    assert len(heads[0][0]) == 1
    assert [len(marks) for marks, _ in heads].count(1) == 1
    for (before, _), (after, name) in itertools.pairwise(heads):
        assert len(after) <= len(before) + 1, f"a level is skipped at {name!r}"
    for wanted in PARTS:
        assert wanted in text, wanted
    for call in ("predict(", "reveal(", "check(", "explain(", "progress()"):
        assert call in source, call
    assert path.name.startswith("00") or "recall()" in source
    exercises = [exercise_of(cell) for cell in code(notebook) if exercise_of(cell)]
    assert exercises == [one.id for one in lesson_part(path.stem[3:], "exercises")]
    if not path.name.startswith("00"):
        assert len(exercises) >= 3
        assert len(lesson_part(path.stem[3:], "predictions")) >= 3
    for id in exercises:
        assert f'# hint("{id}")\n# solution("{id}")' in source
        assert f'check("{id}", ' in source


@pytest.mark.parametrize("path", FILES)
def test_is_no_longer_than_a_lesson(path):
    notebook = read(path)
    words = sum(len(text.split()) for text in prose(notebook))
    own = [cell for cell in code(notebook) if not exercise_of(cell)]
    worked = [
        c for c in own if not re.match(r"(# hint|recall|predict|check|progress|explain)", c.source)
    ]

    assert 500 <= words <= 1700, words
    assert len(worked) <= 30
    long = [cell.id for cell in worked if len(cell.source.splitlines()) > 16]
    assert long == [], "split it, or move what is not the point into the lesson's file"
    wide = [line for cell in own for line in cell.source.splitlines() if len(line) > 100]
    assert wide == []


@pytest.mark.parametrize("path", FILES)
def test_prose_is_plain(path):
    for text in prose(read(path)):
        words = re.sub(r"`[^`]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        assert not re.search(
            r"\b(simply|obviously|trivial|of course|easy|easily)\b", words, re.IGNORECASE
        ), text
        assert "!" not in words.replace("![", ""), text
        assert not re.search(r"!\[\]\(", text), "an image without words for those who cannot see it"
        assert "<img" not in text


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL))


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("folder", [LEARNER, SOLVED], ids=["notebooks", "solved"])
@pytest.mark.parametrize("path", FILES)
def test_links_resolve(path, folder):
    for text in prose(read(folder / path.name)):
        for link in links(text):
            file, _, anchor = link.partition("#")
            assert file.startswith("https://") or (folder / file).exists(), link
            if file.endswith(".md") and anchor:
                assert anchor in anchors(folder / file), link


@pytest.mark.parametrize("path", FILES)
def test_every_outside_link_is_https(path):
    assert not [
        link for text in prose(read(path)) for link in links(text) if link.startswith("http:")
    ]


def test_glossary_is_in_order_and_every_term_is_used():
    text = (LEARNER / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^## (.+)$", text, re.MULTILINE)
    used = {
        link.partition("#")[2]
        for path in lesson_files()
        for part in prose(read(path))
        for link in links(part)
        if link.startswith("glossary.md#")
    }

    assert terms == sorted(terms, key=str.lower)
    assert {re.sub(r"[^\w\- ]", "", term).lower().replace(" ", "-") for term in terms} == used


@pytest.mark.parametrize("path", FILES)
def test_solved_copy_was_run_and_most_of_it_is_compared(path):
    cells = code(read(SOLVED / path.name))
    ignored = [cell for cell in cells if IGNORED in cell.metadata.get("tags", ())]

    assert all(cell.execution_count for cell in cells), "a cell that was not run is not compared"
    assert len(ignored) <= len(cells) / 4
    assert not [cell for cell in cells if set(cell.metadata.get("tags", ())) - {IGNORED}]
    for cell in cells:
        assert not [out for out in cell.outputs if out.output_type == "error"]
        assert not cell.source.rstrip().endswith(";")


# What differs from run to run. A length of time may stand: many are computed and no clock was read.
CHANGING = re.compile(
    r"0x[0-9a-f]{6,}|ipykernel_\d|/(?:tmp|home|Users)/|[A-Z]:\\Users"
    r"|\b\d{2}:\d{2}:\d{2}\b|\b20\d\d-\d\d-\d\d\b"
)


@pytest.mark.parametrize(
    "said",
    [
        "<object object at 0x7f3b57ff63e0>",
        "File ipykernel_123/4.py",
        "saved in /tmp/x.db",
        r"saved in C:\Users\ann",
        "at 06:54:55",
        "on 2026-11-22",
    ],
)
def test_what_changes_from_run_to_run_is_known(said):
    assert CHANGING.search(said)
    assert not CHANGING.search("ann waited 0.5 s and took c1; line 12: `release`")


@pytest.mark.parametrize("path", FILES)
def test_no_clock_text_and_no_address_in_compared_outputs(path):
    for cell in code(read(SOLVED / path.name)):
        if IGNORED in cell.metadata.get("tags", ()):
            continue
        said = "\n".join(out.get("text") or out.data.get("text/plain", "") for out in cell.outputs)
        assert not CHANGING.search(said), said


@pytest.mark.parametrize("path", FILES)
def test_figures_have_words_for_those_who_cannot_see_them(path):
    for cell in code(read(SOLVED / path.name)):
        for position, out in enumerate(cell.outputs):
            if "image/png" in out.get("data", {}):
                assert len(out.metadata["image/png"]["alt"]) > 40
                assert out.data["text/plain"].startswith("[figure: ")
                after = "".join(o.get("text", "") for o in cell.outputs[position + 1 :])
                assert after.strip(), "a sentence computed from the data stands under each figure"


def test_every_id_is_its_own():
    ids = [
        one.id for kind in ("exercises", "predictions", "explanations") for one in everything(kind)
    ]

    assert len(set(ids)) == len(ids)


def test_alone_a_solved_notebook_passes_and_a_changed_output_is_noticed(tmp_path):
    """One run with the project's own settings: what a part of it does when called by itself."""
    changed = tmp_path / "changed.ipynb"
    stored = json.loads((SOLVED / "00_start_here.ipynb").read_text(encoding="utf-8"))
    (cell,) = [cell for cell in stored["cells"] if cell["id"] == "table"]
    cell["outputs"][0]["text"][2] = cell["outputs"][0]["text"][2].replace("50", "51")
    changed.write_text(json.dumps(stored), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "-q",
         "notebooks/solved/00_start_here.ipynb", str(changed)],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout[-2000:]
    assert re.search(r"^1 failed, \d+ passed", done.stdout, re.MULTILINE), done.stdout[-2000:]


def test_rebuild_outside_a_clone_says_that_there_is_nothing(tmp_path, monkeypatch, capsys):
    from poolkit.course import notebooks

    monkeypatch.setattr(notebooks, "LEARNER", tmp_path)

    assert notebooks.main(["--check"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """A course of lesson 00 alone, which may be changed."""
    shutil.copy(LEARNER / "00_start_here.ipynb", tmp_path)
    monkeypatch.setattr(notebooks, "LEARNER", tmp_path)
    monkeypatch.setattr(notebooks, "SOLVED", tmp_path / "solved")
    return tmp_path / "00_start_here.ipynb"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["99"], "there are 00_start_here"),
        (["00", "nine"], "no lesson 'nine'"),
        (["--wrong"], "--help"),
    ],
)
def test_a_rebuild_that_cannot_be_is_one_line(lessons, capsys, argv, said):
    before = lessons.read_bytes()

    assert notebooks.main(argv) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert lessons.read_bytes() == before


@pytest.mark.parametrize("damage", ["{", "[]", '{"cells": 7}', '{"nbformat": 4}'])
@pytest.mark.parametrize("argv", [[], ["--check"]])
def test_a_damaged_lesson_is_one_line_and_stays(lessons, capsys, damage, argv):
    lessons.write_text(damage, encoding="utf-8")

    assert notebooks.main(argv) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert lessons.name in err
    assert lessons.read_text(encoding="utf-8") == damage


def test_a_lesson_whose_cell_raises_is_one_line(lessons, capsys):
    notebook = read(lessons)
    notebook.cells.append(nbformat.v4.new_code_cell("raise KeyError('two\\nlines')", id="raises"))
    notebooks.write(lessons, notebook)

    assert notebooks.main([]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "00_start_here.ipynb: KeyError" in err


@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as a POSIX signal")
def test_ctrl_c_during_a_rebuild_is_one_line(lessons):
    started = lessons.parent / "started"
    notebook = read(lessons)
    source = f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(60)"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(source, id="sleeps"))
    notebooks.write(lessons, notebook)
    code = (
        "import pathlib, sys\nfrom poolkit.course import notebooks\n"
        f"notebooks.LEARNER = pathlib.Path({str(lessons.parent)!r})\n"
        "notebooks.SOLVED = notebooks.LEARNER / 'solved'\nsys.exit(notebooks.main([]))"
    )

    with subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        wait_until(started.exists, within=30)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=30)[1]

    assert (process.returncode, err) == (130, b"poolkit rebuild: interrupted\n")
