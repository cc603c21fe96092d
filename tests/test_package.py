import ast
import re
import subprocess
import sys
from pathlib import Path

import poolkit

ROOT = Path(__file__).parent.parent
PUBLIC = {
    "ConnectFailed",
    "ConnectionConfig",
    "ConnectionPool",
    "PoolClosed",
    "PoolError",
    "PoolTimeout",
    "SimplePool",
    "backoff_delays",
    "health_check",
    "is_transient",
    "retry",
    "run",
    "run_demo_queries",
}


def modules_after(statement):
    """The names of all modules that a fresh interpreter has loaded after the statement."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{statement}\nprint(*sys.modules)"],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return set(done.stdout.split())


BARE = modules_after("pass")  # a .pth file in site-packages may have loaded some


def test_public_names_are_the_agreed_ones():
    assert set(poolkit.__all__) == PUBLIC
    assert poolkit.__all__ == sorted(poolkit.__all__)
    for name in PUBLIC:
        assert callable(getattr(poolkit, name))


def test_every_public_name_says_what_it_promises():
    for name in PUBLIC:
        assert getattr(poolkit, name).__doc__


def test_errors_are_what_a_caller_would_already_catch():
    assert issubclass(poolkit.PoolTimeout, TimeoutError)
    assert issubclass(poolkit.ConnectFailed, ConnectionError)
    for error in (poolkit.PoolTimeout, poolkit.ConnectFailed, poolkit.PoolClosed):
        assert issubclass(error, poolkit.PoolError)


def test_the_library_imports_only_the_standard_library():
    loaded = modules_after("import poolkit, poolkit.cli, poolkit.__main__") - BARE

    tops = {name.partition(".")[0] for name in loaded}
    assert tops - sys.stdlib_module_names == {"poolkit"}


def test_every_module_of_the_library_imports_by_itself():
    for path in (ROOT / "poolkit").glob("*.py"):
        assert f"poolkit.{path.stem}" in modules_after(f"import poolkit.{path.stem}"), path.name


def test_the_library_never_imports_the_course():
    loaded = modules_after("import poolkit, poolkit.cli, poolkit.__main__")

    assert not {name for name in loaded if name.startswith("poolkit.course")}
    for path in (ROOT / "poolkit").glob("*.py"):
        assert "poolkit.course" not in path.read_text(encoding="utf-8"), path.name


def test_slow_modules_are_left_to_those_who_need_them():
    loaded = modules_after("import poolkit") - BARE

    assert "poolkit.pool" in loaded
    assert not loaded & {"argparse", "asyncio", "importlib.metadata", "json", "tempfile"}


def test_version_of_the_package_is_that_of_the_project():
    from importlib.metadata import version

    assert f'version = "{version("poolkit")}"' in (ROOT / "pyproject.toml").read_text("utf-8")


# -- the drawing in CONTRIBUTING: who may know whom

LOOK_DOWN = {("exercises", "lessons"), ("lessons", "staging")}  # by name, and for one thing each


def drawing() -> dict[str, int]:
    """The row of each part of the course, counted from the top."""
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\nlibrary.*?\n(.*?)```", text, re.DOTALL)
    rows = [re.split(r"  +", line)[1:] for line in block.splitlines()]
    return {part: row for row, parts in enumerate(rows) for part in parts}


def part_of(module: str) -> str | None:
    words = module.split(".")
    return words[2] if words[:2] == ["poolkit", "course"] and len(words) > 2 else None


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_the_parts_know_whom_the_drawing_lets_them_know():
    row, course = drawing(), ROOT / "poolkit" / "course"
    known = {
        (part_of(".".join(path.relative_to(ROOT).with_suffix("").parts)), part_of(module))
        for path in course.rglob("*.py")
        if path != course / "__init__.py"
        for module in imported(path)
    }
    pairs = {(one, other) for one, other in known if other in row and one != other}

    assert {path.stem for path in course.iterdir()} - set(row) <= {"__init__", "__pycache__"}
    assert {(one, other) for one, other in pairs if row[other] > row[one]} == LOOK_DOWN
