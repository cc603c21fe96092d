"""The lessons in order, and which module of the library each builds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """`name` runs through: notebooks/NN_<name>.ipynb, lessons/<name>.py, tests/answers/<name>.py,
    poolkit/<name>.py where `builds` says so, and ids that begin with it.
    """

    number: int
    name: str
    title: str
    builds: bool

    @property
    def label(self) -> str:
        return f"{self.number:02} {self.title}"

    @property
    def file(self) -> str:
        return f"{self.number:02}_{self.name}.ipynb"


LESSONS = (
    Lesson(0, "start_here", "Start here", builds=False),
    Lesson(1, "config", "Config", builds=True),
    Lesson(2, "simple", "A simple pool", builds=True),
    Lesson(3, "retry", "Retry", builds=True),
    Lesson(4, "health", "Health", builds=True),
    Lesson(5, "workload", "Workload", builds=True),
    Lesson(6, "run", "Run", builds=True),
    Lesson(7, "lease", "Lease", builds=True),
    Lesson(8, "threads", "Threads", builds=False),
    Lesson(9, "review", "Review", builds=False),
)
