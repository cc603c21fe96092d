"""Whose code it is: the scene's, which is played, or others', which are left alone.

A notebook's kernel, `logging` and other libraries run in the scene's threads too, whenever played
code prints or logs. Their locks are shared with threads that know of no stage, and their time is
everybody's. So a stand-in asks who calls: the file that called tells whose code it is.
"""

import functools
import sys
import sysconfig
from pathlib import Path
from types import FrameType, ModuleType

_HERE = str(Path(__file__).parent)
_POOLKIT = str(Path(__file__).parent.parent.parent)
# As the codes themselves have it: a symbolic link on the way makes sysconfig's spelling another.
_PYTHON = Path(functools.wraps.__code__.co_filename).parent
_STDLIB = (str(_PYTHON), sysconfig.get_path("stdlib"))
#: What only stands between: a lock that a Condition makes is as much the caller's as the Condition.
_BETWEEN = (
    *(str(_PYTHON / f"{name}.py") for name in ("threading", "queue", "sched", "contextlib")),
    *(str(_PYTHON / f"{name}.py") for name in ("functools", "dataclasses", "typing")),
    str(_PYTHON / "concurrent" / "futures"),
)


def is_ours(file: str) -> bool:
    """True for poolkit's code and the learner's; false for Python's, others' and the player's."""
    if file.startswith(("<frozen", "<none", _HERE)):
        return False
    return file.startswith(_POOLKIT) or not (_is_installed(file) or is_python(file))


def is_python(file: str) -> bool:
    """True for Python's own."""
    return file.startswith(_STDLIB) and not _is_installed(file)


def _is_installed(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file


def package_of(thing: object) -> list[str]:
    """Where the package lies that a class, function or module is part of, as its files begin."""
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    top = sys.modules.get((name or "").partition(".")[0])
    if hasattr(top, "__path__"):
        return [str(Path(folder, "_"))[:-1] for folder in top.__path__]
    return [top.__file__] if getattr(top, "__file__", None) else []


class Owner:
    """Tells whether it is the scene's code that calls.

    The scene's is what is ours, and the packages that it names: `packages`, as their files begin.
    """

    def __init__(self, packages: set[str]) -> None:
        self._packages = tuple(packages)
        self._known: dict[str, bool | None] = {}  # by file; None: it only stands between

    def calls(self, frame: FrameType | None) -> bool:
        """Whether a call from this frame is the scene's, straight or by what stands between."""
        while frame is not None:
            own = self._knows(frame)
            if own is not None:
                return own
            frame = frame.f_back
        return True  # a worker's job, given to the scene as it is

    def strange(self, frame: FrameType | None) -> str:
        """The package of the code that a frame is in, straight or by what stands between, if it
        is not the scene's."""
        while frame is not None and self._knows(frame) is None:
            frame = frame.f_back
        if frame is None or self._knows(frame):
            return ""
        return frame.f_globals.get("__name__", "").partition(".")[0]

    def _knows(self, frame: FrameType) -> bool | None:
        code = frame.f_code
        file = code.co_filename
        if file not in self._known:
            self._known[file] = self._is_own(file)
        if self._known[file] is None and code.co_name == "<module>" and not file.startswith("<"):
            return False  # it is being imported: what it makes now, it keeps
        return self._known[file]

    def _is_own(self, file: str) -> bool | None:
        # "<string>" is what dataclasses and the like write: as good as the class it was made for.
        written = file.startswith("<") and not file.startswith("<ipython")
        if written or file.startswith((_HERE, *_BETWEEN)):
            return None
        return is_ours(file) or file.startswith(self._packages)
