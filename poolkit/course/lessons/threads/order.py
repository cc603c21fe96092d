"""The exercise threads.order: its claims, what they tell, and the slips known by heart."""

from __future__ import annotations

from poolkit.course.exercises import Exercise
from poolkit.course.lessons import scenes
from poolkit.course.lessons.threads import alone as one_thread
from poolkit.course.lessons.threads.answers import FairPool
from poolkit.course.lessons.threads.deadlines import gives_up_on_time, serves_one, stands_before
from poolkit.course.lessons.threads.playing import (
    CLOSED,
    GAVE_UP,
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


def lends_what_it_has(pool_class):
    """Alone: it lends what is idle, takes back, and refuses at once if told not to wait."""

    def comes_back(table, conn, key):
        table.give(conn)
        try:
            assert lend(table, timeout=0) is conn, key
        except TimeoutError:
            raise AssertionError(key) from None

    def ann(table):
        try:
            first = lend(table, timeout=0)
        except TimeoutError:
            raise AssertionError("nothing lent") from None
        lend(table, timeout=None)
        comes_back(table, first, "not given back")
        refuses_at_once(table)
        comes_back(table, first, "not lent again")

    alone(pool_class, ann, size=2)


def serves_who_waits(pool_class):
    """Two who come at once get one each; who waits gets the connection that another gives back."""
    insist(scenes.lent_once(pool_class), **UNTIMED)
    insist(ask_and_keep(pool_class, size=1), preemptions=2)
    insist(ask_and_keep(pool_class, size=2))
    gets_what_comes_back(pool_class)


def rests_till_served(pool_class):
    """Who waits does nothing until a connection comes back, and then has it at once."""
    insist(scenes.at_rest(pool_class), **UNTIMED)


def serves_in_order(pool_class):
    """The one who has waited longest is next, and nobody gets in before."""
    renamed = {"nothing lent": "served with nothing", **UNTIMED}
    insist(scenes.in_order(pool_class), preemptions=0, deadlock="kept waiting", **renamed)
    several = (
        two_in_a_row(pool_class, in_order=True),
        *line_ups(pool_class, patient=True, in_order=True),
    )
    insist_all(several, **ONCE, deadlock="kept waiting", **{"too early": "gave up"})


def gives_up(pool_class):
    """Whose time is over gives up, not before and not later, and leaves the line to the others."""
    gives_up_on_time(pool_class)
    gives_up_on_time(pool_class, ben=serves_one, carl=stands_before)
    several = line_ups(pool_class, patient=False, in_order=True)
    insist_all(several, **ONCE, deadlock="kept waiting")


def leaves_nothing_behind(pool_class):
    """Who gives up just when a connection is handed over loses nothing, and holds nobody up."""
    insist(scenes.timed_out(pool_class))
    insist_all(last_moments(pool_class, in_order=True), plays=60, deadlock="kept waiting")


RACE = "It takes two threads."

order = Exercise(
    id="threads.order",
    title="Hand it to the one who waits longest",
    answer=FairPool,
    parts=("acquire", "release"),
    claims=(
        lends_what_it_has,
        serves_who_waits,
        rests_till_served,
        serves_in_order,
        gives_up,
        leaves_nothing_behind,
        PlayedHistories(
            "Over every short history of one thread it lends what it has and gives up on time.",
            inputs=lambda: one_thread.histories(
                {1: 4, 2: 4}, (*one_thread.TIMED, *one_thread.GIVES), cap=True
            ),
            play=one_thread.play_capped,
            tell=one_thread.tell,
        ),
    ),
    hints=(
        "A connection on the shelf belongs to whoever comes next. A connection in somebody's hand does not: `release` puts it straight into the hand of the first in line.",
        "In `acquire`, under the lock: take an idle one, or join the line with a ticket. Then let go of the lock and sleep by `ticket.bell.wait(timeout)`. If time was up, take the lock again and look: are you still in the line? If not, somebody has just served you.",
        "Fill in the blanks.\n\nif not ticket.bell.wait(timeout):\n    with self._lock:\n        if ticket in self._line:\n            ____\n            raise TimeoutError\nreturn ____\n\nif self._line:\n    ticket = self._line.____()\n    ticket.conn = ____\n    ticket.bell.set()",
    ),
    tellings={
        "nothing lent": "All were idle, and `acquire(timeout=0)` raised TimeoutError.",
        "not given back": "One was given back with nobody in line, and the next `acquire()` did not lend it.",
        "not lent again": "All were out, and `acquire(timeout=0)` gave up. Then one came back, and the next `acquire()` did not lend it.",
        "no cap": "All were out, and `acquire(timeout=0)` lent one more.",
        "gave up in silence": "All were out, and `acquire(timeout=0)` returned None. Who asked would go on with nothing in hand: raise TimeoutError.",
        "waited with 0": "All were out, and `acquire(timeout=0)` did not raise TimeoutError at once: it waited.",
        "turned away": "One was free, and who asked with `timeout=0` was turned away:\n{story}",
        "nobody rings": "{story}\nThe connection had come back by then.",
        "waits with the lock": "{story}\nThe connection cannot be given back: who wants to do that waits, too.",
        "lost wake-up": "It works in some orders, and not in this one:\n{story}",
        "barged in": "ann has waited longest, ben gave back and asked again, and ben got it:\n{story}",
        "out of order": "Somebody who asked later was served before:\n{story}",
        "served with nothing": SERVED_WITH_NOTHING,
        "kept waiting": "There was one for each in turn, and all the same somebody was kept waiting:\n{story}",
        "gave up": GAVE_UP,
        "lent closed": CLOSED,
        "a connection is lost": "In the end all were given back, and not all can be lent again:\n{story}",
        "too early": "Who asked gave up before the time was over:\n{story}",
        "too late": "Who asked waited longer than the timeout:\n{story}",
        "no deadline": "`acquire(timeout=1.0)` waits for ever:\n{story}",
        "came too late": "A connection came back, and the one who waited did not have it at once:\n{story}",
        "endless": STORY,
        "deadlock": STORY,
        "raised": IN_ANY_ORDER,
        "lent twice": LENT_TWICE,
        "unseen": STORY,
    },
    slips=(
        slip(
            "a connection is lost",
            "Who does not stand in line any more has been served: what is in its hand is to be returned.",
            breaks="leaves_nothing_behind",
            edit="""
             with self._lock:
                 if ticket in self._line:
                     self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
+            raise TimeoutError("no connection came free in time")
""",
            beyond=RACE,
        ),
        slip(
            "not lent again",
            "Who gives up has to leave the line, or the next connection is handed to nobody.",
            breaks="lends_what_it_has gives_up",
            edit="""
                 if ticket in self._line:
-                    self._line.remove(ticket)
""",
        ),
        slip(
            "barged in",
            "What lies on the shelf belongs to whoever comes first: hand it over while you hold the lock.",
            breaks="serves_in_order gives_up",
            edit="""
-        with self._lock:
-            if self._idle:
-                return self._idle.pop()
-            ticket = Ticket()
-            self._line.append(ticket)
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
-        return ticket.conn
+        with self._changed:
+            if not self._changed.wait_for(lambda: self._idle, timeout):
+                raise TimeoutError("no connection came free in time")
+            return self._idle.pop()
...
-        with self._lock:
-            if self._line:
-                ticket = self._line.popleft()
-                ticket.conn = conn
-                ticket.bell.set()
-            else:
-                self._idle.append(conn)
+        with self._changed:
+            self._idle.append(conn)
+            self._changed.notify()
""",
            beyond=RACE,
        ),
        slip(
            "out of order",
            "Often the last of the line is served, or who comes is put at the head of it.",
            breaks="serves_in_order",
            edit="""
-                ticket = self._line.popleft()
+                ticket = self._line.pop()
""",
            beyond=RACE,
        ),
        slip(
            "nobody rings",
            "Often the connection is put into the hand and nobody rings: `ticket.bell.set()`.",
            breaks="serves_who_waits serves_in_order rests_till_served",
            edit="""
-                ticket.bell.set()
""",
            beyond=RACE,
        ),
        slip(
            "waits with the lock",
            "Join the line under the lock, let go, then sleep.",
            breaks="serves_who_waits serves_in_order gives_up rests_till_served",
            edit="""
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
+            if not ticket.bell.wait(timeout):
+                self._line.remove(ticket)
+                raise TimeoutError("no connection came free in time")
""",
            beyond=RACE,
        ),
        slip(
            "lost wake-up",
            "Often the look and the joining, or the look at the line in `release` and what follows, are not under one hold of the lock.",
            breaks="serves_who_waits leaves_nothing_behind",
            edit="""
-        with self._lock:
-            if self._line:
+        if not self._line:
+            with self._lock:
+                self._idle.append(conn)
+            return
+        with self._lock:
+            if True:
...
-            else:
-                self._idle.append(conn)
""",
            beyond=RACE,
        ),
        slip(
            "too late",
            breaks="gives_up",
            edit="""
-        if not ticket.bell.wait(timeout):
+        if not ticket.bell.wait(timeout) and not ticket.bell.wait(timeout):
""",
        ),
        slip(
            "too late",
            "Often the time begins anew after each wake-up that brought nothing.",
            breaks="gives_up",
            edit="""
-        with self._lock:
-            if self._idle:
-                return self._idle.pop()
-            ticket = Ticket()
-            self._line.append(ticket)
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
-        return ticket.conn
+        with self._changed:
+            if self._idle:
+                return self._idle.pop()
+            ticket = Ticket()
+            self._line.append(ticket)
+            while ticket.conn is None:
+                if not self._changed.wait(timeout) and ticket.conn is None:
+                    self._line.remove(ticket)
+                    raise TimeoutError("no connection came free in time")
+            return ticket.conn
...
-                ticket.bell.set()
+                self._changed.notify_all()
""",
            beyond=RACE,
        ),
        slip(
            "came too late",
            "Sleep by the bell: a `sleep` in a loop is too short or too long.",
            breaks="rests_till_served",
            edit="""
-        with self._lock:
+        end = time.monotonic() + (1e9 if timeout is None else timeout)
+        with self._lock:
             if self._idle:
...
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
+        while ticket.conn is None:
+            left = end - time.monotonic()
+            with self._lock:
+                if left <= 0 and ticket in self._line:
+                    self._line.remove(ticket)
+                    raise TimeoutError("no connection came free in time")
+            time.sleep(max(0, min(0.25, left)))
""",
            beyond=RACE,
        ),
        slip(
            "endless",
            "Who waits should sleep: a loop that looks again and again takes the processor from the one it waits for.",
            breaks="serves_who_waits",
            edit="""
-        with self._lock:
+        end = time.monotonic() + (1e9 if timeout is None else timeout)
+        with self._lock:
             if self._idle:
...
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
+        while ticket.conn is None:
+            with self._lock:
+                if time.monotonic() >= end and ticket in self._line:
""",
        ),
        slip(
            "no cap",
            breaks="lends_what_it_has serves_who_waits",
            edit="""
+    def __init__(self, connect, size):
+        super().__init__(connect, size)
+        self._connect = connect
+
     def acquire(self, timeout=5.0):
...
                 return self._idle.pop()
+            if timeout == 0:
+                return self._connect()
""",
        ),
        slip(
            "waited with 0",
            "Often it is `timeout or 5.0`: 0 is false, and is taken for no time given.",
            breaks="lends_what_it_has rests_till_served gives_up",
            edit="""
-        if not ticket.bell.wait(timeout):
+        if not ticket.bell.wait(timeout or 5.0):
""",
        ),
        slip(
            "raised IndexError",
            "Where nobody stands in line, it belongs on the shelf.",
            breaks="lends_what_it_has serves_who_waits",
            edit="""
-            if self._line:
+            if True:
""",
        ),
        slip(
            "too early",
            "It does not wait at all, unless it may wait for ever.",
            breaks="gives_up",
            edit="""
-        if not ticket.bell.wait(timeout):
+        if not ticket.bell.wait(None if timeout is None else 0):
""",
        ),
        slip(
            "no deadline",
            "Pass the timeout on to the wait.",
            breaks="gives_up leaves_nothing_behind",
            edit="""
-        if not ticket.bell.wait(timeout):
+        if not ticket.bell.wait(timeout if timeout == 0 else None):
""",
        ),
        slip(
            "lent twice",
            "Often it is looked at under one hold of the lock, and taken off the shelf under another.",
            breaks="serves_who_waits",
            edit="""
-            if self._idle:
-                return self._idle.pop()
-            ticket = Ticket()
-            self._line.append(ticket)
+            conn = self._idle[-1] if self._idle else None
+            ticket = Ticket()
+            if conn is None:
+                self._line.append(ticket)
+        if conn is not None:
+            with self._lock:
+                self._idle = [one for one in self._idle if one is not conn]
+            return conn
""",
            beyond=RACE,
        ),
        slip(
            "barged in",
            "Often it is put into a hand and on the shelf as well, or into two hands.",
            breaks="serves_in_order gives_up",
            edit="""
                 ticket.bell.set()
-            else:
-                self._idle.append(conn)
+            self._idle.append(conn)
""",
            beyond=RACE,
        ),
        slip(
            "unseen",
            breaks="lends_what_it_has",
            edit="""
+    _lock_for_all = threading.Lock()
+
     def acquire(self, timeout=5.0):
...
-        with self._lock:
-            if self._line:
+        with self._lock_for_all, self._lock:
+            if self._line:
""",
        ),
        slip(
            "not given back",
            "Where nobody stands in line, it belongs on the shelf.",
            breaks="lends_what_it_has serves_who_waits serves_in_order",
            edit="""
-            else:
-                self._idle.append(conn)
""",
        ),
        slip(
            "deadlock",
            "Often the lock was taken by hand and is not let go on every way out.",
            breaks="lends_what_it_has",
            edit="""
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
+            self._lock.acquire()
+            if ticket in self._line:
+                self._line.remove(ticket)
+                raise TimeoutError("no connection came free in time")
+            self._lock.release()
""",
        ),
        slip(
            "deadlock",
            "Often who is served too late calls `self.release` with the lock in hand, which wants it, too.",
            breaks="leaves_nothing_behind",
            edit="""
                 if ticket in self._line:
                     self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
-        return ticket.conn
+                else:
+                    self.release(ticket.conn)
+            raise TimeoutError("no connection came free in time")
+        return ticket.conn
""",
            beyond=RACE,
        ),
        slip(
            "raised",
            "Often it leaves the line without a look, under the lock, whether it still stands there.",
            breaks="leaves_nothing_behind",
            edit="""
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
+                self._line.remove(ticket)
+            raise TimeoutError("no connection came free in time")
""",
            beyond=RACE,
        ),
        slip(
            "gave up in silence",
            breaks="lends_what_it_has serves_who_waits",
            edit="""
                     self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
""",
        ),
        slip(
            "raised TypeError",
            "Often it is `pop(0)`: the `pop()` of a deque takes no number, and `popleft()` takes the first.",
            breaks="serves_who_waits",
            edit="""
-                ticket = self._line.popleft()
+                ticket = self._line.pop(0)
""",
            beyond=RACE,
        ),
        slip(
            "served with nothing",
            "The bell rings before the connection is in the hand.",
            breaks="serves_who_waits",
            edit="""
-                ticket.conn = conn
-                ticket.bell.set()
+                ticket.bell.set()
+                ticket.conn = conn
""",
            beyond=RACE,
        ),
        slip(
            "served with nothing",
            "To be woken is not to be served: look at `ticket.conn`, and sleep on if it is None.",
            breaks="serves_in_order",
            edit="""
-        with self._lock:
-            if self._idle:
-                return self._idle.pop()
-            ticket = Ticket()
-            self._line.append(ticket)
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
-        return ticket.conn
+        with self._changed:
+            if self._idle:
+                return self._idle.pop()
+            ticket = Ticket()
+            self._line.append(ticket)
+            if not self._changed.wait(timeout) and ticket.conn is None:
+                self._line.remove(ticket)
+                raise TimeoutError("no connection came free in time")
+            return ticket.conn
...
-                ticket.bell.set()
+                self._changed.notify_all()
""",
            beyond=RACE,
        ),
        slip(
            "gave up",
            "Often who is woken in vain gives up, though its time is not over.",
            breaks="serves_in_order gives_up",
            edit="""
-        with self._lock:
-            if self._idle:
-                return self._idle.pop()
-            ticket = Ticket()
-            self._line.append(ticket)
-        if not ticket.bell.wait(timeout):
-            with self._lock:
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
-        return ticket.conn
+        with self._changed:
+            if self._idle:
+                return self._idle.pop()
+            ticket = Ticket()
+            self._line.append(ticket)
+            self._changed.wait(timeout)
+            if ticket.conn is None:
+                self._line.remove(ticket)
+                raise TimeoutError("no connection came free in time")
+            return ticket.conn
...
-                ticket.bell.set()
+                self._changed.notify_all()
""",
            beyond=RACE,
        ),
        slip(
            "kept waiting",
            "Often a ticket that is served stays in the line, and the next connection goes to it, too.",
            breaks="serves_in_order gives_up",
            edit="""
-                ticket = self._line.popleft()
+                ticket = self._line[0]
""",
            beyond=RACE,
        ),
        slip(
            "lent closed",
            breaks="lends_what_it_has",
            edit="""
+        conn.close()
         with self._lock:
             if self._line:
""",
        ),
        slip(
            "kept waiting",
            "Often who gives up takes somebody else's ticket out of the line.",
            breaks="gives_up",
            edit="""
-                    self._line.remove(ticket)
+                    self._line.popleft()
""",
            beyond=RACE,
        ),
        slip(
            "served with nothing",
            "Often who gives up leaves the line only where it stands at the head of it.",
            breaks="gives_up",
            edit="""
-                if ticket in self._line:
-                    self._line.remove(ticket)
+                if self._line and self._line[0] is ticket:
+                    self._line.popleft()
""",
            beyond=RACE,
        ),
        slip(
            "kept waiting",
            "Often what comes at the last moment is put on the shelf, though others stand in line.",
            breaks="leaves_nothing_behind",
            edit="""
-                if ticket in self._line:
-                    self._line.remove(ticket)
-                    raise TimeoutError("no connection came free in time")
-        return ticket.conn
+                if ticket in self._line:
+                    self._line.remove(ticket)
+                else:
+                    self._idle.append(ticket.conn)
+            raise TimeoutError("no connection came free in time")
+        return ticket.conn
""",
            beyond=RACE,
        ),
        slip(
            "nothing lent",
            "0 means not to wait; what is idle is lent all the same.",
            breaks="lends_what_it_has serves_who_waits serves_in_order leaves_nothing_behind",
            edit="""
+        if timeout == 0:
+            raise TimeoutError("no connection came free in time")
         with self._lock:
             if self._idle:
""",
        ),
        slip(
            "turned away",
            "Often it gives up at once where somebody has the lock for a moment.",
            breaks="serves_who_waits",
            edit="""
+        if timeout == 0 and self._lock.locked():
+            raise TimeoutError("no connection came free in time")
         with self._lock:
             if self._idle:
""",
            beyond=RACE,
        ),
        slip(
            "another history",
            "Often the seconds are cut to whole ones.",
            edit="""
-        if not ticket.bell.wait(timeout):
+        if not ticket.bell.wait(None if timeout is None else int(timeout)):
""",
        ),
    ),
    after="`poolkit.ConnectionPool` does the same, with a place to connect as one more thing that can be handed over.",
)
