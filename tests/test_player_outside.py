"""The player among others: libraries, logging and a kernel in a play, and what outlives it."""

import importlib
import io
import logging
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from poolkit.course.notebooks import execute
from poolkit.course.player import Scene, play_all
from tests.tools import Task, wait_until


def solo(job, code=()):
    """Play one worker's job beside one that does nothing; return the result."""
    return play_all(Scene(list(code), lambda: None, {"ann": job, "ben": lambda shared: None}))


def made(module, name):
    """One of these, made in a scene that is over: the name is looked up there."""
    return by_a_play(lambda: getattr(module, name)())


def by_a_play(job):
    """What the job returned in a scene that is over."""
    results = []
    assert solo(lambda _: results.append(job())).ok
    return results[-1]


# -- what outlives a play is real


@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition", "Semaphore"])
def test_a_lock_that_outlives_its_play_keeps_others_out(kind):
    lock = made(threading, kind)

    with lock:
        assert not Task(lock.acquire, timeout=0.01).result()
        other = Task(lock.acquire, timeout=10)

    assert other.result()


def test_an_rlock_that_outlives_its_play_belongs_to_whoever_took_it():
    lock = made(threading, "RLock")

    with lock, lock:
        assert not Task(lock.acquire, blocking=False).result()
        with pytest.raises(RuntimeError, match="un-acquired"):
            Task(lock.release).result()
    with pytest.raises(RuntimeError, match="un-acquired"):
        lock.release()

    assert Task(lock.acquire, blocking=False).result()


def test_whoever_waits_after_the_play_is_woken():
    def wait():
        with condition:
            inside.append(True)
            return condition.wait(10)

    event, condition, inside = made(threading, "Event"), made(threading, "Condition"), []
    by_event, by_condition = Task(event.wait, 10), Task(wait)
    wait_until(lambda: inside)

    event.set()
    with condition:
        condition.notify()

    assert by_event.result()
    assert by_condition.result()


@pytest.mark.parametrize("kind", ["Queue", "SimpleQueue"])
def test_a_queue_that_outlives_its_play_passes_things_on(kind):
    box = made(queue, kind)
    getter = Task(box.get, timeout=10)

    box.put("c1")

    assert getter.result() == "c1"


def test_an_executor_that_outlives_its_play_works():
    with by_a_play(lambda: ThreadPoolExecutor(2)) as executor:
        assert Task(lambda: list(executor.map(abs, [-1, -2]))).result() == [1, 2]


def test_a_lock_that_a_play_left_locked_is_no_wait_for_ever():
    def locked():
        lock = threading.Lock()
        lock.acquire()
        return lock

    lock = by_a_play(locked)

    assert not lock.acquire(timeout=0.01)
    with pytest.raises(RuntimeError, match="left this lock locked"):
        Task(lock.acquire).result()


def test_a_lock_of_an_earlier_play_is_played():
    def job(_):
        with lock:
            time.sleep(1)
            seen.add(time.monotonic())

    lock, seen = made(threading, "RLock"), set()

    assert play_all(Scene([], lambda: None, {"ann": job, "ben": job})).ok
    assert seen == {1001.0, 1002.0}


def test_a_thread_that_is_on_no_stage_shares_a_lock_with_those_that_are():
    def serve():
        return [box.get(timeout=10) for box in iter(asked.get, None)]

    def setup():
        box = queue.Queue()
        asked.put(box)
        return box

    asked = queue.SimpleQueue()
    server = Task(serve)

    result = play_all(Scene([], setup, {"ann": lambda box: box.put("c1"), "ben": lambda box: 0}))
    asked.put(None)

    assert result.ok, str(result)
    assert server.result() == ["c1"] * result.plays


# -- logging


def record(message):
    return logging.makeLogRecord({"msg": message})


def test_a_log_handler_that_was_made_in_a_play_logs_on():
    def job(_):
        handlers.append(logging.StreamHandler(written))
        handlers[-1].handle(record("in the play"))

    written, handlers = io.StringIO(), []

    assert solo(job).ok
    Task(handlers[-1].handle, record("after it")).result()

    assert written.getvalue().endswith("in the play\nafter it\n")


def test_a_pool_that_logs_itself_is_no_standstill():
    class Pool:
        def __repr__(self):
            self.asked = True
            return "the pool"

        def acquire(self):
            handler.handle(logging.makeLogRecord({"msg": "%r lends", "args": (self,)}))

    handler = logging.StreamHandler(io.StringIO())

    result = play_all(Scene(Pool, Pool, {"ann": Pool.acquire, "ben": Pool.acquire}))

    assert result.ok, str(result)
    assert result.complete


# -- a kernel

SHOWS = {
    "print": "print('shown', flush=True)",
    "flush": "sys.stdout.flush()",
    "display": "display('shown')",
    "logging": "logging.warning('shown')",
}
CELL = """
import logging, sys, threading, time
from poolkit.course.player import Scene, play_all

class Pool:
    def __init__(self):
        self.lock = threading.Lock()

    def acquire(self):
        with self.lock:
            {}

began = time.monotonic()
result = play_all(Scene(Pool, Pool, {{"ann": Pool.acquire, "ben": Pool.acquire}}))
"""
AFTER = "logging.error('after')\nprint(result.kind, result.complete, flush=True)"


@pytest.mark.parametrize("name", SHOWS)
def test_in_a_kernel_played_code_may_show_and_log(name, tmp_path):
    sources = (CELL.format(SHOWS[name]), AFTER)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)

    execute(notebook, tmp_path)

    outputs = [dict(out) for cell in notebook.cells for out in cell.outputs]
    assert not [out for out in outputs if out["output_type"] == "error"]
    texts = "".join(out.get("text", "") for out in outputs)
    assert "ok True" in texts
    assert "after" in texts
    assert name == "flush" or "shown" in str(outputs)


# -- libraries

SHOWING = """
import threading

class Screen:
    def __init__(self):
        self.asked = threading.Semaphore(0)
        self.events = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while self.asked.acquire():
            event = self.events.pop()
            if event is None:
                return
            event.set()

    def flush(self):
        event = threading.Event()
        self.events.append(event)
        self.asked.release()
        return event.wait(5)

    def close(self):
        self.events.append(None)
        self.asked.release()
"""
MAKING = """
import threading
from queue import SimpleQueue
from threading import Lock

LOCK = threading.RLock()

class Box(SimpleQueue):
    pass
"""
TWO = """
class Shelf:
    def __init__(self):
        self.count = 0

    def up(self):
        self.count += 1

class Counted(Shelf):
    pass

class Counter:
    def __init__(self):
        self.shelf = Shelf()

    def up(self):
        self.shelf.up()

    @property
    def count(self):
        return self.shelf.count
"""
GATE = """
import threading

class Gate:
    def __init__(self):
        self.lock = threading.Lock()

    def through(self, func):
        with self.lock:
            func()
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Installs a package of one module, `inner`, and imports it if asked."""
    folder = tmp_path / "site-packages"
    monkeypatch.syspath_prepend(str(folder))

    def install(source, name, load=True):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("")
        (folder / name / "inner.py").write_text(source)
        importlib.invalidate_caches()
        installed.append(name)
        return importlib.import_module(f"{name}.inner") if load else None

    installed = []
    yield install
    for name in installed:
        sys.modules.pop(name, None)
        sys.modules.pop(f"{name}.inner", None)


def test_a_library_waits_for_a_thread_of_its_own_as_always(library):
    screen = library(SHOWING, "showing").Screen()
    try:
        result = solo(lambda _: screen.flush() or pytest.fail("nobody answered"))
    finally:
        screen.close()

    assert result.ok, str(result)


def test_a_library_that_is_imported_in_a_play_keeps_the_real_things(library):
    library(MAKING, "making", load=False)

    result = solo(lambda _: importlib.import_module("making.inner"))

    inner = sys.modules["making.inner"]
    assert result.ok, str(result)
    assert inner.Lock is threading.Lock
    assert type(inner.LOCK) is type(threading.RLock())
    assert inner.Box.__mro__[1] is queue.SimpleQueue


def counted_twice(code, cls):
    def holds(counter):
        assert counter.count == 2, "lost"

    return play_all(Scene(code, cls, {"ann": cls.up, "ben": cls.up}, holds))


@pytest.mark.parametrize("named", [("Counter", "Shelf"), ("Shelf", "Counter")])
def test_each_installed_class_that_is_named_is_followed(library, named):
    two = library(TWO, "two")

    assert counted_twice([two.Counter], two.Counter).ok  # Shelf is not named
    assert counted_twice([getattr(two, name) for name in named], two.Counter).key == "lost"


def test_an_installed_class_is_followed_with_its_bases(library):
    two = library(TWO, "two")

    assert counted_twice(two.Counted, two.Counted).key == "lost"


def test_an_installed_module_or_package_is_followed_whole(library):
    two = library(TWO, "two")

    assert counted_twice(two, two.Counter).key == "lost"
    assert counted_twice(sys.modules["two"], two.Counter).key == "lost"


def test_the_locks_of_a_named_library_are_played_and_others_are_told(library):
    gate = library(GATE, "gate")

    class Pool:
        def __init__(self):
            self.gate, self.count = gate.Gate(), 0

        def up(self):
            self.gate.through(self.add)

        def add(self):
            self.count += 1

    named = counted_twice([Pool, gate.Gate], Pool)
    other = counted_twice([Pool], Pool)

    assert named.ok, str(named)
    assert named.complete
    assert other.kind == "stuck"
    assert "in code of gate, which the player does not follow" in other.story


def test_the_locks_of_a_library_that_a_pool_stands_on_are_played(library):
    gate = library(GATE, "gate")

    class Pool(gate.Gate):
        count = 0

        def up(self):
            self.through(self.add)

        def add(self):
            self.count += 1

    result = counted_twice([Pool], Pool)

    assert result.ok, str(result)
    assert result.complete


def test_what_cannot_be_followed_is_refused():
    with pytest.raises(TypeError, match="follows classes, functions and modules, not 3"):
        solo(print, [3])

    assert solo(lambda _: None).ok
