"""Where the course's own files are, from whatever folder a notebook runs in."""

from __future__ import annotations

from pathlib import Path


def _find_root() -> Path:
    """The clone: what the package lies in or, where it was installed apart from its clone (Binder
    does that), what the kernel or the command was started in.
    """
    around = Path(__file__).resolve().parents[2]
    if _is_clone(around):
        return around
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if _is_clone(folder)), around)


def _is_clone(folder: Path) -> bool:
    return (folder / "notebooks" / "00_start_here.ipynb").is_file()


ROOT = _find_root()


class CourseFileMissing(FileNotFoundError):
    """A file of the course is not where it should be. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def data(name: str) -> Path:
    """The path of a file in data/, such as `data("labels.txt")`.

    Raises CourseFileMissing, which names the path it looked at.
    """
    path = ROOT / "data" / name
    if not path.exists():
        raise CourseFileMissing(f"no file {path}: run the course from a clone of its repository")
    return path
