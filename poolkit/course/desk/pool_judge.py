"""The process in which one my_pool.py is put through the promises of tests/conformance.

Started by pool_running.py, never by hand. As in judge.py the job comes on stdin, and what is found
goes out signed, through a descriptor that only this module knows. What the pool prints is kept, as
far as the first few hundred characters.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
import json
import os
import sys
import threading
from pathlib import Path

from poolkit.course.desk.judge import Tell, channel, end_with_parent, limit
from poolkit.course.desk.undoing import noted
from poolkit.course.guard import Printed
from poolkit.course.source import is_empty

FILE = "my_pool.py"
_STANDS = ("stuck", "hung")  # a thread is left behind, and would disturb what comes after


def main() -> None:
    job = json.loads(sys.stdin.readline())
    tell = channel(job["token"])
    threading.Thread(target=end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for as long as this process lives
    sys.path.insert(0, job["suite"])
    sys.path.append(os.getcwd())
    for name in ("forking", "judging", "plain", "real"):
        importlib.import_module(f"tests.conformance.{name}")
    printed = Printed(400)
    sys.stdout = sys.stderr = printed
    limit(job["memory"], job["file"])
    _judge(job, tell, printed)
    tell("done")
    os._exit(0)


def _judge(job: dict, tell: Tell, printed: Printed) -> None:
    from tests.conformance import plain

    asked = [one for one in plain.asked() if one.stage.name in job["stages"]]
    undo = noted("poolkit", "tests")
    judge_one, as_it_stands, methods = plain.judging.judge_one, plain.plain, plain.methods
    for one in asked:
        tell("promise", one.id, one.text, str(one.lesson))
    pool = _import(job["source"], tell)
    if pool is None:
        return
    written = {name for one in asked for name in methods(one) if _is_written(pool, name)}
    for one in asked:
        if one.id in job["skip"]:
            continue
        undo()
        tell("exercise", one.id)
        if missing := [name for name in methods(one) if name not in written]:
            tell("tried", one.id, "open", "", missing[0])
            continue
        verdict = judge_one(one, as_it_stands(pool))
        undo()
        tell("tried", one.id, verdict.what, verdict.kind, verdict.why)
        if str(printed):
            tell("printed", str(printed) + " …" * printed.more)
        if verdict.kind in _STANDS:
            os._exit(0)


def _import(source: str, tell: Tell) -> type | None:
    """The class Pool of the file, or None where there is none: then it is told why."""
    tell("cell", "0")
    try:
        if strange := sorted(_imported(source) - sys.stdlib_module_names):
            tell("close", "import", ", ".join(strange))
            return None
        Path(FILE).write_text(source, encoding="utf-8")
        module = importlib.import_module(FILE.removesuffix(".py"))
    except BaseException as error:
        line = error.lineno if isinstance(error, SyntaxError) else _line(error)
        tell(
            "raised", "0", type(error).__name__, str(line or ""), " ".join(str(error).split())[:200]
        )
        return None
    pool = getattr(module, "Pool", None)
    if inspect.isclass(pool):
        return pool
    made = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
    close = difflib.get_close_matches("Pool", made, 1, 0.4)
    tell("close", "Pool", close[0] if close else "")
    return None


def _imported(source: str) -> set[str]:
    """The packages that a file imports by name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level or (node.module or "").partition(".")[0])
    return found


def _line(error: BaseException) -> int | None:
    """The last line of the file that an exception passed through."""
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(FILE):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _is_written(pool: type, name: str) -> bool:
    method = getattr(pool, name, None)
    return method not in (None, getattr(object, name, None)) and not is_empty(method)


if __name__ == "__main__":
    main()
