"""Broken pools: the right one of reference.py with one fault each, as an edit.

A line that goes out begins with `-|`, one that comes in with `+|`; one that only shows the spot
begins with ` |`.
"""

from tests.conformance.edits import Fault, made

ALL_THAT_FOLLOWS = "*"

FAULTS = (
    # lends and reuses
    Fault(
        "returns nothing",
        "lends.lends",
        """
 |            self._lent[id(place.conn)] = place
-|            return place.conn
""",
        also=ALL_THAT_FOLLOWS,
    ),
    Fault(
        "lends one to all",
        "lends.two_are_two",
        """
-|                    place = self._shelf.pop()
+|                    place = self._shelf[-1]
""",
        also=ALL_THAT_FOLLOWS,
    ),
    Fault(
        "keeps one at most",
        "lends.keeps_all",
        """
-|        if not fit:
+|        if not fit or any(other.conn for other in self._shelf):
 |            self._shut(place)
""",
        also="threads.return_meets_borrower threads.two_returns",
    ),
    Fault(
        "opens anew each time",
        "lends.reuses",
        """
-|        if place.conn is None or not self._works(place.conn):
-|            self._shut(place)
-|            place.conn = self._connect()
+|        self._shut(place)
+|        place.conn = self._connect()
""",
        also="lends.keeps_all",
    ),
    Fault(
        "forgets no loan",
        "lends.second_return",
        """
-|        place, fit = self._lent.pop(id(conn), None), False
+|        place, fit = self._lent.get(id(conn), None), False
""",
        also="fork.child_has_its_own numbers.second_return_adds_up",
    ),
    Fault(
        "takes in what it never lent",
        "lends.stranger",
        """
-|        if place is None:
-|            raise ValueError(f"{conn!r} is not out on loan from this pool")
+|        place = place or SimpleNamespace(conn=conn)
""",
        also="lends.second_return numbers.second_return_adds_up",
    ),
    # caps and waits
    Fault(
        "opens one too many",
        "waits.cap",
        """
-|        self._shelf = deque(SimpleNamespace(conn=None) for _ in range(self._size))
+|        self._shelf = deque(SimpleNamespace(conn=None) for _ in range(self._size + 1))
""",
        also="threads.cap_holds threads.closed_first "
        "end.tells_who_waits numbers.in_use_is_true numbers.failures_add_up "
        "numbers.second_return_adds_up",
    ),
    Fault(
        "takes 0 for no time-out",
        "waits.at_once",
        """
-|        self._timeout = -1 if timeout is None else timeout
+|        self._timeout = timeout or -1
""",
    ),
    Fault(
        "never waits for ever",
        "waits.for_ever",
        """
-|        self._timeout = -1 if timeout is None else timeout
+|        self._timeout = 30.0 if timeout is None else timeout
""",
    ),
    Fault(
        "gives up too early",
        "waits.times_out",
        """
-|                bell.acquire(timeout=self._timeout)
+|                bell.acquire(timeout=-1 if self._timeout < 0 else self._timeout * 0.99)
""",
        also="waits.times_out_though_woken",
    ),
    Fault(
        "looks again now and then",
        "waits.woken",
        """
 |import threading
+|import time

 |            if place is None:
-|                bell.acquire(timeout=self._timeout)
+|                ends = time.monotonic() + (1e9 if self._timeout < 0 else self._timeout)
+|                while bell not in self._gifts and time.monotonic() < ends:
+|                    time.sleep(min(3.0, ends - time.monotonic()))
 |                place = self._leave(bell)
""",
        also="order.others_move_up failures.failed_connect_wakes_the_next "
        "threads.wake_up_not_lost threads.every_return_wakes_one "
        "threads.time_up_with_others_behind interrupts.next_in_line_gets_it end.tells_who_waits",
    ),
    Fault(
        "stays in line after giving up",
        "waits.gives_up_cleanly",
        """
-|            self._line = deque(other for other in self._line if other is not bell)
""",
        also="order.others_move_up threads.time_up_just_then threads.time_up_with_others_behind "
        "interrupts.in_a_wait interrupts.handed_over_just_then end.hand_over_meets_the_end "
        "numbers.gave_up_is_gone",
    ),
    # order
    Fault(
        "serves who came last",
        "order.first_come",
        """
-|                bell = self._line.popleft()
+|                bell = self._line.pop()
""",
        also="order.nobody_barges order.newcomers_queue order.others_move_up",
    ),
    Fault(
        "lets others barge in",
        "order.nobody_barges",
        """
-|            if place is None:
-|                bell.acquire(timeout=self._timeout)
-|                place = self._leave(bell)
+|            while place is None and bell.acquire(timeout=self._timeout):
+|                with self._lock:
+|                    if self._shelf:
+|                        place = self._shelf.pop()
+|                    elif self._closed:
+|                        break
+|                    else:
+|                        self._line.appendleft(bell)
+|            self._leave(bell)

 |            if self._line:
-|                bell = self._line.popleft()
-|                self._gifts[bell] = place
-|                bell.release()
-|            else:  # connections lie to the right, and go first
-|                self._shelf.insert(len(self._shelf) if place.conn else 0, place)
+|                self._line.popleft().release()
+|            self._shelf.insert(len(self._shelf) if place.conn else 0, place)
""",
        also="order.newcomers_queue threads.time_up_with_others_behind "
        "interrupts.next_in_line_gets_it",
    ),
    Fault(
        "takes the last out of the line when one gives up",
        "order.others_move_up",
        """
-|            self._line = deque(other for other in self._line if other is not bell)
+|            if bell in self._line:
+|                self._line.pop()
""",
        also="threads.time_up_with_others_behind",
    ),
    # failures
    Fault(
        "hides why a connect failed",
        "failures.connect_error_told",
        """
-|            place.conn = self._connect()
+|            try:
+|                place.conn = self._connect()
+|            except Exception:
+|                raise ConnectionError("no connection") from None
""",
    ),
    Fault(
        "says time-out when a connect failed",
        "failures.connect_error_told",
        """
-|            place.conn = self._connect()
+|            try:
+|                place.conn = self._connect()
+|            except Exception:
+|                raise TimeoutError("no connection") from OSError("could not connect")
""",
    ),
    Fault(
        "loses the place of a failed connect",
        "failures.failed_connect_frees_its_place",
        """
 |        except BaseException:
-|            if place := place or self._leave(bell):
+|            if (place := place or self._leave(bell)) and place.conn is not None:
""",
        also="failures.failed_connect_wakes_the_next failures.failed_replacement_frees_its_place "
        "interrupts.in_a_connect numbers.failures_add_up",
    ),
    Fault(
        "wakes nobody when a connect fails",
        "failures.failed_connect_wakes_the_next",
        """
 |            if place := place or self._leave(bell):
-|                self._put_back(place, fit=False)
+|                self._shut(place)
+|                self._shelf.appendleft(place)
""",
        also="interrupts.next_in_line_gets_it",
    ),
    Fault(
        "connects under the lock",
        "failures.others_go_on",
        """
-|            place.conn = self._connect()
+|            with self._lock:
+|                place.conn = self._connect()
""",
    ),
    Fault(
        "checks under the lock",
        "failures.others_go_on_during_a_check",
        """
-|        with suppress(Exception):
+|        with self._lock, suppress(Exception):
 |            conn.cursor().execute("SELECT 1").close()
""",
    ),
    Fault(
        "rolls back under the lock",
        "failures.others_go_on_during_a_rollback",
        """
-|            with suppress(Exception):
+|            with self._lock, suppress(Exception):
 |                conn.rollback()
""",
    ),
    Fault(
        "checks nothing",
        "failures.dead_one_replaced",
        """
-|        with suppress(Exception):
-|            conn.cursor().execute("SELECT 1").close()
-|            return True
+|        return True
""",
    ),
    Fault(
        "takes the next idle one for a dead one, unseen",
        "failures.dead_one_replaced",
        """
 |            self._shut(place)
-|            place.conn = self._connect()
+|            with self._lock:
+|                if self._shelf and self._shelf[-1].conn:
+|                    other = self._shelf.pop()
+|                    place.conn, other.conn = other.conn, None
+|                    self._shelf.appendleft(other)
+|            place.conn = place.conn or self._connect()
""",
    ),
    Fault(
        "loses the place of a dead one that cannot be replaced",
        "failures.failed_replacement_frees_its_place",
        """
-|        if place.conn is None or not self._works(place.conn):
+|        if place.conn is not None and not self._works(place.conn):
 |            self._shut(place)
+|            place.dead = True
+|        if place.conn is None:
 |            place.conn = self._connect()
+|            place.dead = False

-|            if place := place or self._leave(bell):
+|            if (place := place or self._leave(bell)) and not getattr(place, "dead", False):
""",
    ),
    Fault(
        "keeps one whose rollback failed",
        "failures.failed_rollback",
        """
-|            with suppress(Exception):
-|                conn.rollback()
-|                fit = True
+|            fit = True
+|            with suppress(Exception):
+|                conn.rollback()
""",
        also="interrupts.in_a_rollback",
    ),
    Fault(
        "loses the place of one that cannot be closed",
        "failures.failed_close",
        """
-|        with suppress(Exception):
-|            conn.close()
+|        if conn is not None:
+|            conn.close()
""",
        also="end.failed_close_goes_on",
    ),
    Fault(
        "trusts what its borrower broke",
        "failures.broken_by_its_borrower",
        """
-|        if place.conn is None or not self._works(place.conn):
+|        broken, place.broken = getattr(place, "broken", False), False
+|        if place.conn is None or not (broken or self._works(place.conn)):

 |                conn.rollback()
 |                fit = True
+|            place.broken = not fit
 |        finally:
-|            self._put_back(place, fit)
+|            self._put_back(place, fit or getattr(place, "broken", False))
""",
        also="failures.failed_rollback",
    ),
    # what a loan leaves behind
    Fault(
        "rolls nothing back",
        "leftovers.rolled_back",
        """
 |            with suppress(Exception):
-|                conn.rollback()
+|                conn.cursor().close()
 |                fit = True
""",
        also="leftovers.block_rolls_back leftovers.failed_commit",
    ),
    Fault(
        "commits what was left open",
        "leftovers.rolled_back",
        """
 |            with suppress(Exception):
-|                conn.rollback()
+|                conn.commit()
 |                fit = True
""",
        also="leftovers.block_rolls_back interrupts.in_a_rollback",
    ),
    Fault(
        "gives back at a good end only",
        "leftovers.block_gives_back",
        """
-|        try:
-|            yield conn
-|            conn.commit()
-|        finally:
-|            self.release(conn)  # which rolls back what was not committed
+|        yield conn
+|        conn.commit()
+|        self.release(conn)
""",
        also="leftovers.block_rolls_back leftovers.failed_commit interrupts.in_a_block",
    ),
    Fault(
        "does not commit",
        "leftovers.block_commits",
        """
 |            yield conn
-|            conn.commit()
""",
    ),
    Fault(
        "commits at a bad end too",
        "leftovers.block_rolls_back",
        """
 |            yield conn
-|            conn.commit()
 |        finally:
+|            conn.commit()
 |            self.release(conn)  # which rolls back what was not committed
""",
        also="leftovers.failed_commit",
    ),
    Fault(
        "says nothing of a commit that failed",
        "leftovers.failed_commit",
        """
 |            yield conn
-|            conn.commit()
+|            with suppress(Exception):
+|                conn.commit()
""",
    ),
    # threads
    Fault(
        "looks at the shelf without the lock",
        "threads.one_borrower",
        """
-|            with self._lock:
-|                self._check_open()
-|                if self._shelf:
-|                    place = self._shelf.pop()
-|                else:
-|                    self._line.append(bell)
+|            self._check_open()
+|            if self._shelf:
+|                place = self._shelf[-1]
+|                self._shelf.pop()
+|            else:
+|                self._line.append(bell)
""",
        also="order.newcomers_queue threads.return_meets_borrower threads.cap_holds "
        "threads.wake_up_not_lost",
    ),
    Fault(
        "gives the place away before it is closed",
        "threads.closed_first",
        """
-|        if not fit:
-|            self._shut(place)
+|        gone, place.conn = (None, place.conn) if fit else (place.conn, None)
 |        with self._lock:

 |        if self._closed and place.conn is not None:
 |            self._shut_idle()
+|        self._shut(SimpleNamespace(conn=gone))
""",
    ),
    Fault(
        "joins the line a moment too late",
        "threads.wake_up_not_lost",
        """
 |                if self._shelf:
 |                    place = self._shelf.pop()
-|                else:
-|                    self._line.append(bell)
 |            if place is None:
+|                with self._lock:
+|                    self._line.append(bell)
 |                bell.acquire(timeout=self._timeout)
""",
    ),
    Fault(
        "loses what came just at the time-out",
        "threads.time_up_just_then",
        """
-|                bell.acquire(timeout=self._timeout)
-|                place = self._leave(bell)
+|                came = bell.acquire(timeout=self._timeout)
+|                place = self._leave(bell) if came else self._leave(bell) and None
""",
        also="threads.time_up_with_others_behind end.hand_over_meets_the_end",
    ),
    Fault(
        "lays back without the lock",
        "threads.two_returns",
        """
 |    def _put_back(self, place, fit=True):
+|        served = False

 |                bell.release()
-|            else:  # connections lie to the right, and go first
-|                self._shelf.insert(len(self._shelf) if place.conn else 0, place)
+|                served = True
+|        if not served:
+|            self._shelf = deque([*self._shelf, place])
""",
        also="threads.cap_holds threads.wake_up_not_lost",
    ),
    # interrupts
    Fault(
        "expects no interrupt",
        "interrupts.in_a_wait",
        """
-|        except BaseException:
+|        except Exception:
 |            if place := place or self._leave(bell):
""",
        also="interrupts.handed_over_just_then interrupts.next_in_line_gets_it "
        "interrupts.in_a_connect interrupts.in_a_check",
    ),
    Fault(
        "looks for no gift after an interrupt",
        "interrupts.handed_over_just_then",
        """
-|            if place := place or self._leave(bell):
+|            if not self._leave(bell) and place:
""",
        also="interrupts.next_in_line_gets_it",
    ),
    Fault(
        "takes an interrupt for a failed check",
        "interrupts.in_a_check",
        """
-|        with suppress(Exception):
+|        with suppress(BaseException):
 |            conn.cursor().execute("SELECT 1").close()
""",
    ),
    Fault(
        "loses the place when a rollback is interrupted",
        "interrupts.in_a_rollback",
        """
-|        try:
-|            with suppress(Exception):
-|                conn.rollback()
-|                fit = True
-|        finally:
-|            self._put_back(place, fit)
+|        with suppress(Exception):
+|            conn.rollback()
+|            fit = True
+|        self._put_back(place, fit)
""",
    ),
    # fork
    Fault(
        "does not notice a fork",
        "fork.child_has_its_own",
        """
-|if hasattr(os, "register_at_fork"):
+|if False:
""",
        also="fork.child_is_not_stuck fork.nothing_committed_is_lost",
    ),
    Fault(
        "has the child wait for what its parent lent",
        "fork.child_is_not_stuck",
        """
-|        if self._lent:
-|            self._closed = "this process was forked while connections were out"
-|        self._start_empty()
+|        self._lock = threading.Lock()
""",
    ),
    Fault(
        "closes in the child what its parent lent",
        "fork.parent_goes_on",
        """
 |        if self._lent:
+|            for place in self._lent.values():
+|                self._shut(place)
 |            self._closed = "this process was forked while connections were out"
""",
    ),
    Fault(
        "keeps idle ones open over a fork",
        "fork.nothing_committed_is_lost",
        """
-|        before=lambda: [pool._shut_idle() for pool in _pools],
""",
    ),
    # end
    Fault(
        "leaves idle ones open",
        "end.closes_idle_ones",
        """
 |                self._line.popleft().release()
-|        self._shut_idle()
""",
        also="end.failed_close_goes_on end.return_meets_the_end end.loan_meets_the_end "
        "end.hand_over_meets_the_end",
    ),
    Fault(
        "lends on after the end",
        "end.lends_nothing_afterwards",
        """
 |            with self._lock:
-|                self._check_open()
 |                if self._shelf:

 |        with self._lock:
-|            self._check_open()
 |            self._lent[id(place.conn)] = place
""",
    ),
    Fault(
        "closes what is out",
        "end.leaves_what_is_out",
        """
 |                self._line.popleft().release()
 |        self._shut_idle()
+|        for place in self._lent.values():
+|            self._shut(place)
""",
        also="end.return_meets_the_end",
    ),
    Fault(
        "lets them wait",
        "end.tells_who_waits",
        """
-|        with self._lock:
-|            while self._line:
-|                self._line.popleft().release()
 |        self._shut_idle()
""",
    ),
    Fault(
        "closes once only",
        "end.twice",
        """
-|        self._closed = self._closed or "the pool is closed"
+|        self._check_open()
+|        self._closed = "the pool is closed"
""",
    ),
    Fault(
        "stops at the first that cannot be closed",
        "end.failed_close_goes_on",
        """
 |        for place in idle:
-|            self._put_back(place, fit=False)
+|            conn, place.conn = place.conn, None
+|            conn and conn.close()
+|            self._put_back(place)
""",
    ),
    Fault(
        "asks whether it is closed too early",
        "end.return_meets_the_end",
        """
-|        if not fit:
+|        if not fit or self._closed:
 |            self._shut(place)

-|        if self._closed and place.conn is not None:
-|            self._shut_idle()
""",
        also="end.loan_meets_the_end",
    ),
    # numbers
    Fault(
        "counts empty places as idle",
        "numbers.idle_is_true",
        """
-|            idle = sum(place.conn is not None for place in self._shelf)
+|            idle = len(self._shelf)
""",
    ),
    Fault(
        "counts empty places as lent",
        "numbers.in_use_is_true",
        """
-|            in_use, waiting = self._size - len(self._shelf), len(self._line)
+|            in_use, waiting = self._size - idle, len(self._line)
""",
        also="numbers.failures_add_up",
    ),
    Fault(
        "counts nobody as waiting",
        "numbers.waiting_is_true",
        """
-|            in_use, waiting = self._size - len(self._shelf), len(self._line)
+|            in_use, waiting = self._size - len(self._shelf), len(self._gifts)
""",
    ),
    Fault(
        "counts who gave up as waiting",
        "numbers.gave_up_is_gone",
        """
 |                bell.acquire(timeout=self._timeout)
-|                place = self._leave(bell)
+|                place = self._leave(bell)
+|                self._gone = getattr(self, "_gone", 0) + (place is None)

-|            in_use, waiting = self._size - len(self._shelf), len(self._line)
+|            in_use = self._size - len(self._shelf)
+|            waiting = len(self._line) + getattr(self, "_gone", 0)
""",
    ),
)

BY_NAME = {fault.attribute: fault for fault in FAULTS}


def __getattr__(name):
    """A broken pool by its name, with underscores: as other processes import it."""
    if name not in BY_NAME:
        raise AttributeError(name)
    return made(BY_NAME[name], __name__)
