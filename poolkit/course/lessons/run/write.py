"""run.write: a file is replaced whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile  # noqa: F401 - for a slip
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from poolkit.course.exercises import Exercise, assume, because, same
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.run.given import ENDS, ERRORS, Machine, in_folder
from poolkit.course.shown import short
from poolkit.course.slips import slip


def write_json(path, summary):
    """Write `summary` to the file `path`, a pathlib.Path, as JSON in UTF-8, whole or not at all.

    Write to another file in the same folder, then let `os.replace` put it in the place of `path`.
    Till then `path` keeps what it held. If anything goes wrong, Ctrl-C included, the exception
    goes on its way, `path` is as it was, and the other file is gone.
    """
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


# --- what it promises


class Raises(dict):
    """A part of a summary during whose writing this is raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(status="healthy")
        self.error, self.met = error, False

    def items(self):
        self.met = True
        raise self.error


GOOD = {"rows_inserted": 1, "rows": [{"id": 1, "label": "café"}]}
UNWRITABLE = {"rows_inserted": 1, "finished": object()}  # JSON has no word for it
OLD = '{"day": "yesterday", "rows_inserted": 1000000, "rows": "a long list of them, longer than today"}'


@contextmanager
def old_summary() -> Iterator[Path]:
    """A folder that holds yesterday's summary, and nothing else."""
    with in_folder() as folder:
        (folder / "summary.json").write_text(OLD, encoding="utf-8")
        yield folder


def attempt(write: Callable, path: Path, summary: dict) -> BaseException | None:
    """What writing raised; None if nothing."""
    try:
        write(path, summary)
    except (Ended, NoInput):
        raise
    except BaseException as error:
        return error
    return None


def read_back(path: Path) -> object:
    """What a JSON file holds, or its text where that is no JSON."""
    if path.is_dir():
        return "a folder and no file"
    try:
        return json.loads(path.read_bytes().decode("utf-8"))
    except ValueError:
        return path.read_bytes().decode(errors="replace")


def writes_what_can_be_read(write):
    """What was written is there, as JSON, and reads back the same."""
    for encoding, key in (("utf-8", "reads otherwise"), ("cp1252", "own encoding")):
        with in_folder() as folder:
            with Machine(write, encoding):
                write(folder / "summary.json", GOOD)
            assert (folder / "summary.json").exists(), "nothing there"
            got = read_back(folder / "summary.json")
            assert same(got, GOOD), because(key, got=words(got))


def takes_the_old_ones_place(write):
    """A longer file that was there before is gone without a trace."""
    with old_summary() as folder:
        with Machine(write):
            write(folder / "summary.json", GOOD)
        assert (folder / "summary.json").exists(), "nothing there"
        got = read_back(folder / "summary.json")
        assert not same(got, json.loads(OLD)), "still the old one"
        mixed = OLD[-20:] in (folder / "summary.json").read_text(encoding="utf-8", errors="replace")
        assert not mixed, because("old and new", got=words(got))


def tells_of_the_failure(write):
    """Where JSON has no word for something, its TypeError goes on its way."""
    with in_folder() as folder:
        fails_half_way(write, folder / "x.txt", TypeError("planned"))
        path = folder / "summary.json"
        raised = attempt(write, path, UNWRITABLE)
        got = read_back(path) if path.exists() else None
        made_up = raised is None and isinstance(got, dict)
        assert not made_up, because("made up", got=words(got))
        assert raised is not None, "swallowed"
        assert isinstance(raised, TypeError), because("another error", came=type(raised).__name__)


def fails_half_way(write: Callable, path: Path, error: BaseException) -> None:
    """Let writing fail with this; the summary must have been written as JSON for that."""
    part = Raises(error)
    attempt(write, path, {"rows_inserted": 1, "health": part})
    assume(part.met)


def keeps_the_old_one(write):
    """If writing fails half-way, the old file is as it was."""
    with old_summary() as folder:
        fails_half_way(write, folder / "summary.json", TypeError("planned"))
        holds_the_old(folder / "summary.json")


def holds_the_old(path: Path) -> None:
    """Assert that the file is as it was."""
    assert path.exists(), "old one gone"
    got = path.read_text(encoding="utf-8", errors="replace")
    assert got == OLD, because("old one destroyed", got=words(got))


def swaps_the_files(write):
    """Who has the old file open reads the old one to its end: it is replaced, not written over."""
    with old_summary() as folder, in_folder() as elsewhere:
        try:
            os.link(folder / "summary.json", elsewhere / "still open")  # the same file by two names
        except OSError:  # not every disk can do that; nothing can be seen there
            return
        write(folder / "summary.json", GOOD)
        assert (elsewhere / "still open").read_text(encoding="utf-8") == OLD, "in place"
        assume(same(read_back(folder / "summary.json"), GOOD))


def swaps_when_complete(write):
    """At the swap the new file is complete, beside the old one, and that is still there."""
    with old_summary() as folder:
        path = folder / "summary.json"
        with Machine(write, path=path) as machine:
            write(path, GOOD)
        assume(machine.swaps)
        for content, home, there in machine.swaps:
            assert content == path.read_bytes(), because("too soon", size=len(content))
            assert there, "a gap"
            assert home, "elsewhere"
    with old_summary() as folder:
        path = folder / "summary.json"
        with Machine(write, path=path, renames=False):
            raised = attempt(write, path, GOOD)
        assert not isinstance(raised, FileExistsError), "renamed"


def leaves_nothing_beside(write):
    """Afterwards there is no other file in the folder, whether it went well or not."""
    part = Raises(TypeError("planned"))
    for summary in (GOOD, {"rows_inserted": 1, "health": part}):
        with old_summary() as folder:
            attempt(write, folder / "summary.json", summary)
            nothing_but("summary.json", folder, "writing failed" if part.met else "all went well")
    with in_folder() as folder:  # complete, but there is no taking the place of a folder
        (folder / "summary").mkdir()
        attempt(write, folder / "summary", GOOD)
        nothing_but("summary", folder, "path was a folder")


def nothing_but(name: str, folder: Path, when: str) -> None:
    """Assert that the folder holds this and nothing else."""
    left = beside(folder / name)
    assert not left, because("left behind", left=left[0], when=when)


def beside(path: Path) -> list[str]:
    """What else lies in the folder."""
    return sorted(one.name for one in path.parent.iterdir() if one.name != path.name)


def clears_up_when_interrupted(write):
    """Ctrl-C in the middle leaves the old file, and nothing beside it."""
    with old_summary() as folder:
        path = folder / "summary.json"
        fails_half_way(write, path, KeyboardInterrupt())
        holds_the_old(path)
        assert not beside(path), "left behind by Ctrl-C"


def words(got: object) -> str:
    """A file's content, its middle left out where it is long."""
    text = (got if isinstance(got, str) else json.dumps(got, ensure_ascii=False)).strip()
    return f"{text[:34]} … {text[-34:]}" if len(text) > 75 else text or "an empty file"


# --- every short history of a night


@dataclass(frozen=True)
class Night:
    """What is written, over what, and what goes wrong.

    `summary` is the name of one of SUMMARIES; `fails`: which step on the disk raises `error`, or,
    where it is 0, `error` is raised by the summary's last part. `asks`: what is looked at.
    """

    summary: str = "a small summary"
    old: bool = True
    machine: str = "utf-8"
    fails: int = 0
    error: type[BaseException] | None = None
    renames: bool = True
    name: str = "summary.json"

    def __str__(self) -> str:
        there = "Yesterday's summary is there" if self.old else "There is no file yet"
        text = f"{there}, and {self.summary} is written"
        if self.machine != "utf-8":
            text += f" on a machine with {self.machine}"
        if self.name != "summary.json":
            text += f" into `{self.name}`"
        if not self.renames:
            text += " where `os.rename` replaces no file, as on Windows"
        if self.fails:
            nth = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")[
                self.fails - 1
            ]
            text += f"; the {nth} thing that is asked of the disk raises {self.error.__name__}"
        elif self.error:
            text += f", whose last part raises {self.error.__name__}"
        return text


ROWS = [{"id": n, "label": f"label {n} café"} for n in range(400)]
SUMMARIES: dict[str, Callable[[], dict]] = {
    "a small summary": lambda: {"rows_inserted": 1},
    "an empty summary": dict,
    "a summary with all that JSON knows": lambda: {
        "a": None, "b": [True, False, 0, -1, 2**70, 0.1], "c": {"d": [[], {}]}, "": "\n\"\\\u2028",
    },
    "a summary with 日本": lambda: {"label": "日本"},
    "a long summary": lambda: {"rows": ROWS},
    "a long summary with something that JSON has no word for": lambda: {"rows": ROWS, "x": object()},
    "a summary with something that JSON has no word for": lambda: {"x": {1, 2}, "y": 1},
    "a summary that holds itself": lambda: _endless(),
    "a summary with a key that JSON has no word for": lambda: {(1, 2): 3, "y": 1},
}  # fmt: skip


def _endless() -> dict:
    endless: dict = {"rows": []}
    endless["rows"].append(endless)
    return endless


STOPS = (OSError, PermissionError, KeyboardInterrupt)


def nights() -> Iterator[Night]:
    """All short histories: each summary, each machine, each part and each step that may fail."""
    for old in (False, True):
        yield from (Night(summary, old) for summary in SUMMARIES)
    yield from (Night("a summary with 日本", machine=name) for name in ("cp1252", "ascii"))
    for summary in ("a small summary", "a long summary"):
        yield from (Night(summary, error=error) for error in (*ERRORS, *ENDS))
    for step in range(1, 8):
        yield from (Night(fails=step, error=error) for error in STOPS)
    yield from (Night("a long summary", fails=step, error=OSError) for step in range(1, 5))
    yield from (Night(fails=step, old=False, error=OSError) for step in range(1, 5))
    yield Night(renames=False)
    for name in ("summary.tmp", "summary", "summary.json.tmp", "summary.new", "a.b.c", "café.json"):
        yield Night(name=name)
        yield Night("a long summary with something that JSON has no word for", name=name)


def play(write: Callable, night: Night) -> Iterator[Seen]:
    """Whether what comes out, what `path` holds and what lies beside it fit together."""
    with in_folder() as folder, in_folder() as elsewhere:
        path, reader = folder / night.name, elsewhere / "still open"
        if night.old:
            path.write_text(OLD, encoding="utf-8")
            with suppress(OSError):  # not every disk can give one file two names
                os.link(path, reader)
        error = night.error("planned") if night.error else None
        summary = SUMMARIES[night.summary]()
        if error is not None and not night.fails:
            summary["last"] = Raises(error)
        with Machine(write, night.machine, night.fails, error, path, night.renames) as machine:
            raised = attempt(write, path, summary)
        yield came_out(raised, error, machine.fired, night)
        yield held(path, raised, summary, night.old)
        if night.old:
            yield at_the_swap(machine, path)
        yield Seen("beside it lies", beside(path), ", ".join(beside(path)) or "nothing")
        if reader.exists():
            same_old = reader.read_text(encoding="utf-8") == OLD
            yield Seen(
                "who had the old file open reads",
                same_old,
                "the old summary" if same_old else "something else in it",
            )


def came_out(raised, error, fired: str, night: Night) -> Seen:
    """Whether what was to go on its way did. A step that is never asked for cannot fail."""
    told = type(raised).__name__ if raised is not None else "nothing"
    if fired or (error is not None and not night.fails):
        fits = raised is error
    elif "no word" in night.summary or "itself" in night.summary:
        fits = isinstance(raised, TypeError | ValueError)
    else:
        fits = raised is None
    return Seen("out comes", fits, f"{told}, when {fired} failed" if fired else told)


def at_the_swap(machine: Machine, path: Path) -> Seen:
    """What the files were like at the moment when the new one took the old one's place."""
    faults = []
    for content, home, there in machine.swaps:
        if not path.is_file() or content != path.read_bytes():
            faults.append("the new file was not complete")
        if not home:
            faults.append("the new file lay in another folder")
        if not there:
            faults.append("the old file was gone")
    return Seen("at the swap", faults, " and ".join(faults) or "all was well")


def held(path: Path, raised, summary: dict, old: bool) -> Seen:
    """Whether `path` holds the old summary after an exception, and the new one without."""
    if raised is None:
        good = path.is_file() and same(read_back(path), json.loads(json.dumps(summary)))
        told = (
            "the new summary"
            if good
            else "no file"
            if not path.exists()
            else short(read_back(path))
        )
        return Seen("`path` then holds", good, told)
    now = path.read_bytes() if path.is_file() else None
    before = OLD.encode() if old else None
    told = "no file" if now is None else "the old summary" if now == OLD.encode() else short(now)
    return Seen("`path` then holds", now == before, told)


exercise = Exercise(
    id="run.write",
    title="Write whole or not at all",
    answer=write_json,
    claims=(
        writes_what_can_be_read,
        takes_the_old_ones_place,
        tells_of_the_failure,
        keeps_the_old_one,
        swaps_the_files,
        swaps_when_complete,
        leaves_nothing_beside,
        clears_up_when_interrupted,
        Histories(
            "Whatever is written and whatever goes wrong, the file is the new one or the old one.",
            inputs=nights,
            play=play,
        ),
    ),
    hints=(
        "As soon as `path` itself is opened for writing, what it held is gone. So do not open it.",
        'Write to `path.with_name(path.name + ".tmp")`; when that file is complete and closed, `os.replace(made, path)`. Put both into a `try` whose `finally` removes what is left.',
        'Fill in the three blanks.\n\nmade = path.with_name(path.name + ".tmp")\ntry:\n    with open(made, "w", encoding="utf-8") as file:\n        json.dump(____, file)\n    os.replace(____, ____)\nfinally:\n    made.unlink(missing_ok=True)',
    ),
    tellings={
        "nothing there": "You returned, and there is no file at `path`.",
        "still the old one": "You returned, and `path` holds yesterday's summary.",
        "reads otherwise": "The file does not hold the summary as JSON. Read back it gives {got}.",
        "old and new": "A longer file was there before. Now `path` holds {got}.",
        "old one destroyed": "Yesterday's summary was in the file, and today's could not be written to its end. Now the file holds: {got}.",
        "old one gone": "Yesterday's summary was in the file, and today's could not be written to its end. Now there is no file at `path` at all.",
        "made up": "The summary holds something for which JSON has no word, and you wrote it all the same: {got}. Whoever reads it takes that for true.",
        "own encoding": "On a machine whose own encoding is cp1252 the file does not read back as it was written. It holds: {got}.",
        "elsewhere": "The new file was made in another folder. That may be another disk, and from one disk to another `os.replace` fails.",
        "a gap": "At the moment of the swap there was no summary at `path`: who looks then finds none, and after a power cut there is none.",
        "swallowed": "The summary could not be written, and nobody heard of it.",
        "another error": "JSON had no word for a part of the summary, and instead of its TypeError came {came:plain}.",
        "in place": "All went well, but the new summary was written into the old file itself: whoever reads at that moment meets half a summary, and so does the next morning after a power cut.",
        "too soon": "When you swapped, the new file held {size} bytes, and not all of the summary: the rest was written later.",
        "renamed": "On Windows `os.rename` refuses where a file is there already, and so does what stands on it. `os.replace` does not, on any system.",
        "left behind": "This time {when:plain}, and afterwards {left} lies beside it.",
        "left behind by Ctrl-C": "Somebody pressed Ctrl-C while you wrote, and another file lies in the folder now.",
    },
    slips=(
        slip(
            "nothing there",
            "The new file never got its name: `os.replace(made, path)`.",
            breaks="writes_what_can_be_read takes_the_old_ones_place",
            edit="""
-        os.replace(made, path)
""",
        ),
        slip(
            "reads otherwise",
            "`str` of a dictionary is Python and not JSON: `json.dump`, or `json.dumps`.",
            breaks="writes_what_can_be_read",
            edit="""
-            json.dump(summary, file)
+            json.dumps(summary)
+            file.write(str(summary))
""",
        ),
        slip(
            "own encoding",
            'Say `encoding="utf-8"` when you open it.',
            breaks="writes_what_can_be_read",
            edit="""
-        with open(made, "w", encoding="utf-8") as file:
-            json.dump(summary, file)
+        with open(made, "w") as file:
+            json.dump(summary, file, ensure_ascii=False)
""",
        ),
        slip(
            "old one destroyed",
            "Opening `path` for writing empties it at once.",
            breaks="keeps_the_old_one swaps_the_files",
            edit="""
-    made = path.with_name(path.name + ".tmp")
-    try:
-        with open(made, "w", encoding="utf-8") as file:
-            json.dump(summary, file)
-        os.replace(made, path)
-    finally:
-        made.unlink(missing_ok=True)
+    with open(path, "w", encoding="utf-8") as file:
+        json.dump(summary, file)
""",
        ),
        slip(
            "old one gone",
            "The name that you made is the old one's own. Choose one that is certainly another, and remove that one only.",
            breaks="keeps_the_old_one swaps_the_files",
            edit="""
-    made = path.with_name(path.name + ".tmp")
+    made = path.with_suffix(".json")
...
-    finally:
+    except BaseException:
         made.unlink(missing_ok=True)
+        raise
""",
        ),
        slip(
            "still the old one",
            "The new one takes the old one's place every night.",
            breaks="takes_the_old_ones_place",
            edit="""
+    if path.exists():
+        return
     made = path.with_name(path.name + ".tmp")
""",
        ),
        slip(
            "old and new",
            "A file that is opened to append keeps what it holds.",
            breaks="takes_the_old_ones_place swaps_the_files",
            edit="""
-    made = path.with_name(path.name + ".tmp")
-    try:
-        with open(made, "w", encoding="utf-8") as file:
-            json.dump(summary, file)
-        os.replace(made, path)
-    finally:
-        made.unlink(missing_ok=True)
+    text = json.dumps(summary)
+    with open(path, "a", encoding="utf-8") as file:
+        file.write(text)
""",
        ),
        slip(
            "made up",
            "Let the TypeError of `json` out.",
            breaks="tells_of_the_failure",
            edit="""
-            json.dump(summary, file)
+            json.dump(summary, file, default=str)
""",
        ),
        slip(
            "swallowed",
            "Let the exception go on its way: `finally` needs no `except`.",
            breaks="tells_of_the_failure",
            edit="""
         os.replace(made, path)
+    except Exception as error:
+        print(error)
""",
        ),
        slip(
            "another error",
            "`raise` alone passes the exception on as it is.",
            breaks="tells_of_the_failure",
            edit="""
         os.replace(made, path)
+    except Exception as error:
+        raise RuntimeError("the summary was not written") from error
""",
        ),
        slip(
            "in place",
            "Write another file beside it, then `os.replace`.",
            breaks="swaps_the_files",
            edit="""
-    made = path.with_name(path.name + ".tmp")
-    try:
-        with open(made, "w", encoding="utf-8") as file:
-            json.dump(summary, file)
-        os.replace(made, path)
-    finally:
-        made.unlink(missing_ok=True)
+    text = json.dumps(summary)
+    path.write_text(text, encoding="utf-8")
""",
        ),
        slip(
            "in place",
            "Copying the new file into the old one takes time, too: `os.replace` swaps the names.",
            breaks="swaps_the_files",
            edit="""
-        os.replace(made, path)
+        path.write_bytes(made.read_bytes())
""",
        ),
        slip(
            "too soon",
            "What is written waits in Python's memory until the file is closed. Close it first, then swap.",
            breaks="swaps_when_complete",
            edit="""
-        os.replace(made, path)
+            os.replace(made, path)
""",
        ),
        slip(
            "a gap",
            "`os.replace` needs no removing first.",
            breaks="swaps_when_complete",
            edit="""
-        os.replace(made, path)
+        path.unlink(missing_ok=True)
+        os.replace(made, path)
""",
        ),
        slip(
            "elsewhere",
            "Make it in `path.parent`.",
            breaks="swaps_when_complete",
            edit="""
-    made = path.with_name(path.name + ".tmp")
+    made = Path(tempfile.gettempdir(), f"{os.getpid()} {path.name}")
""",
        ),
        slip(
            "renamed",
            breaks="swaps_when_complete",
            edit="""
-        os.replace(made, path)
+        os.rename(made, path)
""",
        ),
        slip(
            "left behind",
            "Remove it on every way out: `finally` is for that.",
            breaks="leaves_nothing_beside clears_up_when_interrupted",
            edit="""
-    try:
-        with open(made, "w", encoding="utf-8") as file:
-            json.dump(summary, file)
-        os.replace(made, path)
-    finally:
-        made.unlink(missing_ok=True)
+    with open(made, "w", encoding="utf-8") as file:
+        json.dump(summary, file)
+    os.replace(made, path)
""",
        ),
        slip(
            "left behind",
            "The swap may fail, too, and the disk while you write: remove the other file on every way out.",
            breaks="leaves_nothing_beside",
            edit="""
-    try:
-        with open(made, "w", encoding="utf-8") as file:
-            json.dump(summary, file)
-        os.replace(made, path)
-    finally:
-        made.unlink(missing_ok=True)
+    text = json.dumps(summary)
+    made.write_text(text, encoding="utf-8")
+    os.replace(made, path)
""",
        ),
        slip(
            "left behind by Ctrl-C",
            "KeyboardInterrupt is no `Exception`; `finally` sees it.",
            breaks="clears_up_when_interrupted",
            edit="""
-    finally:
+    except Exception:
         made.unlink(missing_ok=True)
+        raise
""",
        ),
        slip(
            "another history",
            "Ctrl-C is to go on its way, too: whoever pressed it wants the program to end.",
            edit="""
         os.replace(made, path)
+    except KeyboardInterrupt:
+        print("interrupted, nothing written")
""",
        ),
        slip(
            "another history",
            "A full disk is to be heard of: let the OSError go on its way.",
            edit="""
         os.replace(made, path)
+    except OSError as error:
+        print("cannot write:", error)
""",
        ),
    ),
    after="`os.replace` swaps the names in one step: whoever opens `path` finds the old file or the new one, never a half.",
)
