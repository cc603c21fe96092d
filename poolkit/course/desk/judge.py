"""The process in which one submission runs: its cells, and after each the course's judgement.

Started by running.py, never by hand. The job comes as one line on stdin. What is found goes out,
a line at a time, through a descriptor that only this module knows, each line signed with a word
that was made for this run; stdout and stderr of the cells lead nowhere.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
import threading
from _json import encode_basestring_ascii  # in C: not to be replaced from within a cell
from collections.abc import Callable

from poolkit import course
from poolkit.course import checking
from poolkit.course.desk.undoing import import_all, noted
from poolkit.course.exercises import Exercise, find
from poolkit.course.state import store

Tell = Callable[..., None]
_NOT_AGAIN = ("hung", "ours")


def main() -> None:
    job = json.loads(sys.stdin.readline())
    tell = channel(job["token"])
    threading.Thread(target=end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for as long as this process lives
    import_all()
    limit(job["memory"], job["file"])
    _Judge(job, tell).run()
    os._exit(0)  # no atexit of theirs, and no waiting for their threads


def channel(token: str) -> Tell:
    """Take stdout for ourselves; give the function that writes a signed line to it."""
    fd, write, pid, own, encode = (
        os.dup(1),
        os.write,
        os.getpid,
        os.getpid(),
        encode_basestring_ascii,
    )
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)

    def tell(*words: str) -> None:
        if pid() != own:  # a fork of the submission's
            return
        # A line of its own, whatever somebody wrote before it.
        left = ("\n" + token + " [" + ",".join([encode(word) for word in words]) + "]\n").encode()
        while left:
            left = left[write(fd, left) :]

    return tell


def end_with_parent(fd: int) -> None:
    while os.read(fd, 1):
        pass
    os._exit(1)


def limit(memory: int, file: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file), (resource.RLIMIT_CORE, 0)):  # fmt: skip
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS sets none on address space
            pass


def _make_shell():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def ask_exit(self) -> None:
            """`exit` and `quit` in a cell end nothing here."""

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    return Shell.instance(config=config)


class _Judge:
    """Runs the cells and examines what they made, each thing right after the cell that made it.

    Of an exercise that was made or checked more than once, the last counts. What was not kept is
    examined once more when all cells ran: a helper may stand further down.
    """

    def __init__(self, job: dict, tell: Tell) -> None:
        self._tell, self._skip = tell, set(job["skip"])
        self._cells = job["cells"]
        self._exercises = {id: find("exercises", id) for id in job["exercises"]}
        self._examine, self._store = checking.examine, store()
        self._made: dict[str, object] = {}  # exercise id → what is to be, or was, examined
        self._waiting: list[str] = []
        self._reasons: dict[str, str] = {}
        for module in (course, checking):
            module.check, module.mine_or_reference = self._note, self._note_and_go_on
        self._shell = _make_shell()
        self._streams = sys.stdout, sys.stderr
        self._undo = noted()

    def _note(self, id: str, thing: object) -> None:
        """What `check` is in a submission: it notes what it was given."""
        if id in self._exercises:
            self._see(id, thing)
        else:
            find("exercises", id)

    def _note_and_go_on(self, id: str, thing: object) -> object:
        """What `mine_or_reference` is in a submission: later cells run with ours."""
        self._note(id, thing)
        return find("exercises", id).answer

    def _see(self, id: str, thing: object) -> None:
        if thing is self._exercises[id].answer and id in self._made:
            return  # after the fallback: what was made before it counts
        if id not in self._made or self._made[id] is not thing:
            self._made[id] = thing
            if id not in self._waiting:
                self._waiting.append(id)

    def run(self) -> None:
        for number, source in enumerate(self._cells):
            if number in self._skip:
                continue
            self._tell("cell", str(number))
            self._run_cell(number, source)
            self._look()
            self._judge_waiting()
        self._waiting = [
            id for id, reason in self._reasons.items() if reason and reason not in _NOT_AGAIN
        ]
        self._judge_waiting()
        self._tell_names()
        self._tell_predictions()
        self._tell("done")

    def _run_cell(self, number: int, source: str) -> None:
        sys.stdout, sys.stderr = self._streams  # a cell before may have put a text in their place
        try:
            result = self._shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:
            error = raised
        if error is not None:
            line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
            self._tell("raised", str(number), type(error).__name__, str(line or ""))

    def _look(self) -> None:
        for id, exercise in self._exercises.items():
            thing = self._shell.user_ns.get(exercise.name, self)
            if thing is not self and thing is not exercise.answer:
                self._see(id, thing)

    def _judge_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for id in waiting:
            if id not in self._skip:
                self._judge(self._exercises[id], self._made[id])

    def _judge(self, exercise: Exercise, thing: object) -> None:
        self._undo()
        self._tell("exercise", exercise.id)
        verdict = self._examine(exercise, thing)
        self._undo()  # a claim called their code
        self._reasons[exercise.id] = verdict.reason
        self._tell("verdict", exercise.id, verdict.reason, " ".join(verdict.marks), verdict.story)

    def _tell_names(self) -> None:
        """For an exercise of which nothing was seen: the nearest name that there is."""
        made = [
            n for n, v in self._shell.user_ns.items() if getattr(v, "__module__", "") == "__main__"
        ]
        for id, exercise in self._exercises.items():
            if id not in self._made and (
                close := difflib.get_close_matches(exercise.name, made, 1)
            ):
                self._tell("close", id, close[0])

    def _tell_predictions(self) -> None:
        for id, (guess, outcome) in self._store.predictions().items():
            self._tell("predicted", id, json.dumps(guess), json.dumps(outcome))


if __name__ == "__main__":
    main()
