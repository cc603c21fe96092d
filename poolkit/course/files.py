"""Where the course's own files are, from whatever folder a notebook runs in."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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
