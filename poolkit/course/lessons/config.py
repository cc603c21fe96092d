"""Lesson 01, config: one object instead of four arguments, checked once, changed never."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

from poolkit.course.exercises import Exercise, because, same
from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction
from poolkit.course.shown import short


@dataclass
class SmallConfig:
    """The settings of a pool, in one object.

    db_path ":memory:", timeout 5.0 seconds, max_retries 3, pool_size 5, unless told otherwise.
    """

    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5


class OrdinaryConfig(SmallConfig):
    """The same, ours: can be assigned to even where the learner's own cannot."""


@dataclass(frozen=True)
class FrozenConfig:
    """The four settings, frozen, and not yet looked at: `__post_init__` does nothing."""

    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5


@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    """Settings that are looked at as soon as they are made."""

    def __post_init__(self):
        """Refuse a `pool_size` that is no int with TypeError, one below 1 with ValueError.

        A bool is no number here. The message names the field and the value.
        """
        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        if self.pool_size < 1:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")


def refuses_zero(config_class):
    """Raise AssertionError unless `config_class` refuses pool_size=0 and takes pool_size=1.

    To refuse is to raise ValueError.
    """
    config_class(pool_size=1)
    try:
        config_class(pool_size=0)
    except ValueError:
        return
    raise AssertionError("pool_size=0 was accepted")


# --- config.fields


def has_defaults(config_class):
    """Made without arguments, it has the four defaults."""
    try:
        config = config_class()
    except TypeError as error:
        raise AssertionError(because("no defaults", error=str(error))) from None
    missing = [name for name in DEFAULTS if not hasattr(config, name)]
    assert not missing, because("field missing", names=", ".join(missing))
    for name, want in DEFAULTS.items():
        got = getattr(config, name)
        assert same(got, want), because("wrong default", name=name, want=want, got=got)


def takes_each_by_name(config_class):
    """Each setting can be given by its name, and only that one changes."""
    for name, value in OTHERS.items():
        try:
            config = config_class(**{name: value})
        except TypeError:
            assert "__init__" in vars(config_class), "no decorator"
            raise AssertionError(because("no field", name=name, value=value)) from None
        assert same(getattr(config, name), value), because("not taken", name=name, value=value)
        rest = {other: getattr(config, other) for other in DEFAULTS if other != name}
        want = {other: DEFAULTS[other] for other in rest}
        assert same(rest, want), because("others changed", name=name)


def are_equal(config_class):
    """Two configs with the same settings are equal, and show what they hold."""
    one, other = config_class(pool_size=2), config_class(pool_size=2)
    assert (one == other) is True, "not equal"
    assert "pool_size=2" in repr(one), because("silent", shown=one)


DEFAULTS = {"db_path": ":memory:", "timeout": 5.0, "max_retries": 3, "pool_size": 5}
OTHERS = {"db_path": "app.db", "timeout": 0.5, "max_retries": 1, "pool_size": 2}


fields_exercise = Exercise(
    id="config.fields",
    title="Four settings in one object",
    answer=SmallConfig,
    claims=(has_defaults, takes_each_by_name, are_equal),
    hints=(
        "A dataclass field is one line: a name, a type, a default.",
        "`@dataclass` makes a field of every name that has a type annotation, and of nothing else.",
        "The first line; the other three look like it.\n\ndb_path: str = \":memory:\"",
    ),
    tellings={
        "no defaults": "`SmallConfig()` was refused: {error:plain}. A default stands after `=`: `timeout: float = 5.0`.",
        "no decorator": "`SmallConfig` takes no arguments: the line `@dataclass` above the class is gone.",
        "field missing": "Missing, or spelt in another way than in the docstring: {names:plain}.",
        "wrong default": "`{name:plain}` should be {want} if nobody says otherwise; yours is {got}.",
        "no field": "`SmallConfig({name:plain}={value})` was refused. A dataclass makes a field only of a name with a type, such as `pool_size: int = 5`; without the type it is an ordinary class attribute.",
        "not taken": "`SmallConfig({name:plain}={value})` was accepted, but the value did not arrive.",
        "others changed": "`SmallConfig` with only `{name:plain}` given changed another setting too.",
        "not equal": "Two configs made alike are not equal. `@dataclass` writes the comparison for you, from the fields.",
        "silent": "Printed, your config reads {shown:plain}: nothing of what it holds. `@dataclass` writes that for you too.",
    },
    after="Adding a setting is now one line in one place. With four arguments it was three signatures and three calls.",
)  # fmt: skip


# --- config.check


def takes_good_ones(config_class):
    """Sizes from 1 up are accepted."""
    for size in (1, 2, 50):
        try:
            config = config_class(pool_size=size)
        except (TypeError, ValueError) as error:
            raise AssertionError(
                because("refuses good", size=size, error=type(error).__name__)
            ) from error
        assert config.pool_size == size, because("changed it", size=size, got=config.pool_size)


def refuses_below_one(config_class):
    """0 and less raise ValueError."""
    assert "__init__" in vars(config_class), "decorator gone"
    for size in (0, -1):
        refused_with(config_class, size, ValueError)


def refuses_other_types(config_class):
    """What is no whole number raises TypeError, True among it."""
    for size in ("5", 2.5, None, True):
        refused_with(config_class, size, TypeError)


def refused_with(config_class, size, wanted: type[Exception]) -> None:
    """Assert that a config of this size is refused with the error that was promised."""
    error = refusal(config_class, size)
    assert error is not None or size is not True, "took a bool"
    assert error is not None, because("accepted", size=size)
    assert not isinstance(error, AssertionError), because("assert", size=size)
    assert not isinstance(error, FrozenInstanceError), because("repairs", size=size)
    got, message = type(error).__name__, str(error)
    wrong = because("wrong error", size=size, wanted=wanted.__name__, got=got, message=message)
    assert isinstance(error, wanted), wrong


def says_what_and_which(config_class):
    """The message names the field and the value."""
    for size in (0, -7, "five"):
        message = str(refusal(config_class, size))
        assert "pool_size" in message, because("no field named", size=size, message=message)
        assert str(size) in message, because("no value named", size=size, message=message)


def refusal(config_class, size) -> BaseException | None:
    """What a config of this size raises; None if it is accepted."""
    try:
        config_class(pool_size=size)
    except Exception as error:
        return error
    return None


check_exercise = Exercise(
    id="config.check",
    title="Refuse nonsense at the door",
    answer=CheckedConfig,
    parts=("__post_init__",),
    claims=(takes_good_ones, refuses_below_one, refuses_other_types, says_what_and_which),
    hints=(
        "Two questions, in this order: is it a whole number at all, and is it large enough?",
        "`isinstance(True, int)` is True, so that bool needs a question of its own. Put the value into the message with `{self.pool_size!r}`.",
        'Fill in the three blanks.\n\nif not isinstance(self.pool_size, ____) or isinstance(self.pool_size, ____):\n    raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")\nif self.pool_size < ____:\n    raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")',
    ),
    tellings={
        "refuses good": "`CheckedConfig(pool_size={size})` is fine, and yours raised {error:plain}.",
        "changed it": "`CheckedConfig(pool_size={size})` became {got}. Refuse or accept; a setting that changes itself is a surprise for later.",
        "accepted": "`CheckedConfig(pool_size={size})` was accepted. It has to `raise` an error; one that is returned or printed stops nobody.",
        "decorator gone": "The line `@dataclass(frozen=True)` above the class is gone: without it nobody calls `__post_init__`.",
        "repairs": "`CheckedConfig(pool_size={size})` made yours assign to a frozen config. Refuse the value; do not repair it.",
        "assert": "pool_size={size} was refused by `assert`. Python leaves asserts out when it runs with -O: raise ValueError, which always stands.",
        "took a bool": "`CheckedConfig(pool_size=True)` was accepted. To Python, True is the int 1; to a reader it is a slip of the hand.",
        "wrong error": "`pool_size={size}` should raise {wanted:plain}; yours raised {got:plain}: {message:plain}. A wrong type and a wrong value get errors of their own.",
        "no field named": "For pool_size={size} the message is {message}. Whoever reads it has thirteen settings to choose from: name `pool_size`.",
        "no value named": "For pool_size={size} the message is {message}. Show the value: often it alone tells where it came from.",
    },
    after="The error now appears where the mistake was made, and not an hour later in another thread.",
)


# --- config.test


class _AcceptsAll(FrozenConfig):
    """Refuses nothing, and knows whether anybody asked."""

    asked = False

    def __init__(self, *args, **settings):
        type(self).asked = True
        super().__init__(*args, **settings)


class _Refuses(FrozenConfig):
    """A config that refuses sizes below `least`, with `error`."""

    least, error = 1, ValueError

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        if self.pool_size < self.least:
            raise self.error(f"pool_size must be at least {self.least}, not {self.pool_size}")


class _RefusesOne(_Refuses):
    least = 2


class _WrongError(_Refuses):
    error = KeyError


def passes_a_good_config(test):
    """It passes on a config that refuses 0."""
    for good in (CheckedConfig, _Refuses):
        error = outcome(test, good)
        assert error is None, because("fails the good", error=short(error))


def fails_one_that_accepts(test):
    """It fails on a config that accepts 0."""
    _AcceptsAll.asked = False
    error, returned = outcome(test, _AcceptsAll), last_returned[0]
    assert _AcceptsAll.asked, "never asks"
    assert error is not None or returned is None, because("returns", returned=returned)
    assert error is not None, "sees nothing"
    assert isinstance(error, AssertionError), because(
        "fails by accident", error=type(error).__name__
    )


def fails_one_that_refuses_all(test):
    """It fails on a config that refuses 1 as well."""
    assert outcome(test, _RefusesOne) is not None, "never tries one"


def fails_the_wrong_error(test):
    """It fails on a config that refuses 0 with another error than ValueError."""
    assert outcome(test, _WrongError) is not None, "any error will do"


last_returned = [None]


def outcome(test, config_class) -> Exception | None:
    """What the learner's test raises on this config; None if it passes."""
    last_returned[0] = None
    try:
        last_returned[0] = test(config_class)
    except Exception as error:
        return error
    except BaseException as error:
        if "OutcomeException" not in [kind.__name__ for kind in type(error).__mro__]:
            raise
        return AssertionError(str(error))  # what pytest.raises and pytest.fail raise
    return None


test_exercise = Exercise(
    id="config.test",
    title="Write the test that would have caught it",
    answer=refuses_zero,
    claims=(passes_a_good_config, fails_one_that_accepts, fails_one_that_refuses_all, fails_the_wrong_error),
    hints=(
        "A test has to fail on what is wrong. What happens in yours if no error comes at all?",
        "`try` the call with 0; `except ValueError: return` is the good end; after the whole `try` stands the `raise AssertionError` that only a wrong config reaches. Before it all, try 1.",
        "Fill in the two blanks.\n\nconfig_class(pool_size=1)\ntry:\n    config_class(pool_size=____)\nexcept ____:\n    return\nraise AssertionError(\"pool_size=0 was accepted\")",
    ),
    tellings={
        "fails the good": "Your test fails on a config that is right, with {error:plain}. If that is the refusal itself: it is the good end, so catch it.",
        "never asks": "Your test never made a config of the class it was given. Call `config_class(…)`, not a class by its own name.",
        "returns": "Your test returned {returned} for a config that accepts 0. Nobody looks at what a test returns: raise AssertionError.",
        "sees nothing": "A config that accepts `pool_size=0` passed your test. Either nothing is raised after a call that succeeds, or an `except` of yours catches the AssertionError as well.",
        "fails by accident": "Your test stops with {error:plain} on a config that accepts 0. Raise AssertionError on purpose, so that whoever reads it knows what failed.",
        "never tries one": "A config that refuses every size below 2 passed your test. A test that only looks at what must fail is happy with a thing that always fails.",
        "any error will do": "A config that raises KeyError for `pool_size=0` passed your test. Catch only the error that was promised.",
    },
    after="You have seen your test fail on three wrong configs before you trusted it. Keep that habit.",
)  # fmt: skip

exercises = (fields_exercise, check_exercise, test_exercise)

predictions = (
    Prediction(
        id="config.zero",
        question="`pool_size` is the number of idle connections that a pool keeps. Nobody forbids 0. With it, ten borrowers come one after the other. What do you see?",
        places={"works": bool, "created": int},
        sample={"works": False, "created": 0, "sure": 75},
        explanations=(
            (
                {"works": False},
                "Nothing fails. Each borrower gets a connection, since the pool opens one when its shelf is empty, and each is closed when it comes back. It works, and it saves nothing.",
            ),
            (
                {"created": 1},
                "The first was closed when it came back: a shelf for 0 has no room for it. So the second borrower had to open another.",
            ),
            (
                {"created": 0},
                "The shelf is always empty, so that every acquire opens a connection.",
            ),
        ),
        why="That is the worst kind of mistake: everything works, only slower, and no message tells you so.",
    ),
    Prediction(
        id="config.hint",
        question='The field says `timeout: float`. What does `SmallConfig(timeout="5")` do, with text instead of a number?',
        places={"does": ("raises TypeError", "turns it into 5.0", "keeps the text")},
        sample={"does": "raises TypeError", "sure": 80},
        explanations=(
            (
                {"does": "raises TypeError"},
                "A type annotation is a note for readers and tools. Python itself does not look at it when the program runs.",
            ),
            (
                {"does": "turns it into 5.0"},
                "Nothing is converted: an annotation is a note, and a dataclass only stores what it was given.",
            ),
        ),
        why="The text travels on until somebody counts with it. Then the error appears far from its cause.",
    ),
    Prediction(
        id="config.shared",
        question="Two pools were given the same config object, which is not frozen. Someone sets `config.pool_size = 1` for the first. How many connections will the *second* pool keep of five that come back?",
        places={"kept": int},
        sample={"kept": 5, "sure": 70},
        explanations=(
            (
                {"kept": 5},
                "There is one object, and both pools look at it each time a connection comes back. What one changes, the other sees.",
            ),
            ({"kept": 0}, "A size of 1 keeps one; the other four are closed."),
        ),
        why="A frozen dataclass makes this impossible: assignment raises FrozenInstanceError.",
    ),
    Prediction(
        id="config.replace",
        question="A frozen, checked config is copied with `replace(config, pool_size=0)`. What happens?",
        places={"does": ("makes a config with 0", "raises ValueError", "changes the old one")},
        sample={"does": "makes a config with 0", "sure": 60},
        explanations=(
            (
                {"does": "makes a config with 0"},
                "`replace` makes the copy by calling the class anew, so that `__post_init__` runs and looks again.",
            ),
            (
                {"does": "changes the old one"},
                "The old one is frozen; `replace` makes another object and leaves it alone.",
            ),
        ),
        why="There is no back door: every config that exists has been checked.",
    ),
)

explanations = (
    Explanation(
        id="config.why_object",
        question="Why pass one config object instead of four arguments?",
        points=(
            "A new setting is added in one place, not in every function that passes the others on.",
            "All of them are checked together, at the moment they are made, also against each other.",
            "It can be printed, compared, stored, and handed to a test.",
        ),
        sample="A new setting is one line, all are checked together when they are made, and you can print or compare them.",
    ),
)
