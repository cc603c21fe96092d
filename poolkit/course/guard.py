"""Run a learner's code so that nothing it does can stop the notebook: hangs, prints, exits, input.

What cannot be survived: `os._exit`, and C code that keeps the interpreter's lock for ever, such as
`sum(itertools.count())` or a runaway regular expression.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import functools
import linecache
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time, sleep
from types import FrameType, TracebackType

HERE = str(Path(__file__).resolve().parent.parent)  # the poolkit package
LIBRARIES = tuple(
    str(Path(place).resolve())
    for place in (*sysconfig.get_paths().values(), Path(threading.__file__).parent)
    if "lib" in str(place).lower()
)

LATEST = 2.0  # times its limit, and a call is ended, however busy the machine is

_left_behind: list[threading.Thread] = []
after_ending: list[Callable[[], None]] = []  # what has to be cleared up when threads were ended


class Ended(BaseException):
    """Thrown into a thread that did not come to an end by itself."""


class NoInput(BaseException):
    """The code under check asked the keyboard. Not an Exception, so that no `except` hides it."""


class Stopped(KeyboardInterrupt):
    """The stop button ended a check: the notebook stops, and shows one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """A `with` block in which the stop button is told in a line. Raises Stopped."""
    try:
        yield
    except KeyboardInterrupt:
        left = " Part of your code still runs: restart the kernel." if left_behind() else ""
        raise Stopped(f"Stopped. Nothing was noted.{left}") from None


@dataclass(frozen=True)
class Line:
    """A line of the learner's: where, and its text."""

    number: int
    text: str
    thread: str = ""

    def __str__(self) -> str:
        return f"line {self.number}: `{self.text}`" if self.text else f"line {self.number}"


@dataclass(frozen=True)
class Run:
    """How one guarded call ended: `error` is what it raised, `hung` where its threads still were."""

    error: BaseException | None = None
    hung: tuple[Line, ...] | None = None


@functools.lru_cache(maxsize=512)
def is_theirs(filename: str) -> bool:
    """Whether a file is the learner's: not poolkit's, not the standard library's or a package's."""
    if filename.startswith("<"):
        return filename.startswith("<ipython-input")
    path = str(Path(filename).resolve())
    return not path.startswith((HERE, *LIBRARIES)) and "site-packages" not in path


def their_line(trace: TracebackType | None) -> Line | None:
    """The innermost line of the learner's that an exception passed through, if any."""
    line = None
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_theirs(code.co_filename):
            line = _line(code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return line


def left_behind() -> list[threading.Thread]:
    """The threads of earlier checks that could not be ended and still live."""
    _left_behind[:] = [thread for thread in _left_behind if thread.is_alive()]
    return list(_left_behind)


class Guard:
    """A `with` block in which `run(func)` calls a learner's code within limits, in seconds."""

    def __init__(self, each: float = 2.0, whole: float = 4.0, most_printed: int = 400) -> None:
        self._each, self._left = each, whole
        self._before = set(threading.enumerate())
        self.printed = Printed(most_printed)

    def __enter__(self) -> Guard:
        self._saved = sys.stdout, sys.stderr, builtins.input, sys.breakpointhook
        self._excepthook = threading.excepthook
        threading.excepthook = self._unless_ended
        main = threading.current_thread()
        sys.stdout = _Switch(sys.stdout, self.printed, main)
        sys.stderr = _Switch(sys.stderr, self.printed, main)
        builtins.input = sys.breakpointhook = _no_input
        self._shell = _shell()
        if self._shell is not None:  # the notebook's own quit() and exit() would stop the kernel
            self._shell.ask_exit = sys.exit
        return self

    def __exit__(self, *exc: object) -> None:
        self._end_threads()
        sys.stdout, sys.stderr, builtins.input, sys.breakpointhook = self._saved
        threading.excepthook = self._excepthook
        if self._shell is not None:
            del self._shell.ask_exit
        if _left_behind:  # what still runs may print for ever: keep it away from the notebook
            self._muffle()

    def run(self, func: Callable[[], object]) -> Run:
        """Call `func()` in a thread of its own and wait until it ends or its time is up."""
        box: list[BaseException | None] = []
        worker = threading.Thread(target=_call, args=(func, box), daemon=True, name="your code")
        worker.start()
        spent, limit = 0.0, min(self._each, self._left)
        ends = monotonic() + LATEST * limit
        while worker.is_alive() and spent < limit and monotonic() < ends:
            before, worked = monotonic(), process_time()
            worker.join(0.01)  # short, so that the stop button is answered
            # On a busy machine we are not called for a while, and neither is the learner's code:
            # that time is not held against it. What this process worked through is.
            passed = monotonic() - before
            spent += min(passed, max(0.03, process_time() - worked))
        self._left -= spent
        if box:
            return Run(error=box[0])
        hung = tuple(self._where())
        self._end_threads()
        return Run(hung=hung)

    def _unless_ended(self, args) -> None:
        if args.exc_type is not Ended:
            self._excepthook(args)

    def _new_threads(self) -> list[threading.Thread]:
        """Those that came since the guard began and are in the learner's code or in ours."""
        frames = sys._current_frames()
        return [
            thread
            for thread in threading.enumerate()
            if thread not in self._before
            and any(_of_check(f) for f in _stack(frames.get(thread.ident)))
        ]

    def _where(self) -> Iterator[Line]:
        frames = sys._current_frames()
        for thread in self._new_threads():
            for frame in _stack(frames.get(thread.ident)):
                if is_theirs(frame.f_code.co_filename):
                    yield _line(frame.f_code.co_filename, frame.f_lineno, thread.name)
                    break

    def _end_threads(self) -> None:
        ends, ended = monotonic() + 0.5, False
        while (alive := self._new_threads()) and monotonic() < ends:
            for thread in alive:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident), ctypes.py_object(Ended)
                )
            ended = True
            sleep(0.02)  # an `except:` in a loop may swallow one, so it is sent again
        _left_behind.extend(thread for thread in alive if thread not in _left_behind)
        for clear_up in after_ending if ended else ():
            clear_up()

    def _muffle(self) -> None:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not isinstance(stream, _Switch):
                setattr(sys, name, _Switch(stream, self.printed, None))


def plain_run(func: Callable[[], object]) -> Run:
    """Call `func()` here and now, without limits: for what is ours."""
    box: list[BaseException | None] = []
    _call(func, box)
    if isinstance(box[0], Ended):
        raise box[0]
    return Run(error=box[0])


def _call(func: Callable[[], object], box: list) -> None:
    try:
        func()
        box.append(None)
    except BaseException as error:  # sys.exit() and our own Ended among them
        box.append(error)


def _shell():
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _no_input(*args: object, **kwargs: object) -> str:
    raise NoInput("a check has nobody at the keyboard")


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _of_check(frame: FrameType) -> bool:
    return frame.f_code is _call.__code__ or is_theirs(frame.f_code.co_filename)


def _line(filename: str, number: int, thread: str = "") -> Line:
    return Line(number, linecache.getline(filename, number).strip(), thread)


class Printed:
    """The first few hundred characters of what the learner's code printed; good as a stream."""

    def __init__(self, most: int) -> None:
        self._most, self._parts, self.more = most, [], False

    def add(self, text: str) -> None:
        room = self._most - sum(map(len, self._parts))
        if len(text) > room:
            self.more = True
        if room > 0:
            self._parts.append(text[:room])

    def write(self, text: str) -> int:
        self.add(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def __str__(self) -> str:
        return "".join(self._parts)


class _Switch:
    """A stream that keeps what the checked threads print, and passes on what the others do."""

    def __init__(self, real, kept: Printed, main: threading.Thread | None) -> None:
        self._real, self._kept, self._main = real, kept, main

    def write(self, text: str) -> int:
        here = threading.current_thread()
        if here is self._main or (self._main is None and here not in _left_behind):
            return self._real.write(text)
        self._kept.add(text)
        return len(text)

    def flush(self) -> None:
        if threading.current_thread() is self._main or self._main is None:
            self._real.flush()

    def __getattr__(self, name: str):
        return getattr(self._real, name)
