"""The lessons in order, and which module of the library each builds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """`name` runs through: notebooks/NN_<name>.ipynb, lessons/<name>.py (or a folder of that name,
    with a file an exercise), tests/answers/<name>.py, and ids that begin with it. `builds` is the
    module of the library that it teaches, of the same name but for `run`: that is the function, and
    the lesson ends at the command, poolkit/cli.py; and for `watch`, whose log is poolkit/events.py.
    """

    number: int
    name: str
    title: str
    builds: str | None = None

    @property
    def label(self) -> str:
        return f"{self.number:02} {self.title}"

    @property
    def file(self) -> str:
        return f"{self.number:02}_{self.name}.ipynb"


LESSONS = (
    Lesson(0, "start_here", "Start here"),
    Lesson(1, "config", "Config", builds="config"),
    Lesson(2, "simple", "A simple pool", builds="simple"),
    Lesson(3, "retry", "Retry", builds="retry"),
    Lesson(4, "health", "Health", builds="health"),
    Lesson(5, "workload", "Workload", builds="workload"),
    Lesson(6, "run", "Run", builds="cli"),
    Lesson(7, "lease", "Lease", builds="lease"),
    Lesson(8, "threads", "Threads"),
    Lesson(9, "review", "Review"),
    Lesson(10, "watch", "Watch", builds="events"),
    Lesson(11, "size", "Size"),
    Lesson(12, "postgres", "PostgreSQL"),
    Lesson(13, "compare", "Compare"),
    Lesson(14, "capstone", "Capstone"),
)
