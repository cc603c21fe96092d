"""Lesson 03, retry: which failures pass, how long to pause, and who comes back at the same moment."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from poolkit.course.exercises import Exercise, because, expect, same
from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction


def make_database(folder: str) -> Path:
    """A small SQLite file with a table, which other connections can lock; gives its path."""
    path = Path(folder) / "events.db"
    db = sqlite3.connect(path)
    with db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
        db.executemany("INSERT INTO events (label) VALUES (?)", [("login",), ("logout",)])
    db.close()
    return path


_HOLDER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
db.rollback()
db.close()
"""


@contextlib.contextmanager
def locked_by_another(path: Path, seconds: float) -> Iterator[None]:
    """Another process locks the database before the block begins, and lets go after `seconds`."""
    command = [sys.executable, "-c", _HOLDER, str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        if other.stdout.readline().strip() != "locked":
            raise RuntimeError("the other process could not lock the database")
        yield


def provoke_errors(folder: str) -> dict[str, sqlite3.Error]:
    """Five errors from SQLite, each really made in a new database in `folder`."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "errors.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        with db:
            db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
            db.executemany("INSERT INTO events (label) VALUES (?)", [("login",), ("logout",)])
    add = "INSERT INTO events (label) VALUES ('late')"
    with (
        contextlib.closing(sqlite3.connect(path, timeout=0)) as one,
        contextlib.closing(sqlite3.connect(path, timeout=0)) as other,
    ):
        one.execute("BEGIN IMMEDIATE")
        errors = {"another connection writes": error_of(other.execute, add)}
        one.rollback()

        one.execute("BEGIN")
        one.execute("SELECT count(*) FROM events").fetchone()
        with other:
            other.execute(add)
        errors["somebody wrote since I read"] = error_of(one.execute, add)
        one.rollback()

        reading = one.execute("SELECT label FROM events")
        reading.fetchone()
        errors["the table is being read"] = error_of(one.execute, "DROP TABLE events")
        reading.close()
        errors["no such table"] = error_of(one.execute, "SELECT label FROM evnets")
    errors["no such folder"] = error_of(sqlite3.connect, Path(folder) / "nowhere" / "events.db")
    return errors


def error_of(func: Callable, *args: object) -> Exception | None:
    """What this call raises, if it raises."""
    try:
        func(*args)
    except Exception as exc:
        return exc
    return None


# --- fifty clients


@dataclass
class Storm:
    """What happened in one simulated outage: knocks at the door, and those let in, a tick each."""

    ends: float
    tick: float
    knocks: dict[int, int] = field(default_factory=dict)
    served: dict[int, int] = field(default_factory=dict)

    @property
    def in_vain(self) -> int:
        """How many knocks fell into the outage."""
        return sum(count for tick, count in self.knocks.items() if tick * self.tick < self.ends)

    @property
    def worst(self) -> int:
        """The most knocks in one tick, once the database was back."""
        return max(count for tick, count in self.knocks.items() if tick * self.tick >= self.ends)

    @property
    def all_served(self) -> float:
        """When the last client got in, in seconds."""
        return max(self.served) * self.tick


def storm(
    pauses: Callable[[], Iterable[float]],
    clients: int = 50,
    ends: float = 0.5,
    room: int = 5,
    tick: float = 0.02,
) -> Storm:
    """Let clients come back that failed together at time 0; `pauses()` gives one client's pauses.

    Each pauses, then knocks. No time passes: it is only counted. The database is away until `ends`;
    after that it lets in the first `room` clients of each tick, and turns away the rest, who pause
    and knock again.
    """
    happened = Storm(ends, tick)
    left = [iter(pauses()) for _ in range(clients)]
    due = [(next(left[client]), client) for client in range(clients)]
    heapq.heapify(due)
    while due:
        now, client = heapq.heappop(due)
        at = math.floor(now / tick + 1e-9)  # the pauses are summed up, and sums are a hair off
        happened.knocks[at] = happened.knocks.get(at, 0) + 1
        if now >= ends and happened.served.get(at, 0) < room:
            happened.served[at] = happened.served.get(at, 0) + 1
        elif (pause := next(left[client], None)) is not None:
            heapq.heappush(due, (now + pause, client))
    return happened


def storm_table(storms: dict[str, Storm]) -> str:
    """The storms in numbers, a line each."""
    lines = [
        f"{'pauses':12} {'knocks while away':>18} {'most at once later':>19} {'all served after':>17}"
    ]
    for name, one in storms.items():
        lines.append(f"{name:12} {one.in_vain:18} {one.worst:19} {one.all_served:15.2f} s")
    return "\n".join(lines)


def storm_picture(storms: dict[str, Storm]):
    """Draw the knocks of each storm over time; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, rows = plots.figure(len(storms), 1, sharex=True, sharey=True, figsize=(7.0, 5.2))
    highest = max(max(one.knocks.values()) for one in storms.values())
    for axes, (name, one) in zip(rows, storms.items(), strict=True):
        ticks = sorted(one.knocks)
        times = [tick * one.tick for tick in ticks]
        let_in = [one.served.get(tick, 0) for tick in ticks]
        refused = [one.knocks[tick] - inside for tick, inside in zip(ticks, let_in, strict=True)]
        axes.axvspan(0, one.ends, color="#EEEEEE", zorder=0)
        axes.bar(times, let_in, one.tick, align="edge", color=plots.LINES[0], label="let in")
        axes.bar(
            times, refused, one.tick, let_in, align="edge", color="white", hatch=plots.HATCHES[1],
            edgecolor=plots.LINES[1], linewidth=0.8, label="turned away",
        )  # fmt: skip
        axes.set_title(f"{name}: all served after {one.all_served:.2f} s", loc="left", fontsize=11)
        axes.grid(visible=False, axis="x")
    rows[0].text(0.01, highest * 1.04, "database away", va="bottom", fontsize=10)
    rows[0].set_ylim(0, highest * 1.3)
    rows[0].set_xlim(0, None)
    rows[0].legend(ncols=2, loc="upper right", fontsize=10)
    rows[len(rows) // 2].set_ylabel("clients that knock at once")
    rows[-1].set_xlabel("seconds since all of them lost their connection")
    return fig, (
        f"{len(storms)} rows of bars over time, one for each kind of pause: how many of the clients "
        "knock in the same moment, and how many of them are let in. The first part is shaded: there "
        "the database is away."
    )


def storm_sentence(storms: dict[str, Storm]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    growing, jittered = storms["exponential"], storms["jittered"]
    if jittered.worst >= growing.worst or jittered.all_served >= growing.all_served:
        return "Not shown by this run: drawn pauses did not spread the clients out."
    return (
        f"Once the database is back, growing pauses alone bring {growing.worst} clients in one moment, "
        f"for {room_of(growing)} places; drawn ones at most {jittered.worst}, and all are served after "
        f"{jittered.all_served:.2f} s instead of {growing.all_served:.2f} s."
    )


def room_of(one: Storm) -> int:
    """The most clients that were let in within one tick."""
    return max(one.served.values())


# --- retry.delays


def backoff_delays(attempts, base=0.01, cap=1.0):
    """Give the pauses between attempts, in seconds: base, twice base, four times base, and so on.

    None is longer than cap. Between 4 attempts there are 3 pauses: after the last one nobody
    comes again. Yield them one by one, or return them in a list, and sleep for none of them.
    """
    pause = base
    for _ in range(attempts - 1):
        yield min(pause, cap)
        pause *= 2


def doubles(func):
    """Each pause is twice the one before, and the first is base."""
    got = pauses_of(func, 4, base=0.001)[:3]
    assert not same(got, [0.002, 0.004, 0.008]), "starts doubled"
    assert not same(got, [0.001, 0.002, 0.003]), "adds"
    assert same(got, [0.001, 0.002, 0.004][: len(got)]), because("wrong pauses", got=got)


def one_fewer(func):
    """There is one pause fewer than attempts."""
    for attempts in (4, 1):
        got = len(pauses_of(func, attempts, base=0.001))
        again = len(pauses_of(func, attempts, base=0.001))
        assert got == again, because("kept the list", attempts=attempts, got=got, again=again)
        assert got != MOST, because("no end", attempts=attempts, want=attempts - 1)
        assert got != attempts, because("one for each attempt", attempts=attempts)
        assert got == attempts - 1, because(
            "how many", attempts=attempts, want=attempts - 1, got=got
        )


def is_capped(func):
    """No pause is longer than cap."""
    got = pauses_of(func, 6, base=0.001, cap=0.006)
    assert max(got, default=0) <= 0.006, because("too long", got=got)
    assert len(got) == 5, because("stops at the cap", got=got)
    assert same(got[3:], [0.006, 0.006]), because("not at the cap", got=got)
    assert same(pauses_of(func, 3, base=0.005, cap=0.003), [0.003, 0.003]), "first too long"


def has_defaults(func):
    """Without base and cap it begins with 0.01 s and never exceeds 1 s."""
    first, longest = pauses_of(func, 4)[:1], pauses_of(func, 2, base=1.5)
    assert same(first, [0.01]), because("wrong base", first=first)
    assert same(longest, [1.0]), because("wrong cap", longest=longest)


def only_gives(func):
    """It gives numbers and sleeps for none of them."""
    slept, here, really = [], threading.get_ident(), time.sleep

    def noted(seconds: float) -> None:
        slept.append(seconds) if threading.get_ident() == here else really(seconds)

    with mock.patch("time.sleep", noted):
        pauses_of(func, 3, base=0.001)
    assert not slept, because("slept", slept=slept)


MOST = 50  # so many are looked at


def pauses_of(func, attempts: int, **settings: float) -> list[float]:
    """The pauses, at most `MOST` of them; they may come in a list or one by one.

    What is asked for is short, so that an answer that really sleeps still comes to an end.
    """
    called = f"backoff_delays({attempts}{''.join(f', {k}={v}' for k, v in settings.items())})"
    got = func(attempts, **settings)
    assert got is not None, because("gave nothing", called=called)
    if not hasattr(type(got), "__iter__") or isinstance(got, (str, dict)):
        expect(got, list, called)
    pauses = list(itertools.islice(got, MOST))
    for pause in pauses:
        is_number = isinstance(pause, (int, float)) and not isinstance(pause, bool)
        assert is_number, because("no number", called=called, got=pause)
    return [float(pause) for pause in pauses]


delays = Exercise(
    id="retry.delays",
    title="Pauses that grow",
    answer=backoff_delays,
    claims=(doubles, one_fewer, is_capped, has_defaults, only_gives),
    names=("base", "cap"),
    hints=(
        "Keep the next pause in a variable and double it each time round. How often do you go round for 4 attempts?",
        "Let the variable grow freely, and give out the smaller of it and `cap`. With `yield` in the loop you need no list.",
        "Fill in the two blanks.\n\npause = base\nfor _ in range(____):\n    yield min(pause, ____)\n    pause *= 2",
    ),
    tellings={
        "gave nothing": "`{called:plain}` gave nothing. It neither sleeps nor prints: it gives the numbers, one by one with `yield` or all in a list.",
        "starts doubled": "`backoff_delays(4, base=0.001)` begins with 0.002: the first pause is doubled already. Give it out first, double it then.",
        "adds": "`backoff_delays(4, base=0.001)` gave 0.001, 0.002, 0.003: the same is added each time. Twice the one before would be 0.001, 0.002, 0.004.",
        "wrong pauses": "`backoff_delays(4, base=0.001)` should give 0.001, 0.002 and 0.004; yours begins {got}.",
        "one for each attempt": "`backoff_delays({attempts})` gave as many pauses as attempts. The last one comes after the last attempt, when nobody will try again.",
        "no number": "Among the pauses of `{called:plain}` is {got}. A pause is a number of seconds, ready to be slept.",
        "no end": "`backoff_delays({attempts})` gives one pause after the other and does not stop. Between {attempts} attempts there are {want}.",
        "how many": "`backoff_delays({attempts})` should give as many pauses as there are gaps between the attempts, {want}; yours gave {got}.",
        "kept the list": "`backoff_delays({attempts})` gave {got} pauses, and at the next call {again}. Something is kept from call to call, such as a list in the signature: make a new one inside.",
        "slept": "Your function slept: {slept}. It only gives the numbers. Whoever calls it decides whether to sleep, and a test does not want to.",
        "too long": "`backoff_delays(6, base=0.001, cap=0.006)` gave {got}: one is longer than 0.006. Without a cap the tenth pause is 512 times the first.",
        "stops at the cap": "`backoff_delays(6, base=0.001, cap=0.006)` gave {got}. Reaching the cap is no reason to stop trying: there are still 5 pauses.",
        "not at the cap": "`backoff_delays(6, base=0.001, cap=0.006)` gave {got}. Once doubling leads above 0.006, the pause is 0.006 itself.",
        "first too long": "`backoff_delays(3, base=0.005, cap=0.003)` should give 0.003 twice: the cap holds for the first pause too.",
        "wrong base": "`backoff_delays(4)` should begin with 0.01; yours begins {first}. The defaults stand in the signature.",
        "wrong cap": "`backoff_delays(2, base=1.5)` should give 1.0, the default of `cap`; yours gives {longest}.",
    },
    after="Three lines, and no sleep in them: pauses that are only numbers can be tested without waiting.",
)  # fmt: skip


# --- retry.transient


def is_transient(exc):
    """Whether the same call may succeed a moment later: the database, or a table, is locked.

    An error from SQLite has an `exc.sqlite_errorcode`. Its lower 8 bits decide, whatever the
    message says: 5 and 6 pass by themselves, nothing else does. An exception made by hand has no
    such attribute; then it is transient if it is a sqlite3.OperationalError with "is locked" in its
    message. Give True or False.
    """
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


_NAMES = {
    1: "SQLITE_ERROR", 5: "SQLITE_BUSY", 6: "SQLITE_LOCKED", 14: "SQLITE_CANTOPEN",
    21: "SQLITE_MISUSE", 262: "SQLITE_LOCKED_SHAREDCACHE", 517: "SQLITE_BUSY_SNAPSHOT",
}  # fmt: skip


def coded(code: int, message: str) -> sqlite3.OperationalError:
    """An error as SQLite raises it, with its code and the code's name."""
    exc = sqlite3.OperationalError(message)
    exc.sqlite_errorcode, exc.sqlite_errorname = code, _NAMES[code]
    return exc


def lets_locks_pass(func):
    """A locked database, and a locked table, are transient."""
    assert verdict(func, coded(5, "database is locked")), because("lock refused", code=5)
    assert verdict(func, coded(6, "database table is locked")), because("lock refused", code=6)


def refuses_what_stays(func):
    """A missing table and a file that cannot be opened are not."""
    for code, message in ((1, "no such table: evnets"), (14, "unable to open database file")):
        assert not verdict(func, coded(code, message)), because("hopeless", what=message, code=code)


def looks_at_eight_bits(func):
    """The upper bits of the code, which name the variant, change nothing."""
    assert verdict(func, coded(517, "database is locked")), because("whole code", code=517)
    assert verdict(func, coded(262, "database table is locked")), because("whole code", code=262)
    assert not verdict(func, coded(21, "bad parameter or other API misuse")), "too few bits"


def trusts_the_code(func):
    """Where there is a code, the message decides nothing."""
    message = "no such table: door that is locked"
    assert not verdict(func, coded(1, message)), "read the message"
    assert verdict(func, coded(5, "Datenbank gesperrt")), "needs the message"


def reads_a_message(func):
    """An exception made by hand, without a code, is judged by its message."""
    for words in ("database is locked", "database table is locked: events"):
        assert verdict(func, sqlite3.OperationalError(words)), because("by hand", words=words)
    for words in ("no such table: events", "no such table: locked_doors"):
        gone = sqlite3.OperationalError(words)
        assert not verdict(func, gone), because("all by hand", words=words)


def leaves_others(func):
    """Without a code, nothing but an OperationalError is transient."""
    others = sqlite3.IntegrityError("the row is locked"), ValueError("the door is locked")
    for exc in (*others, KeyboardInterrupt()):
        assert not verdict(func, exc), because("others", exc=exc)


def verdict(func, exc: BaseException) -> bool:
    """What the learner's function says about an exception: True or False."""
    got = func(exc)
    expect(got, bool, f"is_transient({type(exc).__name__}({str(exc)!r}))")
    return got


transient = Exercise(
    id="retry.transient",
    title="Which failures pass by themselves?",
    answer=is_transient,
    claims=(
        lets_locks_pass, refuses_what_stays, looks_at_eight_bits, trusts_the_code, reads_a_message,
        leaves_others,
    ),
    hints=(
        "Two cases: the exception has a code, or it has none. `getattr` with a default tells you which, without raising.",
        "With a code, `code & 0xff` keeps the lower 8 bits, and you compare those. Without one, ask for the type first, then look into `str(exc)`.",
        "Fill in the three blanks.\n\ncode = getattr(exc, \"sqlite_errorcode\", None)\nif code is not None:\n    return code & 0xff in ____\nreturn isinstance(exc, ____) and ____ in str(exc)",
    ),
    tellings={
        "lock refused": "SQLite raised an error with code {code}, which says that something is locked, and yours says it will not pass.",
        "hopeless": "SQLite said {what}, code {code}, and yours calls that transient. Its type is that of a lock, OperationalError, but only the codes 5 and 6 pass.",
        "whole code": "The code was {code}. Its lower 8 bits say locked, the upper ones only which kind of lock: compare `code & 0xff`.",
        "too few bits": "The code was 21, which is neither 5 nor 6, and yours calls it transient. In four bits 21 would read 5: `0xff` keeps eight.",
        "read the message": "Somebody asked for a table named \"door that is locked\", and there is none: code 1. Yours read \"is locked\" and wants to try again. The code decides, where there is one.",
        "needs the message": "The code was 5, the message in another language. Where there is a code, do not ask for words besides.",
        "by hand": "`sqlite3.OperationalError({words})`, made by hand, carries no code. Yours says it will not pass: look at its message.",
        "all by hand": "`sqlite3.OperationalError({words})`, made by hand, carries no code, and yours calls it transient. Look for \"is locked\" in its message.",
        "others": "Yours calls {exc} transient. It carries no code, and only a sqlite3.OperationalError may be judged by its message.",
    },
    after="The type of an exception says who complains. Whether to try again is another question, and only the code answers it.",
)  # fmt: skip


# --- retry.retry


def retry(func, pauses, transient, sleep):
    """Call func until it returns, and return what it returned, even None.

    If it raises an Exception for which `transient(exc)` is true, sleep for the next of `pauses`, in
    seconds, by calling `sleep`, and call it again. If it is not transient, or no pause is left,
    raise that same exception. Anything that is no Exception, such as the stop button's
    KeyboardInterrupt, goes straight through. `pauses` may be a list or, like `backoff_delays`, give
    its numbers one by one.
    """
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


class Script:
    """A function that raises what it was given, one exception after the other, then returns."""

    def __init__(self, *errors: BaseException, gives: object = "done") -> None:
        self.errors, self.gives, self.calls = errors, gives, 0

    def __call__(self) -> object:
        self.calls += 1
        if self.calls > 20:
            raise StillGoing
        if self.calls <= len(self.errors):
            raise self.errors[self.calls - 1]
        return self.gives


class StillGoing(BaseException):
    """The learner's loop does not come to an end."""


class Played:
    """One call of the learner's retry: what it returned or raised, and how long it slept."""

    def __init__(self, func, script: Script, pauses: Iterable[float], transient=None) -> None:
        self.calls, self.slept, self.error, self.result = 0, [], None, None
        self.script = script
        try:
            self.result = func(script, pauses, transient or (lambda exc: True), self.slept.append)
        except BaseException as exc:
            mine = (StillGoing, *map(type, script.errors))
            on_purpose = (ConnectionError, TimeoutError, RuntimeError, sqlite3.Error)
            if type(exc) is not Exception and not isinstance(exc, (*mine, *on_purpose)):
                raise  # a slip of theirs, such as a NameError, and told as one
            self.error = exc
        self.calls = script.calls


def locks(count: int) -> list[sqlite3.OperationalError]:
    """So many errors that pass, each an object of its own."""
    return [sqlite3.OperationalError("database is locked") for _ in range(count)]


def returns_at_once(func):
    """What func returns is returned, without a pause."""
    script = Script(gives="a connection")
    played = Played(func, script, [0.1, 0.2])
    assert played.result is not script, "not called"
    assert played.calls <= 1, because("again after success", calls=played.calls)
    assert same(played.result, "a connection"), because("lost the result", got=played.result)
    assert played.slept == [], because("paused for nothing", slept=played.slept)
    for gives in (None, 0):
        played = Played(func, Script(gives=gives), [0.1, 0.2])
        assert played.calls == 1 and not played.slept, because("after success", gives=gives)
        assert same(played.result, gives), because("lost the result", got=played.result)


def tries_again(func):
    """After a failure that passes it sleeps, one pause after the other, and tries again."""
    played = Played(func, Script(*locks(2)), [0.1, 0.2, 0.4])
    assert played.calls != 1, "gave up at once"
    assert same(played.result, "done"), because("lost the result", got=played.result)
    assert same(played.slept, [0.1, 0.2]), because("wrong pauses", slept=played.slept)
    played = Played(func, Script(*locks(2)), [0, 0, 0])
    assert played.calls == 3, because("zero is a pause", calls=played.calls)


def takes_them_one_by_one(func):
    """The pauses may come in a list, or one by one from a generator."""
    generator = (pause for pause in (0.1, 0.2, 0.4))
    try:
        played = Played(func, Script(*locks(2)), generator)
    except TypeError as exc:
        if "generator" not in str(exc):
            raise
        raise AssertionError(because("needs a list", error=str(exc))) from None
    assert same(played.slept, [0.1, 0.2]), because("wrong pauses", slept=played.slept)


def comes_to_an_end(func):
    """With 2 pauses there are 3 attempts, and no sleep after the last."""
    played = Played(func, Script(*locks(30)), [0.1, 0.2])
    assert played.error is not None, because("swallowed", got=played.result)
    assert played.calls != 2, "one too few"
    assert played.calls == 3, because("how often", calls=played.calls)
    assert len(played.slept) != 3, because("after the last", slept=played.slept)
    assert same(played.slept, [0.1, 0.2]), because("wrong pauses", slept=played.slept)


def raises_the_last(func):
    """When it gives up it raises the last failure itself, not another in its place."""
    errors = locks(30)
    played = Played(func, Script(*errors), [0.1])
    assert played.error is not errors[0], "the first"
    assert played.error is errors[1], because("another error", got=played.error)


def gives_up_on_what_stays(func):
    """A failure that is not transient is raised at once."""
    missing = sqlite3.OperationalError("no such table: evnets")
    played = Played(func, Script(missing), [0.1, 0.2], lambda exc: False)
    assert played.calls == 1, because("hopeless", calls=played.calls)
    assert played.slept == [], because("slept first", slept=played.slept)
    assert played.error is not None, because("kept what stays", got=played.result)
    assert played.error is missing, because("another error", got=played.error)
    (lock,) = locks(1)
    played = Played(func, Script(lock, missing), [0.1, 0.2], lambda exc: exc is lock)
    assert played.calls <= 2, because("hopeless later", calls=played.calls)


def asks_the_one_it_is_given(func):
    """Which failures are transient, the function it is given decides, and nothing else."""
    busy, asked = LookupError("busy"), []
    played = Played(func, Script(busy), [0.1], lambda exc: asked.append(exc) or True)
    assert same(played.result, "done"), "own idea"
    for exc in asked:
        assert exc is busy, because("asked about", exc=exc)


def lets_the_stop_button_through(func):
    """The stop button is no failure to be retried."""
    played = Played(func, Script(KeyboardInterrupt()), [0.1])
    assert played.calls == 1, "stop button"
    assert isinstance(played.error, KeyboardInterrupt), because("swallowed", got=played.result)


loop = Exercise(
    id="retry.retry",
    title="Try again, but not for ever and not for everything",
    answer=retry,
    claims=(
        returns_at_once, tries_again, takes_them_one_by_one, comes_to_an_end, raises_the_last,
        gives_up_on_what_stays, asks_the_one_it_is_given, lets_the_stop_button_through,
    ),
    hints=(
        "There is one attempt more than there are pauses. What could stand in the place of the missing pause?",
        "Go through `[*pauses, None]`. In each round: try to return `func()`; in `except Exception as exc` decide whether to `raise`; after the try, sleep. A bare `raise` sends on the very same exception.",
        "Fill in the two blanks.\n\nfor pause in [*pauses, None]:\n    try:\n        return func()\n    except Exception as exc:\n        if pause is None or ____:\n            ____\n    sleep(pause)",
    ),
    tellings={
        "not called": "Your `retry` gave back func itself and never called it. `func` is the function, `func()` what it returns.",
        "after success": "func returned {gives} at the first call, and you went on as if it had failed. Only an exception is a failure; whatever comes back is the result.",
        "again after success": "func returned at the first call, and you called it this often: {calls}. Return what it gave at once.",
        "lost the result": "func returned, and your `retry` gave {got} instead of what func returned.",
        "paused for nothing": "func returned at the first call, and you slept all the same: {slept}.",
        "gave up at once": "func failed with something that passes, two pauses were left, and it was not called again.",
        "wrong pauses": "func failed twice. With pauses of 0.1, 0.2 and more you should have slept [0.1, 0.2], through the `sleep` you were given; you slept {slept}.",
        "zero is a pause": "The pauses were 0, 0 and 0, and func failed twice: that makes 3 attempts, you made {calls}. 0 counts as false, but it is a pause: ask whether it `is None`.",
        "needs a list": "The pauses came one by one from a generator, as they may from `backoff_delays`: {error:plain}. Go through them with `for`, or with `iter` and `next`.",
        "one too few": "The pauses were 0.1 and 0.2, so that there are 3 attempts; you made 2. After the last pause comes one more attempt: why else wait?",
        "how often": "The pauses were 0.1 and 0.2, so that there are 3 attempts; the number of yours was {calls}.",
        "after the last": "Three attempts, two pauses: you slept {slept}. After the last failure nobody comes again, so that pause only delays the bad news.",
        "swallowed": "Every attempt failed, and your `retry` raised nothing: it returned {got}. Whoever called it believes that all is well.",
        "another error": "What came out was {got}, not the exception that func had raised. A bare `raise` sends on the same one, with everything it carries.",
        "the first": "func failed twice, each time with another exception, and you raised the first. The last one tells how things stand.",
        "hopeless": "The failure was not transient, and func was called again, {calls} times in all. Ask `transient(exc)`, and raise if it says no.",
        "slept first": "The failure was not transient, and you slept {slept} before you raised it. Ask `transient(exc)` before you pause.",
        "kept what stays": "The failure was not transient, and your `retry` raised nothing: it returned {got}. Whoever called it believes that all is well.",
        "hopeless later": "The first failure was transient and the second was not, and func was called {calls} times. Ask about each failure anew.",
        "asked about": "`transient` was asked about {exc}. It wants the exception itself: `transient(exc)`.",
        "own idea": "`transient` said that a LookupError passes, and you raised it. Ask the function you were given: with another database, other errors pass.",
        "stop button": "Somebody pressed the stop button, and you tried again. `except Exception` lets KeyboardInterrupt through; `except:` and `except BaseException` do not.",
    },
    after="`sleep` came in as an argument, and so this whole check waited for nothing.",
)  # fmt: skip

exercises = (delays, transient, loop)


# --- predictions

predictions = (
    Prediction(
        id="retry.waits",
        question="The pause after attempt n is `0.01 * 2 ** (n - 1)` seconds. How many milliseconds does the loop pause after attempts 1, 2 and 3?",
        places={"first": int, "second": int, "third": int},
        sample={"first": 20, "second": 40, "third": 80, "sure": 70},
        explanations=(
            (
                {"first": 20},
                "After attempt 1 the exponent is 1 - 1 = 0, and anything to the power of 0 is 1: the first pause is the base itself.",
            ),
            (
                {"first": 0},
                "After attempt 1 the exponent is 0, and 2 to the power of 0 is 1, not 0: the first pause is the base itself.",
            ),
            (
                {"third": 30},
                "That would be adding. Each pause is twice the one before: 10, 20, then 40.",
            ),
        ),
        why="Doubling starts almost at once, for a glitch that is over in a moment, and soon leaves long gaps to a database that needs them.",
    ),
    Prediction(
        id="retry.wasted",
        question="The database stays locked, and the loop gives up after its third attempt. In all it has slept 70 ms. How many of them could you take away without losing an attempt?",
        places={"wasted": int},
        sample={"wasted": 0, "sure": 60},
        explanations=(
            (
                {"wasted": 0},
                "Look for the attempt that follows the third pause. There is none.",
            ),
            (
                {"wasted": 70},
                "An attempt follows the first pause and another the second: those gave the database its time. One pause is left that nothing follows.",
            ),
            (
                {"wasted": 10},
                "An attempt follows the first pause. Which pause has none after it?",
            ),
            (
                {"wasted": 30},
                "10 and 20 are the pauses that an attempt follows: these you need. The third one nobody does.",
            ),
        ),
        why="The pause after the last attempt is the longest of all, and all it does is hold back the error.",
    ),
    Prediction(
        id="retry.missing",
        question="The same loop opens a file in a folder that does not exist. How many attempts does it make? And does SQLite raise the same type of exception as for a locked database?",
        places={"attempts": int, "same_type": bool},
        sample={"attempts": 1, "same_type": False, "sure": 60},
        explanations=(
            (
                {"same_type": False},
                "Both are `sqlite3.OperationalError`. So the loop cannot tell them apart, and tries three times what cannot succeed once.",
            ),
            (
                {"attempts": 1},
                "The loop catches OperationalError, and this is one. It pauses politely and tries again, three times.",
            ),
            (
                {"attempts": 2},
                "Nothing tells the loop to stop early: it makes all three.",
            ),
        ),
        why="Retrying does not make a folder. It only keeps the answer from whoever could: they wait, and then read that something gave up.",
    ),
    Prediction(
        id="retry.herd",
        question="Fifty clients lost their connection at the same moment; the database comes back after half a second and lets in five at a time. With growing pauses and no jitter, how many knock at once in the worst moment after that? And which pauses have all fifty served first?",
        places={"at_once": int, "first_done": ("fixed", "exponential", "jittered")},
        sample={"at_once": 5, "first_done": "exponential", "sure": 60},
        explanations=(
            (
                {"at_once": 5},
                "Five are let in. But all fifty failed together, so that their pauses begin and end together: they all knock, and 45 are sent away.",
            ),
            (
                {"first_done": "exponential"},
                "Growing pauses keep the crowd together: all come at once, five get in, the others leave for the longest pause there is, together again.",
            ),
            (
                {"first_done": "fixed"},
                "Fixed pauses are short and come out second. They pay for it in knocks: look at the first number of the table.",
            ),
            (
                {"at_once": 10},
                "Nothing spreads them: equal pauses after an equal start lead to equal times.",
            ),
        ),
        why="A crowd that keeps in step is called a retry storm, or a thundering herd. Chance breaks the step.",
    ),
)

explanations = (
    Explanation(
        id="retry.why_exponential",
        question="Why do the pauses grow, when a fixed pause would be simpler? And what do growing pauses not do?",
        points=(
            "Nobody knows how long the trouble lasts. Short pauses first: most glitches are over at once.",
            "The longer it lasts, the less often you knock: a database that struggles is left alone.",
            "A cap keeps the pause from growing past all use, and a limit on attempts brings the error to somebody who can act.",
            "They do not spread clients that failed together: that is what jitter is for.",
        ),
        sample="A short glitch is waited out quickly, and a long one is not made worse by knocking all the time; but clients that failed together still come back together.",
    ),
)
