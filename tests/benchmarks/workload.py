"""What `run_demo_queries` costs, in time and memory, and what `import poolkit` does.

    python tests/benchmarks/workload.py                     # a table, in about two minutes
    python tests/benchmarks/workload.py --sizes 1000 10000 --json workload.json

Each measurement is a process of its own, on a new database file in WAL mode, and the contestants
take turns, so that a busy moment of the machine hits them all. The labels come from a generator:
memory is what the rows need that are returned, and what the contestant needs besides. Nothing here
is asserted; the numbers belong to the machine they were taken on.
"""

import argparse
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = [1_000, 10_000, 100_000, 1_000_000]
LAST_SIZE = {"connection each": 1_000}  # a commit for each row: 10,000 took minutes on a busy disk
TABLE = "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)"
INSERT = "INSERT INTO events (label) VALUES (?)"
IMPORTS = {
    "bare interpreter": "pass",
    "import sqlite3": "import sqlite3",
    "import poolkit": "import poolkit",
    "import sqlalchemy": "import sqlalchemy",
}


# The contestants: each stores the labels and returns what it stored


def pooled(database, labels):
    from poolkit import ConnectionConfig, ConnectionPool, run_demo_queries

    with ConnectionPool(ConnectionConfig(database)) as pool:
        return run_demo_queries(pool, labels)


def one_connection(database, labels):
    conn = sqlite3.connect(database)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute(TABLE)
    rows = []
    for label in labels:
        cursor = conn.execute(INSERT, (label,))
        rows.append({"id": cursor.lastrowid, "label": label})
    conn.commit()
    conn.close()
    return rows


def connection_each(database, labels):
    one_connection(database, [])  # table and WAL are in the file from here on
    rows = []
    for label in labels:
        conn = sqlite3.connect(database)
        cursor = conn.execute(INSERT, (label,))
        conn.commit()
        conn.close()
        rows.append({"id": cursor.lastrowid, "label": label})
    return rows


def file_to_file(database, labels):
    """`run()`: from a text file to a JSON file; writing the text file is part of the time."""
    from poolkit import ConnectionConfig, run

    source, target = database.with_name("labels.txt"), database.with_name("summary.json")
    with source.open("w", encoding="utf-8") as file:
        file.writelines(f"{label}\n" for label in labels)
    return run(source, target, ConnectionConfig(database))["rows"]


CONTESTANTS = {
    "pool": pooled,
    "one connection": one_connection,
    "connection each": connection_each,
    "run(), file to file": file_to_file,
}


def measure_here(name, size):
    """Run one contestant in this process; print seconds and bytes as JSON."""
    import poolkit  # noqa: F401 - its memory belongs to the start, its time to the imports below

    with tempfile.TemporaryDirectory() as folder:
        before = peak_memory()
        start = time.perf_counter()
        rows = CONTESTANTS[name](Path(folder, "app.db"), (f"label {n}" for n in range(size)))
        seconds = time.perf_counter() - start
        assert len(rows) == size
        print(json.dumps({"seconds": seconds, "bytes": peak_memory() - before}))


def peak_memory():
    """The most memory this process has had, in bytes; 0 where there is no way to know."""
    try:  # not getrusage on Linux: it begins with the memory of the process that started this one
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def measure(name, size):
    done = subprocess.run(
        [sys.executable, __file__, "--measure", name, str(size)],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return json.loads(done.stdout)


def measure_workload(sizes, repeat):
    results = []
    for size in sizes:
        names = [name for name in CONTESTANTS if size <= LAST_SIZE.get(name, size)]
        runs = {name: [] for name in names}
        for _ in range(repeat):
            for name in names:
                tell(f"{size:,} labels: {name} ...")
                runs[name].append(measure(name, size))
        for name in names:
            results.append(
                {
                    "labels": size,
                    "contestant": name,
                    "seconds": statistics.median(run["seconds"] for run in runs[name]),
                    "bytes": statistics.median(run["bytes"] for run in runs[name]),
                }
            )
    tell("")
    return results


def tell(message):
    if sys.stderr.isatty():
        print("\r" + message.ljust(50), end="" if message else "\r", file=sys.stderr)


def measure_imports(repeat):
    times = {name: [] for name in IMPORTS}
    for _ in range(repeat):
        for name, code in IMPORTS.items():
            start = time.perf_counter()
            done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
            if done.returncode == 0:  # a peer that is not installed is left out
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items() if found}


def print_workload(results):
    by = {(result["labels"], result["contestant"]): result for result in results}
    print(
        f"{'labels':>10}  {'':<20} {'seconds':>9} {'µs a label':>11} {'peak MB':>8} "
        f"{'x one connection':>17}"
    )
    for (size, name), result in by.items():
        seconds = result["seconds"]
        ratio = seconds / by[size, "one connection"]["seconds"]
        print(
            f"{size:>10,}  {name:<20} {seconds:>9.3f} {seconds / size * 1e6:>11.2f} "
            f"{result['bytes'] / 1e6:>8.1f} {ratio:>17.2f}"
        )
    for name, last in LAST_SIZE.items():
        if any(size > last for size, _ in by):
            print(f"{name}: stopped at {last:,} labels, since each of them costs a commit")


def print_imports(times):
    bare = times["bare interpreter"]
    print(f"\n{'':<20} {'ms':>7} {'above bare, ms':>15} {'x bare':>7}")
    for name, seconds in times.items():
        print(
            f"{name:<20} {seconds * 1e3:>7.1f} {(seconds - bare) * 1e3:>15.1f} "
            f"{seconds / bare:>7.2f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="medians of N runs")
    parser.add_argument("--json", metavar="FILE", help="save what was measured")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure_here(args.measure[0], int(args.measure[1]))
        return
    machine = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()), "\n")
    results = measure_workload(args.sizes, args.repeat)
    print_workload(results)
    imports = measure_imports(max(10, args.repeat))
    print_imports(imports)
    if args.json:
        report = {"machine": machine, "workload": results, "imports": imports}
        Path(args.json).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
