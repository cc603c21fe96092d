"""`poolkit rebuild`: each stub made from its answer, and the solved copies, for who writes lessons.

`poolkit rebuild` refreshes the stubs in notebooks/, makes notebooks/solved/ anew, with the solved
my_pool.py beside them, and writes down the outcomes of the predictions. `poolkit rebuild --check`
changes nothing and says what is stale.
"""

from __future__ import annotations

import ast
import copy
import json
import os
import re
import subprocess
import textwrap
from pathlib import Path

from poolkit.course.desk.speaking import (
    DeskError,
    Parser,
    command,
    complain,
    progress_bar,
    say,
)
from poolkit.course.exercises import everything, find
from poolkit.course.files import ROOT
from poolkit.course.predicting import OUTCOMES
from poolkit.course.source import solution_source, stub_source

HELP = """\
For whoever writes lessons: bring each exercise's stub up to date with its answer, run every lesson
with the answers in place, and store that in notebooks/solved/. Without LESSON, all of them.
With --check the exit code is 1 if something is stale.
"""
LEARNER, SOLVED = ROOT / "notebooks", ROOT / "notebooks" / "solved"
POOL = "my_pool.py"  # beside the notebooks: the one to begin with, and the solved one
REFERENCE = ROOT / "tests" / "conformance" / "reference.py"
MARK = re.compile(r"\A# exercise: (\S+)(?:\n|\Z)")
IGNORED = "nbval-ignore-output"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    # What an export needs to know, as IPython's kernel says it; but for the version, which is the
    # reader's. Without `file_extension` a lesson saved as a script ends in .txt.
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
_LAST_CELL = """
import json as _json
from poolkit.course.checking import verdicts as _verdicts
from poolkit.course.predicting import recorded as _recorded
print(_json.dumps({"outcomes": _recorded(), "verdicts": _verdicts()}))
"""


def read(path: Path):
    """Read a notebook. Raises DeskError where it is none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise DeskError(f"{path} cannot be read as a notebook: {str(error)[:60]}") from error


def write(path: Path, notebook) -> None:
    """Write a notebook the one way in which it is stored, so that diffs show only what changed."""
    import nbformat

    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    text = nbformat.writes(notebook, version=4, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def lesson_files() -> list[Path]:
    """The learner's notebooks, in the order of the lessons."""
    return sorted(LEARNER.glob("[0-9][0-9]_*.ipynb"))


def exercise_of(cell) -> str | None:
    """The id of the exercise whose cell this is."""
    found = MARK.match(cell.source) if cell.cell_type == "code" else None
    return found[1] if found else None


def with_stubs(notebook):
    """The learner's notebook, every exercise cell as its answer's stub, no outputs."""
    fresh = copy.deepcopy(notebook)
    for cell in fresh.cells:
        if id := exercise_of(cell):
            cell.source = f"# exercise: {id}\n{stub_source(find('exercises', id))}".rstrip("\n")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return fresh


def with_answers(notebook):
    """The learner's notebook with every answer, sample guess and sample explanation in place."""
    solved = with_stubs(notebook)
    for cell in solved.cells:
        if id := exercise_of(cell):
            cell.source = f"# exercise: {id}\n{solution_source(find('exercises', id))}".rstrip("\n")
        elif cell.cell_type == "markdown":  # the copies lie one folder deeper than the glossary
            cell.source = cell.source.replace("](glossary.md", "](../glossary.md")
        elif cell.cell_type == "code" and "..." in cell.source:
            cell.source = _filled_in(cell.source)
    return solved


def _filled_in(source: str) -> str:
    """The source with its predict, recall and explain calls given their samples."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):  # from the end, so that line numbers stay true
        call = getattr(node, "value", None)
        named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args
        if named and (new := _sample_call(call)):
            lines[node.lineno - 1 : node.end_lineno] = new
    return "\n".join(lines)


def _sample_call(call: ast.Call) -> list[str] | None:
    verb, id = call.func.id, getattr(call.args[0], "value", None)
    if verb == "explain":
        parts = textwrap.wrap(find("explanations", id).sample, 88, drop_whitespace=False)
        return [
            f'explain("{id}",',
            *[f"        {part!r}" for part in parts[:-1]],
            f"        {parts[-1]!r})",
        ]
    if verb not in ("predict", "recall") or not call.keywords:
        return None
    sample = dict(find("predictions", id).sample)
    if verb == "recall":
        sample.pop("sure", None)
    places = ", ".join(f"{name}={value!r}" for name, value in sample.items())
    return ["# a sample guess, not the answer", f'{verb}("{id}", {places})']


def execute(
    notebook,
    folder: Path,
    *,
    seconds: float = 60,
    go_on: bool = False,
    progress: str = ":memory:",
    recording: bool = False,
    yours: bool = False,
) -> dict[str, dict]:
    """Run a notebook on a fresh kernel in `folder`, in place; give what it revealed and checked.

    Returns {"outcomes": prediction id → outcome, "verdicts": exercise id → reason, "" if kept}.
    `seconds`: for one cell. `go_on`: run the cells after one that raised. `progress`: what
    POOLKIT_PROGRESS is set to. `recording`: what comes out is new and not held against what was
    recorded before. `yours`: lesson 12 may use the server that DATABASE_URL names. Raises nbclient's CellExecutionError if a cell raises.
    """
    import nbformat
    from nbclient import NotebookClient

    extra = nbformat.v4.new_code_cell(_LAST_CELL)
    notebook.cells.append(extra)
    client = NotebookClient(
        notebook,
        timeout=seconds,
        allow_errors=go_on,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
    )
    env = {**os.environ, "POOLKIT_PROGRESS": progress, "POOLKIT_RECORDING": "1" * recording}
    if not yours:
        env.pop("DATABASE_URL", None)  # the same for everyone, and nobody's database is touched
    quiet = subprocess.DEVNULL  # the kernel's log; cells write elsewhere
    try:
        client.execute(env=env, stderr=quiet)
    except BaseException as error:
        # At Ctrl-C nbclient ends the kernel, and then raises one thing or another for its death.
        if getattr(client, "_async_cleanup_kernel_future", None) is None:
            raise
        raise KeyboardInterrupt from error
    notebook.cells.remove(extra)
    return json.loads("".join(out.get("text", "") for out in extra.outputs).splitlines()[-1])


def keep_measured(new, old) -> None:
    """Leave the stored output of a measured cell alone where its code, and all before it, is as it was.

    A measured number differs on every run; without this, so would every rebuild.
    """
    for ours, theirs in zip(new.cells, old.cells, strict=False):
        if (ours.get("id"), ours.source) != (theirs.get("id"), theirs.source):
            return
        if IGNORED in ours.metadata.get("tags", ()) and theirs.get("outputs"):
            ours.outputs = theirs.outputs


def rebuild_one(path: Path) -> dict[str, dict]:
    """Refresh one lesson's stubs and its solved copy; give the outcomes it revealed."""
    learner = with_stubs(read(path))
    write(path, learner)
    target = SOLVED / path.name
    solved = with_answers(learner)
    SOLVED.mkdir(exist_ok=True)
    found = execute(solved, SOLVED, recording=True)["outcomes"]
    if target.exists():
        keep_measured(solved, read(target))
    write(target, solved)
    return found


def stale() -> list[str]:
    """What `rebuild` would change, in words; outputs are nbval's to compare."""
    said = []
    for path in lesson_files():
        learner, target = read(path), SOLVED / path.name
        if [cell.source for cell in learner.cells] != [
            cell.source for cell in with_stubs(learner).cells
        ]:
            said.append(f"{path.name}: an exercise cell differs from its answer's stub")
        wanted = [(cell.id, cell.source) for cell in with_answers(learner).cells]
        has = [(cell.id, cell.source) for cell in read(target).cells] if target.exists() else []
        if wanted != has:
            said.append(f"solved/{path.name}: not the learner's notebook with the answers in place")
    known = {path.name for path in lesson_files()}
    said += [
        f"solved/{p.name}: has no lesson" for p in SOLVED.glob("*.ipynb") if p.name not in known
    ]
    if (LEARNER / POOL).exists() and _solved_pool() != REFERENCE.read_text(encoding="utf-8"):
        said.append(f"solved/{POOL}: not the reference of the conformance suite")
    return said


def _solved_pool() -> str:
    path = SOLVED / POOL
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _keep_outcomes(found: dict[str, dict]) -> None:
    before = json.loads(OUTCOMES.read_text(encoding="utf-8")) if OUTCOMES.exists() else {}
    measured = {one.id for one in everything("predictions") if one.measured}
    for id in measured & before.keys() & found.keys():
        found[id] = before[id]  # depends on the machine: no reason to change the file
    known = [one.id for one in everything("predictions")]
    merged = {**before, **found}
    ordered = {id: merged[id] for id in known if id in merged}
    text = json.dumps(ordered, indent=1, ensure_ascii=False)
    OUTCOMES.write_text(text + "\n", encoding="utf-8", newline="\n")


@command("rebuild")
def main(argv: list[str]) -> int:
    """`poolkit rebuild [--check] [LESSON ...]`: 0 if all is well, 1 if something was stale."""
    parser = Parser("poolkit rebuild", description=HELP)
    parser.add_argument(
        "lesson", nargs="*", metavar="LESSON", help="numbers or names, such as 02 or simple"
    )
    parser.add_argument("--check", action="store_true", help="change nothing, say what is stale")
    asked = parser.parse_args(argv)
    if not lesson_files():
        raise DeskError(f"no lessons in {LEARNER}: run it in a clone of the course")
    unknown = [w for w in asked.lesson if not any(w in path.stem for path in lesson_files())]
    if unknown:
        raise DeskError(
            f"no lesson {unknown[0]!r}; there are {', '.join(p.stem for p in lesson_files())}"
        )
    if asked.check:
        for line in (said := stale()):
            complain(line)
        return 1 if said else 0
    chosen = [
        path
        for path in lesson_files()
        if not asked.lesson or any(word in path.stem for word in asked.lesson)
    ]
    _rebuild(chosen)
    return 0


def _rebuild(chosen: list[Path]) -> None:
    found: dict[str, dict] = {}
    if (LEARNER / POOL).exists():
        SOLVED.mkdir(exist_ok=True)
        (SOLVED / POOL).write_bytes(REFERENCE.read_bytes())
    with progress_bar(chosen, unit="lesson") as bar:
        for path in bar:
            bar.set_description(path.stem)
            found |= _rebuild_or_say_why(path)
    _keep_outcomes(found)
    say([f"Rebuilt: {', '.join(path.stem for path in chosen)}."])


def _rebuild_or_say_why(path: Path) -> dict[str, dict]:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        return rebuild_one(path)
    except CellExecutionError as error:
        raise DeskError(f"{path.name}: {error.ename}: {error.evalue}") from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise DeskError(f"{path.name}: {str(error).splitlines()[0]}") from error
