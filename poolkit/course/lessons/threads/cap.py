"""The exercise threads.cap: its claims, what they tell, and the slips known by heart."""

from __future__ import annotations

from poolkit.course.exercises import Exercise
from poolkit.course.lessons import scenes
from poolkit.course.lessons.threads import alone as one_thread
from poolkit.course.lessons.threads.answers import WaitingPool
from poolkit.course.lessons.threads.deadlines import gives_up_on_time, teases
from poolkit.course.lessons.threads.playing import (
    CLOSED,
    GAVE_UP,
    HELD,
    IN_ANY_ORDER,
    LENT_TWICE,
    SERVED_WITH_NOTHING,
    STORY,
    UNTIMED,
    PlayedHistories,
    alone,
    gets_what_comes_back,
    insist,
    insist_all,
    lend,
    refuses_at_once,
)
from poolkit.course.lessons.threads.scores import (
    ONCE,
    ask_and_keep,
    last_moments,
    line_ups,
    two_in_a_row,
)
from poolkit.course.slips import slip


def lends_up_to_the_cap(pool_class):
    """Alone: it lends, reuses, opens up to `size`, and refuses one more at once if told not to wait."""

    def ann(table):
        table.waits = "never opens"
        try:
            first = lend(table, timeout=0)
            table.give(first)
            made = table.desk.made
            lend(table, timeout=0)
            assert table.desk.made == made, "not reused"
            lend(table, timeout=None)
        except (TimeoutError, IndexError):
            raise AssertionError("never opens") from None
        refuses_at_once(table)

    alone(pool_class, ann, size=2)


def wakes_who_waits(pool_class):
    """Who waits gets the connection that another gives back."""
    gets_what_comes_back(pool_class)


def sleeps_till_woken(pool_class):
    """Who waits does nothing until a connection comes back, and then has it at once."""
    insist(scenes.at_rest(pool_class), **UNTIMED)


def opens_no_more(pool_class):
    """Two who come at once get one each, and no more are opened than the cap allows."""
    insist(scenes.lent_once(pool_class), **UNTIMED)
    insist(scenes.capped(pool_class), **UNTIMED)
    insist(ask_and_keep(pool_class, size=1))
    insist(ask_and_keep(pool_class, size=2, idle=1))


def looks_again(pool_class):
    """Who was woken looks again: somebody else may have been faster."""
    renamed = {"too many opened": "looked once, opened", **UNTIMED}
    insist(scenes.still_there(pool_class), raised="looked once", **renamed)


def wakes_one_for_each(pool_class):
    """Where several wait, each connection that comes back wakes one of them."""
    several = (two_in_a_row(pool_class), *line_ups(pool_class, patient=True))
    insist_all(several, **ONCE, deadlock="kept waiting", **{"too early": "gave up"})


def keeps_the_deadline(pool_class):
    """Whose time is over gives up, not before and not later, and the others lose nothing by it."""
    gives_up_on_time(pool_class)
    gives_up_on_time(pool_class, ben=teases)
    insist(scenes.timed_out(pool_class))
    insist_all(line_ups(pool_class, patient=False), **ONCE, deadlock="kept waiting")
    insist_all(last_moments(pool_class), plays=60, deadlock="kept waiting")


def connects_outside_the_lock(pool_class):
    """While one connects, another can give back."""
    insist(scenes.slow_connect(pool_class))


def frees_the_place(pool_class):
    """A connect that fails gives its place to the next who waits."""
    insist(scenes.failed_connect(pool_class), deadlock="place lost", **UNTIMED)


RACE = "It takes two threads."

cap = Exercise(
    id="threads.cap",
    title="Wait for your turn, but not for ever",
    answer=WaitingPool,
    parts=("acquire", "release"),
    claims=(
        lends_up_to_the_cap,
        wakes_who_waits,
        sleeps_till_woken,
        opens_no_more,
        looks_again,
        wakes_one_for_each,
        keeps_the_deadline,
        connects_outside_the_lock,
        frees_the_place,
        PlayedHistories(
            "Over every short history of one thread it lends up to the cap and gives up on time.",
            inputs=lambda: one_thread.histories(
                {1: 4, 2: 3}, (*one_thread.TIMED, one_thread.FAIL, *one_thread.GIVES), cap=True
            ),
            play=one_thread.play_capped,
            tell=one_thread.tell,
        ),
    ),
    hints=(
        "What has to be true before you may go on? Either something lies idle, or there is room for one more. Wait for that, not for a bell.",
        "`self._changed.wait_for(ready, timeout)` looks, sleeps, looks again, keeps the deadline, and gives something false when time is up. `ready` is a function without arguments. Under the same lock take a connection, or reserve a place; connect after the `with` block.",
        "Fill in the blanks.\n\nwith self._changed:\n    if not self._changed.wait_for(lambda: ____ or ____, timeout):\n        raise TimeoutError\n    if self._idle:\n        return self._idle.pop()\n    ____\nreturn self._opened()",
    ),
    tellings={
        "not reused": "One was given back, and the next `acquire()` opened another.",
        "never opens": "Fewer than `size` were out, and somebody who asked got neither one that lay idle nor a new one. {story}",
        "no cap": "`size` was 2 and two were out; `acquire(timeout=0)` lent a third.",
        "gave up in silence": "`size` was 2 and two were out; `acquire(timeout=0)` returned None. Who asked would go on with nothing in hand: raise TimeoutError.",
        "waited with 0": "All were out, and `acquire(timeout=0)` did not raise TimeoutError at once: it waited.",
        "too many opened": "More were opened than the pool may open:\n{story}",
        "looked once, opened": "Two were open where one may be:\n{story}",
        "turned away": "One was free, and who asked with `timeout=0` was turned away:\n{story}",
        "gave up": GAVE_UP,
        "lent closed": CLOSED,
        "waits with the lock": "{story}\nThe connection cannot be given back: who wants to do that waits, too.",
        "nobody rings": "{story}\nThe connection had come back by then.",
        "lost wake-up": "It works where ann waits before ben gives back, and not in every order:\n{story}",
        "kept waiting": "There was one for each in turn, and all the same somebody was kept waiting:\n{story}",
        "looked once": IN_ANY_ORDER,
        "served with nothing": SERVED_WITH_NOTHING,
        "too early": "Who asked gave up before the time was over:\n{story}",
        "too late": "Who asked waited longer than the timeout:\n{story}",
        "no deadline": "`acquire(timeout=1.0)` waits for ever:\n{story}",
        "held up by a connect": HELD,
        "place lost": "A connect failed, and nobody has its place:\n{story}",
        "came too late": "A connection came back, and the one who waited did not have it at once:\n{story}",
        "endless": STORY,
        "deadlock": STORY,
        "raised": IN_ANY_ORDER,
        "lent twice": LENT_TWICE,
        "a connection is lost": "In the end all were given back, and not all can be lent again:\n{story}",
        "unseen": STORY,
    },
    slips=(
        slip(
            "looked once",
            "Often there is an `if` before the wait where a `while`, or `wait_for`, is needed.",
            breaks="looks_again wakes_one_for_each",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+            full = not self._idle and self._open >= self._size
+            if full and not self._changed.wait(timeout):
+                raise TimeoutError("no connection came free in time")
+            if self._idle or self._open >= self._size:
+                return self._idle.pop()
+            self._open += 1
""",
            beyond=RACE,
        ),
        slip(
            "nobody rings",
            "Often `release` does not call `notify()`, or calls it on another condition than the one that `acquire` waits on.",
            breaks="wakes_who_waits sleeps_till_woken wakes_one_for_each",
            edit="""
-            self._changed.notify()
""",
            beyond=RACE,
        ),
        slip(
            "lost wake-up",
            "Often the look and the wait stand under two holds of the lock.",
            breaks="wakes_who_waits looks_again",
            edit="""
-        with self._changed:
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+        end = time.monotonic() + (1e9 if timeout is None else timeout)
+        while True:
+            with self._changed:
+                if self._idle:
+                    return self._idle.pop()
+                if self._open < self._size:
+                    self._open += 1
+                    break
+            if time.monotonic() >= end:
+                raise TimeoutError("no connection came free in time")
+            with self._changed:
+                self._changed.wait(end - time.monotonic() if timeout is not None else None)
""",
            beyond=RACE,
        ),
        slip(
            "lost wake-up",
            "Often the bell is rung before the connection lies on the shelf.",
            breaks="wakes_who_waits sleeps_till_woken keeps_the_deadline",
            edit="""
         with self._changed:
-            self._idle.append(conn)
-            self._changed.notify()
+            self._changed.notify()
+        self._idle.append(conn)
""",
            beyond=RACE,
        ),
        slip(
            "too many opened",
            "Often the look and the reservation in `self._open` stand under two holds of the lock.",
            breaks="opens_no_more",
            edit="""
                 return self._idle.pop()
-            self._open += 1
+        with self._changed:
+            self._open += 1
""",
            beyond=RACE,
        ),
        slip(
            "held up by a connect",
            "Reserve the place under the lock, let go of it, then connect.",
            breaks="connects_outside_the_lock",
            edit="""
             self._open += 1
-        return self._opened()
+            return self._opened()
""",
            beyond="One thread alone holds nobody up.",
        ),
        slip(
            "endless",
            "Who waits should sleep: a loop that looks again and again takes the processor from the one it waits for.",
            breaks="wakes_who_waits",
            edit="""
-        with self._changed:
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+        end = time.monotonic() + (1e9 if timeout is None else timeout)
+        while True:
+            with self._changed:
+                if self._idle:
+                    return self._idle.pop()
+                if self._open < self._size:
+                    self._open += 1
+                    break
+            if time.monotonic() >= end:
+                raise TimeoutError("no connection came free in time")
""",
        ),
        slip(
            "came too late",
            "A `sleep` in a loop is too short or too long: a wait on the condition ends at the right moment.",
            breaks="sleeps_till_woken",
            edit="""
-        with self._changed:
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+        end = time.monotonic() + (1e9 if timeout is None else timeout)
+        while True:
+            with self._changed:
+                if self._idle:
+                    return self._idle.pop()
+                if self._open < self._size:
+                    self._open += 1
+                    break
+            left = end - time.monotonic()
+            if left <= 0:
+                raise TimeoutError("no connection came free in time")
+            time.sleep(min(0.25, left))
""",
            beyond=RACE,
        ),
        slip(
            "too late",
            "Often the time begins anew after each wake-up: compute the end once, or leave it to `wait_for`.",
            breaks="keeps_the_deadline",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+            while not self._idle and self._open >= self._size:
+                if not self._changed.wait(timeout):
+                    raise TimeoutError("no connection came free in time")
""",
            beyond=RACE,
        ),
        slip(
            "too early",
            "Often it gives up after the first wake-up that brought nothing; wait for what is left of the time.",
            breaks="keeps_the_deadline",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            ready = lambda: self._idle or self._open < self._size
+            if timeout is None:
+                self._changed.wait_for(ready)
+            elif not ready():
+                self._changed.wait(timeout)
+            if not ready():
""",
            beyond=RACE,
        ),
        slip(
            "no deadline",
            "Pass the timeout on to the wait.",
            breaks="keeps_the_deadline",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+            while not self._idle and self._open >= self._size:
+                if timeout == 0:
+                    raise TimeoutError("no connection came free in time")
+                self._changed.wait()
""",
        ),
        slip(
            "place lost",
            "`self._opened()` connects and, where that fails, gives the place back and wakes the next. Who counts places elsewhere gives them back there.",
            breaks="frees_the_place",
            edit="""
-        return self._opened()
+        return self._connect()
""",
        ),
        slip(
            "place lost",
            "Often nobody rings where a failed connect frees a place, or who waits looks only for one that lies idle.",
            breaks="frees_the_place",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+            if self._open >= self._size:
+                if not self._changed.wait_for(lambda: self._idle, timeout):
+                    raise TimeoutError("no connection came free in time")
""",
            beyond=RACE,
        ),
        slip(
            "too many opened",
            "A failed connect gives its place back twice.",
            breaks="frees_the_place",
            edit="""
-        return self._opened()
+        try:
+            return self._opened()
+        except BaseException:
+            with self._changed:
+                self._open -= 1
+                self._changed.notify()
+            raise
""",
        ),
        slip(
            "waited with 0",
            "Often it is `timeout or 5.0`: 0 is false, and is taken for no time given.",
            breaks="lends_up_to_the_cap sleeps_till_woken keeps_the_deadline",
            edit="""
+        timeout = timeout or 5.0
         with self._changed:
             if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
""",
        ),
        slip(
            "no cap",
            "Often what comes back is taken off `self._open`, though it stays open.",
            breaks="lends_up_to_the_cap looks_again wakes_one_for_each",
            edit="""
         with self._changed:
             self._idle.append(conn)
+            self._open -= 1
""",
        ),
        slip(
            "no cap",
            "Where `wait_for` gives something false, time is up.",
            breaks="lends_up_to_the_cap opens_no_more",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+            self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout)
""",
        ),
        slip(
            "no cap",
            "Often `self._open` is compared and never counted up.",
            breaks="lends_up_to_the_cap opens_no_more looks_again",
            edit="""
-            self._open += 1
""",
        ),
        slip(
            "not reused",
            "Look at the shelf first.",
            breaks="lends_up_to_the_cap",
            edit="""
-            if self._idle:
+            if self._open >= self._size:
""",
        ),
        slip(
            "not reused",
            "Often `release` closes what comes back.",
            breaks="lends_up_to_the_cap",
            edit="""
+        conn.close()
         with self._changed:
-            self._idle.append(conn)
+            self._open -= 1
""",
        ),
        slip(
            "never opens",
            "Ask both in one look: does something lie idle, or is `self._open` less than `self._size`?",
            breaks="lends_up_to_the_cap wakes_who_waits wakes_one_for_each frees_the_place",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            if not self._changed.wait_for(lambda: self._idle, timeout):
""",
        ),
        slip(
            "never opens",
            "Often what is lent again is counted as one more that is open.",
            breaks="lends_up_to_the_cap opens_no_more",
            edit="""
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+            self._open += 1
+            if self._idle:
+                return self._idle.pop()
""",
        ),
        slip(
            "deadlock",
            "Often the lock was taken by hand and is not let go on every way out.",
            breaks="opens_no_more wakes_one_for_each",
            edit="""
-        with self._changed:
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+        self._changed.acquire()
+        if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            raise TimeoutError("no connection came free in time")
+        if self._idle:
+            return self._idle.pop()
+        self._open += 1
+        self._changed.release()
""",
            beyond="The condition's lock can be taken again by the thread that has it.",
        ),
        slip(
            "raised RuntimeError",
            "Often the condition is used without its lock: `with self._changed:` takes it.",
            breaks="lends_up_to_the_cap wakes_who_waits opens_no_more",
            edit="""
-        with self._changed:
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+        if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            raise TimeoutError("no connection came free in time")
+        with self._changed:
""",
        ),
        slip(
            "gave up in silence",
            breaks="lends_up_to_the_cap opens_no_more",
            edit="""
-                raise TimeoutError("no connection came free in time")
+                return None
""",
        ),
        slip(
            "raised",
            "Often it waits under the lock and takes after it has let go.",
            breaks="opens_no_more",
            edit="""
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+            if self._idle:
+                mine = True
+            else:
+                mine = False
+                self._open += 1
+        if mine:
+            return self._idle.pop()
""",
            beyond=RACE,
        ),
        slip(
            "lent twice",
            "It is lent, and put on the shelf as well.",
            breaks="lends_up_to_the_cap",
            edit="""
-        return self._opened()
+        conn = self._opened()
+        self._idle.append(conn)
+        return conn
""",
        ),
        slip(
            "lent twice",
            "Often it is looked at under one hold of the lock, and taken off the shelf under another.",
            breaks="opens_no_more",
            edit="""
-            if self._idle:
-                return self._idle.pop()
-            self._open += 1
+            conn = self._idle[-1] if self._idle else None
+            self._open += conn is None
+        if conn is not None:
+            with self._changed:
+                if conn in self._idle:
+                    self._idle.remove(conn)
+            return conn
""",
            beyond=RACE,
        ),
        slip(
            "lent closed",
            "What comes back is closed, and kept all the same.",
            breaks="lends_up_to_the_cap",
            edit="""
+        conn.close()
         with self._changed:
             self._idle.append(conn)
""",
        ),
        slip(
            "looked once, opened",
            "Often there is an `if` before the wait where a `while`, or `wait_for`, is needed.",
            breaks="looks_again wakes_one_for_each",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+            full = not self._idle and self._open >= self._size
+            if full and not self._changed.wait(timeout):
+                raise TimeoutError("no connection came free in time")
""",
            beyond=RACE,
        ),
        slip(
            "gave up",
            "Often who is woken and finds nothing gives up, though its time is not over.",
            breaks="looks_again keeps_the_deadline",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            if not self._idle and self._open >= self._size:
+                self._changed.wait(timeout)
+            if not self._idle and self._open >= self._size:
""",
            beyond=RACE,
        ),
        slip(
            "gave up",
            "Often None is taken for 0: `timeout or 0`.",
            beyond=RACE,
            breaks="wakes_who_waits keeps_the_deadline",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            if not self._changed.wait_for(
+                lambda: self._idle or self._open < self._size, timeout or 0
+            ):
""",
        ),
        slip(
            "raised TypeError",
            "Often None is used as a number, in a `sleep` or a sum.",
            beyond=RACE,
            breaks="wakes_who_waits opens_no_more connects_outside_the_lock",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
-                raise TimeoutError("no connection came free in time")
+            if not self._idle and self._open < self._size:
+                self._open += 1
+                return self._opened()
+        time.sleep(0 if self._idle else timeout)
+        with self._changed:
+            if not self._idle:
+                raise TimeoutError("no connection came free in time")
""",
        ),
        slip(
            "kept waiting",
            "Often the bell does not ring at every return, and of two that come back one wakes nobody.",
            breaks="wakes_one_for_each",
            edit="""
             self._idle.append(conn)
-            self._changed.notify()
+            if len(self._idle) == 1:
+                self._changed.notify()
""",
            beyond=RACE,
        ),
        slip(
            "unseen",
            breaks="lends_up_to_the_cap",
            edit="""
+    _changed_for_all = threading.Condition()
+
     def acquire(self, timeout=5.0):
...
         with self._changed:
             self._idle.append(conn)
             self._changed.notify()
+        with self._changed_for_all:
+            self._changed_for_all.notify()
""",
        ),
        slip(
            "turned away",
            "Often with 0 it lends only what lies idle, and opens none.",
            breaks="opens_no_more wakes_one_for_each",
            edit="""
         with self._changed:
+            if timeout == 0 and self._open and not self._idle:
+                raise TimeoutError("no connection came free in time")
             if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
""",
        ),
        slip(
            "served with nothing",
            "Where time is up it has to raise TimeoutError, not only with 0.",
            breaks="keeps_the_deadline",
            edit="""
-                raise TimeoutError("no connection came free in time")
+                if timeout == 0:
+                    raise TimeoutError("no connection came free in time")
+                return None
""",
        ),
        slip(
            "another history",
            "Often the seconds are cut to whole ones.",
            edit="""
-            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
+            seconds = None if timeout is None else int(timeout)
+            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, seconds):
""",
        ),
    ),
    after="A cap, a wait, a deadline: this is what most pools in use do.",
)
