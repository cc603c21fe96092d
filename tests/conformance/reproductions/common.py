"""What the scripts share: waiting until a thread sleeps, forking, interrupting the main thread."""

import json
import os
import select
import signal
import sqlite3
import sys
import threading
import time

_scripts = []


def shows(*cells):
    """Say which promises the script shows to be broken."""

    def register(script):
        _scripts.append((script, cells))
        return script

    return register


def main():
    """Run all scripts of the file; print as JSON which cells were shown."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    found = {}
    for script, cells in _scripts:
        seen = bool(script())
        print(f"{'shown' if seen else 'NOT SHOWN'}: {script.__doc__}", file=sys.stderr)
        found |= dict.fromkeys(cells, seen)
    print(json.dumps(found), flush=True)
    os._exit(0)


def open_sqlite():
    return sqlite3.connect(":memory:", check_same_thread=False)


class Thread:
    """A call in a thread: `done`, `result`, `error`, and when it was over."""

    def __init__(self, call):
        self.done, self.result, self.error = threading.Event(), None, None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()
        self.ident = self._thread.ident

    def _run(self, call):
        try:
            self.result = call()
        except BaseException as error:
            self.error = error
        self.at = time.monotonic()
        self.done.set()

    def sleeps(self):
        asleep(self.ident)
        return self


def asleep(ident, within=10):
    """Wait until a thread stands still at a wait or at a lock, for 50 ms on end."""
    deadline, since, before = time.monotonic() + within, time.monotonic(), None
    while time.monotonic() - since < 0.05:
        frame = sys._current_frames().get(ident)
        here = frame and (frame.f_code, frame.f_lasti)
        if here != before or here is None:
            since, before = time.monotonic(), here
        assert time.monotonic() < deadline, "it does not come to rest"
        time.sleep(0.002)


def in_one_go(job):
    """Run `job()` while no other thread gets its turn, unless this one waits."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        return job()
    finally:
        sys.setswitchinterval(before)


def interrupted(call, before):
    """Ctrl-C for this thread, the main one, in the midst of `call()`.

    When it sleeps, another thread runs `before()` and sends the signal, in one go.
    """
    me = threading.get_ident()

    def send():
        asleep(me)
        in_one_go(lambda: (before(), signal.pthread_kill(me, signal.SIGINT)))

    Thread(send)
    try:
        call()
    except KeyboardInterrupt:
        return True
    return False


def forked(job, within=3):
    """What `job()` returns in a child process, as text; None if it takes longer than that."""
    hear, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            text = str(job())
        except BaseException as error:
            text = type(error).__name__
        os.write(say, text.encode())
        os._exit(0)
    ready, _, _ = select.select([hear], [], [], within)
    text = os.read(hear, 1000).decode() if ready else None
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return text
