"""What a loan costs, and who gets one when threads wait for each other.

    python tests/benchmarks/run.py             # tables, in about three minutes
    python tests/benchmarks/run.py --readme    # and into both READMEs, with a picture and JSON

All contestants run in one process and take turns, many short ones, so that a busy moment of the
machine hits them all alike; of each one's turns the least disturbed counts. Nothing here is
asserted: the numbers belong to the machine they were taken on.
"""

import argparse
import gc
import json
import os
import platform
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from poolkit.events import record
from tests.benchmarks import report
from tests.benchmarks.contestants import (
    QUERY,
    Poolkit,
    PoolkitDeaf,
    PoolkitUncapped,
    connect,
    installed,
    make_database,
    query,
)

THREADS, CONNECTIONS, HELD = 16, 4, 0.0005
CONTENDED = (4, 8, 32)  # threads on the same connections, with a query in each block
ROOT = Path(__file__).parents[2]
SAVED = Path(__file__).parent / "latest.json"
PAGE = Path(__file__).parent / "README.md"
PICTURE = ROOT / ".github" / "images" / "benchmark.png"


def quickest(calls, turns, seconds=0.0007):
    """Seconds that each call takes, the quickest of many turns that the calls take in rotation."""
    best = dict.fromkeys(calls, float("inf"))
    loops = {name: _loops_for(call, seconds) for name, call in calls.items()}
    names = list(calls)
    gc.disable()
    try:
        for turn in range(turns):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                call, repeat = calls[name], range(loops[name])
                began = time.perf_counter()
                for _ in repeat:
                    call()
                best[name] = min(best[name], (time.perf_counter() - began) / len(repeat))
    finally:
        gc.enable()
    return best


def _loops_for(call, seconds):
    """How many calls fill that time; of several tries, since one may be disturbed."""
    tries = []
    for _ in range(9):
        began = time.perf_counter()
        for _ in range(20):
            call()
        tries.append((time.perf_counter() - began) / 20)
    return max(1, round(seconds / min(tries)))


def measure_loans(path, turns):
    """What a loan costs when nobody else wants one: bare, in a block, in a block with a query."""
    pools = [contestant(path, 5) for contestant in installed()]
    ways = {
        "loan": {pool.name: pool.loan for pool in pools},
        "block": {pool.name: pool.block for pool in pools},
        "query": {pool.name: partial(pool.work, query) for pool in pools},
    }
    measured = {way: quickest(calls, turns) for way, calls in ways.items()}
    for pool in pools:
        pool.close()
    return measured


def measure_extras(path, turns):
    """What stats(), settings, and knowing open cursors cost."""
    pools = {
        "loan, no cap": PoolkitUncapped(path, 5),
        "loan, max_connections set": Poolkit(path, 5),
        "loan, leak_after set": Poolkit(path, 5, leak_after=60),
        "loan, max_idle set": Poolkit(path, 5, max_idle=60),
    }
    calls = {name: pool.loan for name, pool in pools.items()}
    calls["stats()"] = pools["loan, no cap"].pool.stats
    calls["stats(), leak_after set"] = pools["loan, leak_after set"].pool.stats
    knowing, plain = pools["loan, no cap"].pool.acquire(), connect(path)
    calls["a query by conn.execute, cursors known"] = partial(execute, knowing)
    calls["a query by conn.execute, sqlite3's own connection"] = partial(execute, plain)
    calls["a query by conn.cursor, cursors known"] = partial(query, knowing)
    calls["a query by conn.cursor, sqlite3's own connection"] = partial(query, plain)
    measured = quickest(calls, turns)
    plain.close()
    pools["loan, no cap"].pool.release(knowing)
    for pool in pools.values():
        pool.close()
    return measured


def measure_recording(path, turns):
    """What a loan costs from a pool that is recorded, that is not, and that cannot be."""
    names = "not recorded", "recorded", "was recorded once"
    pools = {"cannot be recorded": PoolkitDeaf(path, 5)}
    pools |= {name: PoolkitUncapped(path, 5) for name in names}
    with record(pools["was recorded once"].pool):
        pools["was recorded once"].loan()
    with record(pools["recorded"].pool, most=1000):
        measured = quickest({name: pool.loan for name, pool in pools.items()}, turns)
    for pool in pools.values():
        pool.close()
    return measured


def execute(conn):
    conn.execute(QUERY).fetchone()


def compete(contestant, path, seconds, held=0.0, threads=THREADS, action=None):
    """Let threads wait for too few connections; count who got how many, and how long it took."""
    pool = contestant(path, CONNECTIONS)
    served, longest = [0] * threads, [0.0] * threads
    start, end = threading.Barrier(threads + 1), [0.0]

    def work(conn):
        waited = time.perf_counter() - mine.asked
        longest[mine.number] = max(longest[mine.number], waited)
        served[mine.number] += 1
        if action:
            action(conn)
        if held:
            time.sleep(held)

    mine = threading.local()

    def thread(number):
        mine.number = number
        start.wait()
        while time.perf_counter() < end[0]:
            mine.asked = time.perf_counter()
            pool.work(work)

    running = [threading.Thread(target=thread, args=(n,)) for n in range(threads)]
    for each in running:
        each.start()
    end[0] = time.perf_counter() + seconds
    start.wait()
    for each in running:
        each.join()
    pool.close()
    return {
        "per_second": sum(served) / seconds,
        "least_of_most": min(served) / max(max(served), 1),
        "longest_wait": max(longest),
    }


def measure_fairness(path, repeats, seconds, **kwargs):
    """Of several runs that take turns, for each pool the one in which it got most done."""
    contestants = [one for one in installed() if one.cap]
    runs = {contestant.name: [] for contestant in contestants}
    for _ in range(repeats):
        for contestant in contestants:
            runs[contestant.name].append(compete(contestant, path, seconds, **kwargs))
    return {name: max(each, key=lambda run: run["per_second"]) for name, each in runs.items()}


def machine():
    """The machine in words, without its name."""
    return {
        "cpus": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def measure(quick):
    turns, repeats, seconds = (60, 1, 0.3) if quick else (600, 5, 1.5)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "bench.db")
        make_database(path)
        return {
            "machine": machine(),
            "does": {one.name: one.does for one in installed()},
            "loans": measure_loans(path, turns),
            "extras": measure_extras(path, turns),
            "recording": measure_recording(path, turns),
            "threads": THREADS,
            "connections": CONNECTIONS,
            "held": HELD,
            "fairness": measure_fairness(path, repeats, seconds, held=HELD),
            "no work": measure_fairness(path, repeats, seconds / 3),
            "contended": {
                f"{threads} on {CONNECTIONS}": measure_fairness(
                    path, repeats, seconds / 3, threads=threads, action=query
                )
                for threads in CONTENDED
            },
        }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, rough numbers")
    parser.add_argument(
        "--readme", action="store_true", help="store JSON, picture and README block"
    )
    given = parser.parse_args(argv)

    measured = measure(given.quick)

    print(report.text(measured))
    if given.readme:
        SAVED.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        report.draw(measured, PICTURE)
        PAGE.write_text(report.page(measured), encoding="utf-8")
        readme = ROOT / "README.md"
        block = report.block(measured, PICTURE.relative_to(ROOT).as_posix())
        readme.write_text(
            report.put_block(readme.read_text(encoding="utf-8"), block), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
