"""The matrix of promises and pools.

    python -m tests.conformance.matrix           # tries all pools; writes matrix.json
    python -m tests.conformance.matrix --readme  # the same, and its short form into README.md

A cell of another's pool that is broken is printed only if a script of its own shows the same:
`reproductions/`. Pools that are not installed are left out, and told.
"""

import argparse
import datetime
import importlib
import json
import platform
import re
import subprocess
import sys
from pathlib import Path

from tests.conformance import adapter as shape
from tests.conformance import judging
from tests.conformance.verdicts import MARKS, Verdict

HERE = Path(__file__).parent
FILE = HERE / "matrix.json"
README = HERE.parent.parent / "README.md"

POOLS = (
    "adapters:Poolkit",
    "peers:LifoQueue",
    "peers:SQLAlchemy",
    "peers:DBUtils",
    "peers:Peewee",
    "postgres:PsycopgPool",
)


def find(spec: str) -> type:
    """The adapter; ImportError says which package it needs."""
    module, _, name = spec.partition(":")
    if module == "peers":
        return importlib.import_module("tests.conformance.peers").peer(name)
    return getattr(importlib.import_module(f"tests.conformance.{module}"), name)


def column(pool: type) -> dict:
    """All that the matrix tells of one pool."""
    verdicts, shown = judging.judge(pool), reproduced(pool)
    for promise, verdict in verdicts.items():
        if verdict.what == "broken" and shown is not None and not shown.get(promise.id):
            verdicts[promise] = Verdict("not judged", f"no script of its own shows: {verdict.why}")
    return {
        "version": getattr(pool, "version", ""),
        "documented": getattr(pool, "documented", {}),
        "cells": {p.id: {"verdict": v.what, "why": _line(v)} for p, v in verdicts.items()},
    }


def reproduced(pool: type) -> dict[str, bool] | None:
    """Which broken promises of another's pool its own scripts show; None for a pool of ours."""
    if not hasattr(pool, "reproductions"):
        return None
    module = f"tests.conformance.reproductions.{pool.reproductions}"
    command = [sys.executable, "-W", "ignore", "-m", module]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=README.parent
    )
    lines = done.stdout.splitlines()
    if not lines:
        raise SystemExit(f"{module} came to no end:\n{done.stderr}")
    return json.loads(lines[-1])


def _line(verdict: Verdict) -> str:
    """What was seen, without how often or in which order: the same in every run."""
    if verdict.what == "kept":
        return ""
    return re.split(r"\. \w+ (paused|waits|sleeps|gave|took)", verdict.why)[0]


def taken(specs=POOLS) -> dict:
    """Run the suite on all pools that are installed."""
    pools, missing = {}, []
    for spec in specs:
        try:
            pool = find(spec)
        except ImportError as error:
            missing.append(f"{spec}: {error}")
            continue
        print(f"{shape.name(pool)} …", file=sys.stderr, flush=True)
        pools[shape.name(pool)] = column(pool)
    for line in missing:
        print(f"left out: {line}", file=sys.stderr)
    return {
        "taken": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "promises": {
            p.id: {"text": p.text, "stage": p.stage.title, "lesson": p.lesson}
            for p in judging.promises()
        },
        "pools": pools,
    }


def short(matrix: dict) -> str:
    """The README's table: for each stage and pool, how many promises are kept."""
    pools = matrix["pools"]
    names = " | ".join(f"{name} {pool['version']}".strip() for name, pool in pools.items())
    lines = [
        f"Taken on {matrix['taken']} by `python -m tests.conformance.matrix --readme` "
        f"with Python {matrix['python']}.",
        "",
        f"| promises kept | {names} |",
        f"|---{'|---' * len(pools)}|",
    ]
    for stage in judging.STAGES:
        cells = [_cell(pool["cells"], stage.name) for pool in pools.values()]
        lines.append(f"| {stage.title} | {' | '.join(cells)} |")
    gaps = " | ".join(_gaps(pool["cells"]) for pool in pools.values())
    lines.append(f"| not offered, so not asked | {gaps} |")
    says = "What their own documentation says where something was seen to break:"
    return "\n".join([*lines, "", says, "", *_documented(matrix)])


def _cell(cells: dict, stage: str) -> str:
    mine = [cell["verdict"] for name, cell in cells.items() if name.startswith(f"{stage}.")]
    asked = [verdict for verdict in mine if verdict in ("kept", "broken")]
    return f"{asked.count('kept')} of {len(asked)}" if asked else MARKS["not offered"]


def _gaps(cells: dict) -> str:
    return str(sum(cell["verdict"] == "not offered" for cell in cells.values()))


def _documented(matrix: dict) -> list[str]:
    """What each pool's own documentation says where it breaks something, beside what was seen."""
    lines = []
    for name, pool in matrix["pools"].items():
        broken = [n for n, cell in pool["cells"].items() if cell["verdict"] == "broken"]
        stages = dict.fromkeys(n.partition(".")[0] for n in broken)
        says = [pool["documented"][stage] for stage in stages if stage in pool["documented"]]
        if says:
            lines.append(f"- {name}: {'; '.join(says)}.")
    return lines


def write_readme(matrix: dict) -> None:
    """Put the short form between the README's marks."""
    text = README.read_text(encoding="utf-8")
    begin, end = "<!-- matrix:begin -->\n", "<!-- matrix:end -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    if not after:
        raise SystemExit(f"{README.name} has no lines {begin.strip()} and {end}: put them in first")
    README.write_text(f"{before}{begin}{short(matrix)}\n{end}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.matrix",
        description="Try every promise on every pool that is installed; write matrix.json.",
    )
    parser.add_argument("--readme", action="store_true", help="write the short form into README.md")
    options = parser.parse_args()
    matrix = taken()
    FILE.write_text(json.dumps(matrix, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.readme:
        write_readme(matrix)
    print(short(matrix))


if __name__ == "__main__":
    main()
