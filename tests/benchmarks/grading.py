"""What grading a class takes: seconds for 1, 10 and 50 notebooks, with one job and with two.

    python tests/benchmarks/grading.py               # a table, in about four minutes
    python tests/benchmarks/grading.py --teaching    # and into .github/TEACHING.md

One job and two take turns; of each one's turns the quickest counts, since others may use the
machine, too. Seconds of processor time hardly depend on them. Nothing here is asserted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import report

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "notebooks" / "solved" / "02_simple.ipynb"
PAGE = ROOT / ".github" / "TEACHING.md"
BEGIN, END = "<!-- grading:begin -->\n", "<!-- grading:end -->"
SIZES, JOBS = (1, 10, 50), (1, 2)


def seconds(folders, jobs):
    """(wall, processor) seconds of `poolkit grade`, one process a folder, all at once."""
    command = [sys.executable, "-m", "poolkit", "grade", "--jobs", str(jobs)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    running = [
        subprocess.Popen([*command, folder], env=environment, stdout=subprocess.DEVNULL)
        for folder in folders
    ]
    used = 0.0
    for process in running:
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"poolkit grade ended with {process.returncode}")
        used += spent.ru_utime + spent.ru_stime
    return time.perf_counter() - began, used


def hand_in(folder, size):
    """A class of so many solved notebooks."""
    os.makedirs(folder)
    for number in range(size):
        (Path(folder) / f"{number:02}_{LESSON.name}").write_bytes(LESSON.read_bytes())
    return str(folder)


def measure(place, turns):
    """{(size, jobs): (wall, processor)}, the quickest of its turns; (size, "apart"): two processes
    with half of the notebooks each, which share nothing but the machine.
    """
    best = {}
    for size in SIZES:
        whole = hand_in(place / str(size), size)
        ways = {jobs: ([whole], jobs) for jobs in JOBS}
        if size > 1:
            ways["apart"] = ([hand_in(place / f"{size}{h}", size // 2) for h in "ab"], 1)
        for _ in range(turns):
            for way, (folders, jobs) in ways.items():
                best[size, way] = min(best.get((size, way), (1e9, 0)), seconds(folders, jobs))
    return best


def block(best):
    """The table and what follows from it, in Markdown."""
    rows = [["notebooks", "one job", "two jobs", "times as fast", "processor seconds"]]
    for size in SIZES:
        (one, used), (two, used_by_two) = best[size, 1], best[size, 2]
        rows.append([str(size), f"{one:.1f}", f"{two:.1f}", f"{one / two:.2f}",
            f"{used:.1f}, {used_by_two:.1f}"])  # fmt: skip
    some, most = SIZES[-2:]
    (one, _), (two, _), (apart, _) = (best[most, way] for way in (1, 2, "apart"))
    lost = two / apart - 1
    return (
        f"{report.markdown(rows)}\n\n"
        "Seconds, lesson 02 solved; the quickest of some turns, by "
        f"`python tests/benchmarks/grading.py --teaching` on {os.cpu_count()} CPUs. With one job "
        f"a notebook of {some} takes {best[some, 1][0] / some:.2f} s, one of {most} "
        f"{one / most:.2f} s. "
        f"Two processes that share nothing, with half of the {most} each, were {one / apart:.2f} "
        f"times as fast as one: of that, two jobs lose {max(0.0, lost):.0%} by sharing."
    )


def main():
    parser = argparse.ArgumentParser(description="What grading a class takes.")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="of each (default: 3)")
    parser.add_argument("--teaching", action="store_true", help="write it into .github/TEACHING.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        text = block(measure(Path(place), asked.turns))
    print(text)
    if asked.teaching:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
