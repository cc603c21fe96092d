"""Right pools of two more designs, which have no line of the others: in a loan, and by an owner."""

import itertools
import queue
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

from tests.conformance.designs import REST


class LoanPool:
    """Each step is a `with` block that says how it is undone; a loan is an object of its own."""

    lacks = {**REST, "give": "a loan gives itself back"}

    def __init__(self, connect, size, timeout):
        self.connect, self.size, self.timeout = connect, size, timeout
        self.lock = threading.RLock()
        self.waiters = {}  # Condition -> True once it is its turn; in the order they came
        self.idle, self.taken, self.lent, self.ended = [], 0, 0, False

    @staticmethod
    def raw(loan):
        return loan.conn

    def acquire(self):
        with ExitStack() as undo:
            self._enter()
            undo.callback(self._leave)
            conn = self._idle_one()
            if conn is None:
                conn = self.connect()
            with self.lock:
                self.lent += 1
            undo.pop_all()
            return Loan(self, conn)

    def _idle_one(self):
        with self.lock:
            conn = self.idle.pop() if self.idle else None
        if conn is None:
            return None
        with ExitStack() as undo:
            undo.callback(self._close, conn)
            with suppress(Exception):
                conn.cursor().execute("SELECT 1").fetchone()
                undo.pop_all()
                return conn
        return None

    def _enter(self):
        end = None if self.timeout is None else time.monotonic() + self.timeout
        with self.lock:
            me = threading.Condition(self.lock)
            self.waiters[me] = None
            try:
                while not self._my_turn(me):
                    left = None if end is None else end - time.monotonic()
                    if left is not None and left <= 0:
                        raise TimeoutError(f"all {self.size} are taken")
                    me.wait(left)
                self.taken += 1
            finally:
                del self.waiters[me]
                self._call_first()

    def _my_turn(self, me):
        if self.ended:
            raise ConnectionError("this pool was closed")
        return next(iter(self.waiters)) is me and self.taken < self.size

    def _call_first(self):
        for first in self.waiters:
            first.notify()
            break

    def _leave(self):
        with self.lock:
            self.taken -= 1
            self._call_first()

    def _close(self, conn):
        with suppress(Exception):
            conn.close()

    def release(self, loan):
        with self.lock:
            if loan.done:
                return
            loan.done = True
            self.lent -= 1
        with ExitStack() as undo:
            undo.callback(self._leave)
            undo.callback(self._close, loan.conn)
            with suppress(Exception):
                loan.conn.rollback()
                with self.lock:
                    if not self.ended:
                        self.idle.append(loan.conn)
                        undo.pop_all()
                        self._leave()

    @contextmanager
    def connection(self):
        with ExitStack() as back:
            loan = self.acquire()
            back.callback(self.release, loan)
            yield loan
            loan.conn.commit()

    def close_all(self):
        with self.lock:
            self.ended = True
            idle, self.idle = self.idle, []
            for waiter in self.waiters:
                waiter.notify()
        for conn in idle:
            self._close(conn)

    def stats(self):
        with self.lock:
            return {"idle": len(self.idle), "in_use": self.lent, "waiting": len(self.waiters)}


class Loan:
    def __init__(self, pool, conn):
        self.pool, self.conn, self.done = pool, conn, False

    def __getattr__(self, name):
        return getattr(self.conn, name)


LoanPool.follow = [LoanPool]


class Answer:
    """A box for one answer, which stays in it whatever happens to the one who waits."""

    def __init__(self):
        self.came, self.what = threading.Event(), None

    def put(self, what):
        self.what = what
        self.came.set()

    def get(self, timeout=None):
        if not self.came.wait(timeout):
            raise queue.Empty
        return self.what


class OwnerPool:
    """One thread owns the books; the others send it letters and wait for the answer."""

    follow = None  # the player cannot: the owner is no worker of the scene
    lacks = REST

    def __init__(self, connect, size, timeout):
        self._connect, self._size, self._timeout = connect, size, timeout
        self._letters = queue.SimpleQueue()
        self._numbers = itertools.count()
        # only the owner touches these
        self._idle, self._lent, self._line = [], {}, {}
        self._open, self._closed = 0, False
        threading.Thread(target=self._owner, daemon=True).start()

    # the owner

    def _owner(self):
        while True:
            what, args, answer = self._letters.get()
            getattr(self, f"_on_{what}")(answer, *args)

    def _serve(self):
        while self._line and (self._idle or self._open < self._size):
            number = next(iter(self._line))
            self._hand(self._line.pop(number))

    def _hand(self, answer):
        if self._idle:
            answer.put(("conn", self._idle.pop()))
        else:
            self._open += 1
            answer.put(("place", None))

    def _on_ask(self, answer, number, patient):
        if self._closed:
            answer.put(("closed", None))
        elif not self._line and (self._idle or self._open < self._size):
            self._hand(answer)
        elif patient:
            self._line[number] = answer
        else:
            answer.put(("late", None))

    def _on_forget(self, answer, number):
        if self._line.pop(number, None) is not None:
            answer.put(("late", None))

    def _on_lent(self, answer, conn):
        self._lent[id(conn)] = conn
        answer.put(True)

    def _on_back(self, answer, conn):
        known = self._lent.get(id(conn)) is conn
        if known:
            del self._lent[id(conn)]
        answer.put(known)

    def _on_shelve(self, answer, conn):
        if self._closed:
            answer.put(False)
            return
        self._idle.append(conn)
        self._serve()
        answer.put(True)

    def _on_gone(self, answer):
        self._open -= 1
        self._serve()

    def _on_close(self, answer):
        self._closed = True
        idle, self._idle = self._idle, []
        for waiting in self._line.values():
            waiting.put(("closed", None))
        self._line.clear()
        answer.put(idle)

    def _on_count(self, answer):
        answer.put({"idle": len(self._idle), "in_use": len(self._lent), "waiting": len(self._line)})

    # the callers

    def _send(self, what, *args):
        answer = Answer()
        self._letters.put((what, args, answer))
        return answer.get()

    def _post(self, what, *args):
        self._letters.put((what, args, Answer()))

    def acquire(self):
        kind, conn = self._turn()
        if kind == "closed":
            raise RuntimeError("closed")
        if kind == "late":
            raise TimeoutError("none came in time")
        try:
            if conn is not None:
                try:
                    conn.execute("SELECT 1").fetchone()
                except Exception:
                    conn = self._bury(conn)
            if conn is None:
                conn = self._connect()
        except BaseException:
            if conn is not None:
                self._bury(conn)
            self._post("gone")
            raise
        self._send("lent", conn)
        return conn

    def _turn(self):
        answer, number = Answer(), next(self._numbers)
        self._letters.put(("ask", (number, self._timeout != 0), answer))
        try:
            return answer.get(timeout=self._timeout or None)
        except queue.Empty:
            self._letters.put(("forget", (number,), answer))
            return answer.get()
        except BaseException:
            self._letters.put(("forget", (number,), answer))
            kind, conn = answer.get()
            if kind == "place":
                self._post("gone")
            elif kind == "conn" and not self._send("shelve", conn):
                self._bury(conn)
                self._post("gone")
            raise

    @staticmethod
    def _bury(conn):
        with suppress(Exception):
            conn.close()

    def release(self, conn):
        if not self._send("back", conn):
            raise ValueError("not lent here")
        try:
            if conn.in_transaction:
                conn.rollback()
            if self._send("shelve", conn):
                return
            self._bury(conn)
            self._post("gone")
        except BaseException as error:
            self._bury(conn)
            self._post("gone")
            if not isinstance(error, Exception):
                raise

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except BaseException:
            with suppress(Exception):
                conn.rollback()
            raise
        else:
            conn.commit()
        finally:
            self.release(conn)

    def close_all(self):
        for conn in self._send("close"):
            self._bury(conn)

    def stats(self):
        return self._send("count")
