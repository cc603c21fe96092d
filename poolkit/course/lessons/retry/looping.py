"""Exercise retry.retry: try again, but not for ever and not for everything."""

from __future__ import annotations

import sqlite3
import time  # noqa: F401 - answers may call it, as cells can
from collections.abc import Iterable

from poolkit.course.exercises import Exercise, assume, because, same
from poolkit.course.histories import Histories
from poolkit.course.lessons.retry.pausing import time_sleep_notes
from poolkit.course.lessons.retry.plays import ENOUGH, Script, StillGoing, play_one, plays
from poolkit.course.slips import slip


def retry(func, pauses, transient, sleep):
    """Call func until it returns, and return what it returned, even None.

    If it raises an Exception for which `transient(exc)` is true, sleep for the next of `pauses`, in
    seconds, by calling `sleep`, and call it again. If it is not transient, or no pause is left,
    raise that same exception. Anything that is no Exception, such as the stop button's
    KeyboardInterrupt, goes straight through. `pauses` may be a list, which stays as it is, or, like
    `backoff_delays`, give its numbers one by one.
    """
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


class Played:
    """One call of the learner's retry: what it returned or raised, and how long it slept."""

    def __init__(self, func, script: Script, pauses: Iterable[float], transient=None) -> None:
        self.calls, self.slept, self.error, self.result = 0, [], None, None
        self.script = script
        try:
            with time_sleep_notes():
                self.result = func(
                    script, pauses, transient or (lambda exc: True), self.slept.append
                )
        except BaseException as exc:
            mine = (StillGoing, *map(type, script.errors))
            on_purpose = (ConnectionError, TimeoutError, RuntimeError, sqlite3.Error)
            if type(exc) is not Exception and not isinstance(exc, (*mine, *on_purpose)):
                raise  # a slip of theirs, such as a NameError, and told as one
            self.error = exc
        self.calls = script.calls

    @property
    def often(self) -> str:
        """How often func was called, in words."""
        words = {1: "once", ENOUGH + 1: f"more than {ENOUGH} times"}
        return words.get(min(self.calls, ENOUGH + 1), f"{self.calls} times")


def locks(count: int) -> list[sqlite3.OperationalError]:
    """So many errors that pass, each an object of its own."""
    return [sqlite3.OperationalError("database is locked") for _ in range(count)]


def returns_at_once(func):
    """What func returns is returned, without a pause."""
    script = Script(gives="a connection")
    played = Played(func, script, [0.1, 0.2])
    assert played.result is not script, "not called"
    assert played.calls <= 1, because("again after success", often=played.often)
    assert same(played.result, "a connection"), because("lost the result", got=played.result)
    assert played.slept == [], because("paused for nothing", slept=played.slept)
    played = Played(func, Script(*locks(1)), [0.1, 0.2])
    if played.calls == 2 and played.error is None:
        assert same(played.result, "done"), because("lost the result", got=played.result)
    for gives in (None, 0):
        played = Played(func, Script(gives=gives), [0.1, 0.2])
        assert played.calls == 1 and not played.slept, because("after success", gives=gives)
        assert same(played.result, gives), because("lost the result", got=played.result)


def tries_again(func):
    """After a failure that passes it sleeps, one pause after the other, and tries again."""
    played = Played(func, Script(*locks(2)), [0.1, 0.2, 0.4])
    assume(played.calls)
    assert played.calls != 1, "gave up at once"
    assert played.calls >= 3, because("stopped short", often=played.often)
    assume(not Played(func, Script(), [0.1]).slept)
    assert same(played.slept, [0.1, 0.2]), because("wrong pauses", slept=played.slept)
    played = Played(func, Script(*locks(2)), [0, 0, 0])
    assert played.calls == 3, because("zero is a pause", often=played.often)


def takes_them_one_by_one(func):
    """The pauses may come in a list, or one by one from a generator."""
    generator = (pause for pause in (0.1, 0.2, 0.4))
    assume(same(Played(func, Script(*locks(2)), [0.1, 0.2, 0.4]).slept, [0.1, 0.2]))
    try:
        played = Played(func, Script(*locks(2)), generator)
    except (TypeError, AttributeError) as exc:
        if "generator" not in str(exc):
            raise
        raise AssertionError(because("needs a list", error=str(exc))) from None
    assert same(played.slept, [0.1, 0.2]), because("wrong from a generator", slept=played.slept)


def comes_to_an_end(func):
    """With 2 pauses there are 3 attempts, and no sleep after the last."""
    played = Played(func, Script(*locks(30)), [0.1, 0.2])
    assume(played.calls)
    assert played.calls != 2, "one too few"
    assert played.calls == 3, because("how often", often=played.often)
    assert len(played.slept) <= 2, because("after the last", slept=played.slept)


def raises_the_last(func):
    """When it gives up it raises the last failure itself, not another in its place."""
    errors = locks(30)
    played = Played(func, Script(*errors), [0.1])
    assume(1 <= played.calls <= len(errors) and not isinstance(played.error, StillGoing))
    assert played.error is not None, because("swallowed", got=played.result)
    assert played.error is not errors[0] or played.calls == 1, "the first"
    last = errors[played.calls - 1]
    assert played.error is last, because("another error", got=played.error)


def gives_up_on_what_stays(func):
    """A failure that is not transient is raised at once."""
    missing = sqlite3.OperationalError("no such table: evnets")
    played = Played(func, Script(missing), [0.1, 0.2], lambda exc: False)
    assume(played.calls)
    assert played.calls == 1, because("hopeless", often=played.often)
    assert played.slept == [], because("slept first", slept=played.slept)
    assert played.error is not None, because("kept what stays", got=played.result)
    assert played.error is missing, because("another error", got=played.error)
    (lock,) = locks(1)
    played = Played(func, Script(lock, missing), [0.1, 0.2], lambda exc: exc is lock)
    assert played.calls <= 2, because("hopeless later", often=played.often)


def asks_the_one_it_is_given(func):
    """Which failures are transient, the function it is given decides, and nothing else."""
    assume(same(Played(func, Script(*locks(1)), [0.1]).result, "done"))
    busy, asked = LookupError("busy"), []
    played = Played(func, Script(busy), [0.1], lambda exc: asked.append(exc) or True)
    assert played.calls == 2, "own idea"
    assume(asked)
    for exc in asked:
        assert exc is busy, because("asked about", exc=exc)


def lets_the_stop_button_through(func):
    """The stop button is no failure to be retried: it goes straight through."""
    played = Played(func, Script(KeyboardInterrupt()), [0.1])
    assume(played.calls)
    assert played.calls == 1, "stop button"
    came = played.result if played.error is None else played.error
    assert isinstance(played.error, KeyboardInterrupt), because("stop button lost", got=came)


loop = Exercise(
    id="retry.retry",
    title="Try again, but not for ever and not for everything",
    answer=retry,
    claims=(
        returns_at_once,
        tries_again,
        takes_them_one_by_one,
        comes_to_an_end,
        raises_the_last,
        gives_up_on_what_stays,
        asks_the_one_it_is_given,
        lets_the_stop_button_through,
        Histories(
            "However the attempts go, it calls, asks, sleeps and ends as the text says.",
            inputs=plays,
            play=play_one,
        ),
    ),
    hints=(
        "There is one attempt more than there are pauses. What could stand in the place of the missing pause?",
        "Go through `[*pauses, None]`. In each round: try to return `func()`; in `except Exception as exc` decide whether to `raise`; after the try, sleep. A bare `raise` sends on the very same exception.",
        "Fill in the two blanks.\n\nfor pause in [*pauses, None]:\n    try:\n        return func()\n    except Exception as exc:\n        if pause is None or ____:\n            ____\n    sleep(pause)",
    ),
    tellings={
        "not called": "Your `retry` gave back func itself and never called it. `func` is the function, `func()` what it returns.",
        "after success": "func returned {gives} at the first call, and you went on as if it had failed. Only an exception is a failure; whatever comes back is the result.",
        "again after success": "func returned at the first call, and was called {often:plain}.",
        "lost the result": "func returned, and your `retry` gave {got} instead of what func returned.",
        "paused for nothing": "func returned at the first call, and you slept all the same: {slept}.",
        "gave up at once": "func failed with something that passes, three pauses were there, and it was not called again.",
        "stopped short": "func failed twice with something that passes, three pauses were there, and func was called {often:plain}.",
        "wrong pauses": "The pauses were 0.1, 0.2 and 0.4, and func failed twice, then returned: that makes two sleeps through the `sleep` you were given, [0.1, 0.2]. What it was called with is {slept}.",
        "wrong from a generator": "The pauses 0.1, 0.2 and 0.4 came one by one from a generator, as they may from `backoff_delays`, and func failed twice: that makes two sleeps, [0.1, 0.2]. With a list you made them; now `sleep` was called with {slept}.",
        "zero is a pause": "The pauses were 0, 0 and 0, and func failed twice: that makes 3 attempts. func was called {often:plain}.",
        "needs a list": "The pauses came one by one from a generator, as they may from `backoff_delays`: {error:plain}. Go through them with `for`, or with `iter` and `next`.",
        "one too few": "The pauses were 0.1 and 0.2, so that there are 3 attempts, and each failed; func was called 2 times. After the last pause comes one more attempt: why else wait?",
        "how often": "The pauses were 0.1 and 0.2, so that there are 3 attempts, and each failed; func was called {often:plain}.",
        "after the last": "Three attempts, two pauses: you slept {slept}. After the last failure nobody comes again, so that pause only delays the bad news.",
        "swallowed": "Every attempt failed, and your `retry` raised nothing: it returned {got}. Whoever called it believes that all is well.",
        "another error": "What came out was {got}, not the exception that func had raised. A bare `raise` sends on the same one, with everything it carries.",
        "the first": "func failed twice, each time with another exception, and you raised the first. The last one tells how things stand.",
        "hopeless": "The failure was not transient, and func was called {often:plain}. `transient(exc)` said no.",
        "slept first": "The failure was not transient, and you slept {slept} before it came out. No pause helps there.",
        "kept what stays": "The failure was not transient, and your `retry` raised nothing: it returned {got}. Whoever called it believes that all is well.",
        "hopeless later": "The first failure was transient and the second was not, and func was called {often:plain}. Each failure is a question of its own.",
        "asked about": "`transient` was asked about {exc}. It wants the exception itself: `transient(exc)`.",
        "own idea": "`transient` said that a LookupError passes, one pause was there, and func was not called once more, as it is after a locked database. With another database, other errors pass.",
        "stop button": "Somebody pressed the stop button, and func was called again. `except Exception` lets KeyboardInterrupt through; `except:` and `except BaseException` do not.",
        "stop button lost": "Somebody pressed the stop button, and what came out of your `retry` was {got}, not KeyboardInterrupt.",
    },
    slips=(
        slip(
            "after success",
            "None is taken for a failure. That func returned is enough.",
            breaks="returns_at_once",
            edit="""
-            return func()
+            if (result := func()) is not None:
+                return result
         except Exception as exc:
             if pause is None or not transient(exc):
                 raise
-        sleep(pause)
+        if pause is not None:
+            sleep(pause)
""",
        ),
        slip(
            "not called",
            breaks="returns_at_once",
            edit="""
-            return func()
+            return func
""",
        ),
        slip(
            "lost the result",
            breaks="returns_at_once",
            edit="""
-            return func()
+            func()
+            return
""",
        ),
        slip(
            "again after success",
            "It goes on to the next pause, and to the next call, although func has returned.",
            breaks="returns_at_once",
            edit="""
-            return func()
+            result = func()
         except Exception as exc:
             if pause is None or not transient(exc):
                 raise
-        sleep(pause)
+        if pause is not None:
+            sleep(pause)
+    return result
""",
        ),
        slip(
            "paused for nothing",
            "The pause belongs after a failure.",
            breaks="returns_at_once",
            edit="""
-            return func()
+            result = func()
+            if pause:
+                sleep(pause)
+            return result
""",
        ),
        slip(
            "gave up at once",
            "It sleeps for the pauses, and calls func no more.",
            breaks="tries_again comes_to_an_end",
            edit="""
-    for pause in [*pauses, None]:
-        try:
-            return func()
-        except Exception as exc:
-            if pause is None or not transient(exc):
-                raise
-        sleep(pause)
+    try:
+        return func()
+    except Exception as exc:
+        if transient(exc):
+            for pause in pauses:
+                sleep(pause)
+        raise
""",
        ),
        slip(
            "stopped short",
            "It tries again once, however many pauses there are.",
            breaks="tries_again comes_to_an_end",
            edit="""
-    for pause in [*pauses, None]:
-        try:
-            return func()
-        except Exception as exc:
-            if pause is None or not transient(exc):
-                raise
-        sleep(pause)
+    try:
+        return func()
+    except Exception as exc:
+        for pause in pauses:
+            if not transient(exc):
+                raise
+            sleep(pause)
+            return func()
+        raise
""",
        ),
        slip(
            "wrong pauses",
            "It does sleep, but with `time.sleep`, which no test can hand something else for.",
            breaks="tries_again",
            edit="""
-        sleep(pause)
+        time.sleep(pause)
""",
        ),
        slip(
            "wrong pauses",
            "It never sleeps.",
            breaks="tries_again",
            edit="""
-        sleep(pause)
""",
        ),
        slip(
            "zero is a pause",
            "0 is a pause like any other, but counts as false: often `not pause` stands where `pause is None` is meant.",
            breaks="tries_again",
            edit="""
-            if pause is None or not transient(exc):
+            if not pause or not transient(exc):
""",
        ),
        slip(
            "needs a list",
            "What comes one by one has no length, and no first to be asked for.",
            breaks="takes_them_one_by_one",
            edit="""
-    for pause in [*pauses, None]:
+    for attempt in range(len(pauses) + 1):
...
-            if pause is None or not transient(exc):
+            if attempt == len(pauses) or not transient(exc):
...
-        sleep(pause)
+        sleep(pauses[attempt])
""",
        ),
        slip(
            "wrong from a generator",
            "A generator can be gone through once; whoever counts what is in it uses it up.",
            breaks="takes_them_one_by_one",
            edit="""
-    for pause in [*pauses, None]:
+    most = len(list(pauses))
+    for number, pause in enumerate([*pauses, None]):
...
-            if pause is None or not transient(exc):
+            if number == most or not transient(exc):
""",
        ),
        slip(
            "one too few",
            "func is called once for each pause.",
            breaks="comes_to_an_end",
            edit="""
-    for pause in [*pauses, None]:
+    for pause in pauses:
         try:
             return func()
         except Exception as exc:
-            if pause is None or not transient(exc):
+            if not transient(exc):
                 raise
+            last = exc
         sleep(pause)
+    raise last
""",
        ),
        slip(
            "how often",
            "It has no end: when the pauses are used up it goes on.",
            breaks="comes_to_an_end",
            edit="""
-    for pause in [*pauses, None]:
+    pauses = list(pauses)
+    while True:
+        pause = pauses.pop(0) if pauses else 0.4
         try:
             return func()
         except Exception as exc:
-            if pause is None or not transient(exc):
+            if not transient(exc):
""",
        ),
        slip(
            "after the last",
            breaks="comes_to_an_end",
            edit="""
-    for pause in [*pauses, None]:
+    for pause in [*pauses, 0.4]:
         try:
             return func()
         except Exception as exc:
-            if pause is None or not transient(exc):
+            if not transient(exc):
                 raise
+            last = exc
         sleep(pause)
+    raise last
""",
        ),
        slip(
            "swallowed",
            "After the last attempt the function ends, and gives None.",
            breaks="raises_the_last",
            edit="""
-            if pause is None or not transient(exc):
+            if not transient(exc):
                 raise
-        sleep(pause)
+        if pause is not None:
+            sleep(pause)
""",
        ),
        slip(
            "another error",
            "The error is wrapped in another one.",
            breaks="raises_the_last",
            edit="""
-                raise
+                raise ConnectionError(f"gave up: {exc}") from exc
""",
        ),
        slip(
            "the first",
            breaks="raises_the_last",
            edit="""
+    first = None
     for pause in [*pauses, None]:
...
         except Exception as exc:
-            if pause is None or not transient(exc):
+            first = first or exc
+            if not transient(exc):
                 raise
+        if pause is None:
+            raise first
         sleep(pause)
""",
        ),
        slip(
            "hopeless",
            "Every failure is tried again, and `transient` is never asked.",
            breaks="gives_up_on_what_stays",
            edit="""
-            if pause is None or not transient(exc):
+            if pause is None:
""",
        ),
        slip(
            "hopeless",
            "Every OperationalError is tried again, and nothing else.",
            breaks="gives_up_on_what_stays asks_the_one_it_is_given",
            edit="""
-        except Exception as exc:
-            if pause is None or not transient(exc):
+        except sqlite3.OperationalError:
+            if pause is None:
""",
        ),
        slip(
            "slept first",
            "Ask `transient` before you sleep.",
            breaks="gives_up_on_what_stays",
            edit="""
-            if pause is None or not transient(exc):
+            if pause is not None:
+                sleep(pause)
+            if pause is None or not transient(exc):
                 raise
-        sleep(pause)
""",
        ),
        slip(
            "kept what stays",
            "Where `transient` says no, the function returns.",
            breaks="gives_up_on_what_stays",
            edit="""
-            if pause is None or not transient(exc):
+            if not transient(exc):
+                return None
+            if pause is None:
                 raise
""",
        ),
        slip(
            "hopeless later",
            "What was said of the first failure is taken for all.",
            breaks="gives_up_on_what_stays",
            edit="""
+    passes = None
     for pause in [*pauses, None]:
...
-            if pause is None or not transient(exc):
+            if passes is None:
+                passes = transient(exc)
+            if pause is None or not passes:
""",
        ),
        slip(
            "asked about",
            "The text of an exception is not the exception.",
            breaks="asks_the_one_it_is_given",
            edit="""
-            if pause is None or not transient(exc):
+            if pause is None or not transient(str(exc)):
""",
        ),
        slip(
            "own idea",
            "Only an OperationalError is tried again: catch `Exception`.",
            breaks="asks_the_one_it_is_given",
            edit="""
-        except Exception as exc:
+        except sqlite3.OperationalError as exc:
""",
        ),
        slip(
            "stop button",
            breaks="lets_the_stop_button_through",
            edit="""
-        except Exception as exc:
+        except BaseException as exc:
""",
        ),
        slip(
            "stop button lost",
            "Catch `Exception`, which the stop button's is not, and nothing besides.",
            breaks="lets_the_stop_button_through",
            edit="""
+        except KeyboardInterrupt:
+            return None
         except Exception as exc:
""",
        ),
        slip(
            "another history",
            "The pauses are taken out of the list that you were given: whoever made it finds it empty.",
            edit="""
-    for pause in [*pauses, None]:
+    pauses = pauses if isinstance(pauses, list) else list(pauses)
+    while True:
         try:
             return func()
         except Exception as exc:
-            if pause is None or not transient(exc):
+            if not pauses or not transient(exc):
                 raise
-        sleep(pause)
+        sleep(pauses.pop(0))
""",
        ),
    ),
    after="`sleep` came in as an argument, and so this whole check waited for nothing.",
)
