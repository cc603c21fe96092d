"""Backups: before a command changes a file of the learner's, the file as it was is put away."""

from __future__ import annotations

import os
from pathlib import Path

from poolkit.course.desk.copies import write_whole
from poolkit.course.desk.speaking import DeskError

FOLDER = ".backups"


def back_up(path: Path) -> Path:
    """Put a copy into .backups/ beside the file; the first free number makes its name.

    Raises DeskError where that cannot be done: then nothing may be changed either.
    """
    folder = path.parent / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        number = 1
        while os.path.lexists(copy := folder / f"{path.stem}-{number}{path.suffix}"):
            number += 1
        write_whole(copy, path.read_bytes())
    except OSError as error:
        raise DeskError(
            f"no backup of {path.name} could be made in {folder} ({error.strerror}), so it was left "
            "as it is: see that this folder is there and yours"
        ) from error
    return copy
