"""A thread of the player's company.

Each is a real thread, parked on a real lock of its own, its gate. Handing over is opening the next
worker's gate and parking at one's own, so that exactly one runs at any time.
"""

import ctypes
import threading
from _thread import get_ident

from poolkit.course.player.locks import Ended, on_stage, real_lock
from poolkit.course.player.script import Place


class Worker:
    """One thread; it plays one part after the other."""

    def __init__(self, follower) -> None:
        self.stage = None  # the play it has a part in
        self.name, self.index, self._job = "", 0, None
        self.gate = real_lock()
        self.gate.acquire()
        self.followed = True
        self.spoiled = False  # it had to be ended by force: never used again
        self._follower = follower
        self._clear()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _clear(self) -> None:
        self.done = self.waiting = self.fresh = self.paused = self.unwritten = False
        self.lock = self.deadline = self.error = None
        self.place: Place | None = None  # the line it is on
        self.before: Place | None = None  # the line it was on before that
        self._trail: list[
            Place
        ] = []  # the lines it is on, from the outermost call to the innermost
        self.waits_at: Place | None = None
        self.naps = self.cleaning = 0
        self.in_one_go = 0  # in how many calls that nobody may interrupt
        self.result: object = None

    def cast(self, stage, index: int, name: str, job, followed: bool) -> None:
        """Give the worker a part; it begins when its gate is opened."""
        self._clear()
        self.followed = followed
        self.stage, self.index, self.name, self._job = stage, index, name, job
        self.thread.name = name

    def dismiss(self) -> None:
        self._job = None
        self.gate.release()

    def ended(self) -> Ended:
        """What to raise to end the worker where it stands; what follows is cleaning up."""
        self.cleaning += 1
        return Ended()

    def enters(self, place: Place) -> bool:
        """Whether it comes to the line anew, and not back from a call that the line made."""
        depths = [depth for depth, open in enumerate(self._trail) if open.code is place.code]
        back = bool(depths) and self._trail[depths[-1]] is place
        if depths:
            del self._trail[depths[-1] :]
        self._trail.append(place)
        return not back

    def can_run(self, now: float) -> bool:
        if self.done:
            return False
        if not self.waiting or (self.lock is not None and self.lock.holder is None):
            return True
        return self.deadline is not None and self.deadline <= now

    def barred_by(self) -> str:
        """Who holds the lock that it waits for, where that says something.

        A lock that it took itself, and not by `with`, is one that others are to open: a ticket.
        """
        holder = self.lock.holder if self.lock is not None else None
        if holder is None or (holder is self and self.lock.inside is not self):
            return ""
        return holder.name

    def _live(self) -> None:
        on_stage[get_ident()] = self
        try:
            while not self.spoiled:
                self.gate.acquire()
                if self._job is None:
                    return
                self._play()
        except BaseException:  # sent by force, by us or by a limit around us, and arrived late
            pass
        finally:
            on_stage.pop(get_ident(), None)

    def _play(self) -> None:
        stage = self.stage
        try:
            self._follower.enter(self)
            self.result = self._job()
        except Ended:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self._follower.leave()
            stage.finished(self)

    def end_by_force(self) -> None:
        """Raise SystemExit in the thread, at its next instruction."""
        self.spoiled = True
        ident = ctypes.c_ulong(self.thread.ident)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))
