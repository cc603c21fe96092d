"""A tiny exercise to try the machinery on. Not in a test file: pytest would rewrite its asserts."""

from poolkit.course.exercises import Exercise, because, expect, same


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
