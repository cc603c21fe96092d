"""Two tiny exercises to try the machinery on. No test file: pytest would rewrite its asserts."""

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, call, grid
from poolkit.course.slips import slip


def double(number):
    """Twice the number."""
    return number * 2


def doubles(func):
    """Twice 3 is 6."""
    got = func(3)
    expect(got, int, "double(3)")
    assert got == 6, because("wrong", got=got)


def takes_zero(func):
    """Twice 0 is 0."""
    assert same(func(0), 0), "zero"


DOUBLE = Exercise(
    id="simple.double",
    title="Double it",
    answer=double,
    claims=(doubles, takes_zero),
    hints=("Think of addition.", "Add it to itself.", "Like so.\n\nreturn number + ____"),
    tellings={
        "wrong": "`double(3)` should give 6; it gave {got}.",
        "zero": "`double(0)` is 0.",
    },
)


def is_even(func):
    """The double is even."""
    got = func(3)
    assert got % 2 == 0, because("odd", got=got)


def is_more(func):
    """The double of what is even is more."""
    assume(func(3) % 2 == 0)
    assert func(3) > 3, "less"


EVEN = Exercise(
    id="simple.double",
    title="Double it",
    answer=double,
    claims=(
        is_even,
        is_more,
        Histories(
            "Of every small number.",
            inputs=lambda: grid(number=range(4)),
            play=lambda func, arguments: [call("it", func, **arguments)],
        ),
    ),
    hints=("", "", ""),
    tellings={"odd": "`double(3)` gave {got}.", "less": "`double(3)` is not more."},
    slips=(
        slip(
            "odd",
            "It adds nothing.",
            breaks="is_even",
            edit="\n-    return number * 2\n+    return number\n",
        ),
    ),
)
