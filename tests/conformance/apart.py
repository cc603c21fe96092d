"""A process apart that tells one thing, whatever the pool in it prints or does at its import.

What it tells is signed with a word that was made for it, on a way that only it knows.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from typing import Any

LIMIT = 25.0  # seconds


def ask(module: str, *words: str) -> tuple[Any, str]:
    """Run a module of the suite; give what it told, or None and why it told nothing."""
    token = secrets.token_hex(16)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", module, *words],
            env=env, input=f"{token}\n", capture_output=True, text=True, errors="replace",
            timeout=LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"no end after {LIMIT:.0f} s"
    for line in done.stdout.splitlines():
        if line.startswith(token):
            return json.loads(line.removeprefix(token)), ""
    return None, (done.stderr.strip() or "the process ended early").splitlines()[-1]


def teller() -> Callable[[Any], None]:
    """In that process, before the pool is imported: the function that tells the one thing."""
    token, out = sys.stdin.readline().strip(), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)

    def tell(value: Any) -> None:
        os.write(out, f"\n{token}{json.dumps(value)}\n".encode())

    return tell
