"""Lesson 01, config: one object instead of four arguments, checked once, changed never."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, dataclass

from poolkit.course.exercises import Exercise, assume, because, same
from poolkit.course.helping import Explanation
from poolkit.course.histories import Histories, Seen, grid
from poolkit.course.predicting import Prediction
from poolkit.course.shown import short
from poolkit.course.slips import slip


@dataclass
class SmallConfig:
    """The settings of a pool, in one object, as they were given: nothing is checked yet.

    In this order, unless told otherwise: db_path ":memory:", timeout 5.0 seconds, max_retries 3,
    pool_size 5.
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

        A bool is no number here. The message names the field and the value. The other settings
        are not looked at.
        """
        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        if self.pool_size < 1:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")


def refuses_zero(config_class):
    """Fail unless `config_class` refuses pool_size=0 and takes pool_size=1.

    To refuse is to raise ValueError. To fail is to raise, too: AssertionError if 0 is taken.
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
    assert not missing, because("field missing", names=" and no ".join(missing))
    for name, want in DEFAULTS.items():
        got = getattr(config, name)
        assert same(got, want), because("wrong default", name=name, want=want, got=got)


def takes_each_by_name(config_class):
    """Each setting can be given by its name, and only that one changes."""
    try:
        usual = config_class()
    except TypeError:
        assume(False)
    for name, value in OTHERS.items():
        try:
            config = config_class(**{name: value})
        except TypeError as error:
            said = str(error)
            raise AssertionError(because("refused", name=name, value=value, error=said)) from None
        got = getattr(config, name)
        assert same(got, value), because("not taken", name=name, value=value, got=got)
        for other in DEFAULTS.keys() - {name}:
            here, there = getattr(config, other), getattr(usual, other)
            assert same(here, there), because(
                "others changed", name=name, value=value, other=other, got=here, want=there
            )


def are_equal(config_class):
    """Two configs with the same settings are equal, and show what they hold."""
    one, twin = config_class(pool_size=17), config_class(pool_size=17)
    assume(same(one.pool_size, 17))
    assert one == twin, "not equal"
    assert "pool_size" in repr(one) and "17" in repr(one), because("silent", shown=one)


DEFAULTS = {"db_path": ":memory:", "timeout": 5.0, "max_retries": 3, "pool_size": 5}
OTHERS = {"db_path": "app.db", "timeout": 0.5, "max_retries": 1, "pool_size": 2}
UNTOLD = object()  # in the place of a setting that is not given
GIVEN = {
    "db_path": (UNTOLD, "app.db", ""),
    "timeout": (UNTOLD, 0.5, 0.0, "5"),
    "max_retries": (UNTOLD, 1, 0),
    "pool_size": (UNTOLD, 2, 0, 50),
}


def given_settings() -> Iterator[dict]:
    """What may be given to the config: each setting or not, the odd values last."""
    for some in grid(**GIVEN):
        yield {name: value for name, value in some.items() if value is not UNTOLD}


def play_fields(config_class, given: dict) -> Iterator[Seen]:
    """What a config holds and shows, while others of its class are made, and which are its equals."""
    config = config_class(**given)
    yield Seen("the call gives", "a config", "a config")
    twin, usual = config_class(**given), config_class()
    yield from without_names(config_class, given)
    for name in DEFAULTS:
        yield Seen(f"its `{name}` is", getattr(config, name))
    for name, value in given.items():
        shown = name in repr(config) and str(value) in repr(config)
        yield Seen("printed, it", shown, f"{'shows' if shown else 'does not show'} its `{name}`")
    yield from compared(config, twin, "one made in the same way")
    yield from compared(config, usual, "`SmallConfig()`")


def without_names(config_class, given: dict) -> Iterator[Seen]:
    """What it makes of values in the order of the text: the same, or nothing (`kw_only`)."""
    if list(given) != list(DEFAULTS)[: len(given)]:
        return
    try:
        made = config_class(*given.values())
    except TypeError:
        made = None
    fits = made is None or all(getattr(made, n) is v for n, v in given.items())
    called = f"`SmallConfig({', '.join(map(repr, given.values()))})`, without names,"
    told = "holds each where the text says" if fits else f"gives {short(made)}"
    yield Seen(called, fits, told)


def compared(config, other, name: str) -> Iterator[Seen]:
    """Whether two are equal."""
    equal = bool(config == other)
    yield Seen("it is", equal, f"{'equal' if equal else 'not equal'} to {name}")


def tell_call(name: str) -> Callable[[dict], str]:
    """How a call of the class is told."""
    return lambda given: f"`{name}({', '.join(f'{n}={v!r}' for n, v in given.items())})`"


fields_exercise = Exercise(
    id="config.fields",
    title="Four settings in one object",
    answer=SmallConfig,
    claims=(
        has_defaults,
        takes_each_by_name,
        are_equal,
        Histories(
            "With every choice of settings it holds, shows and compares what it was given.",
            inputs=given_settings,
            play=play_fields,
            tell=tell_call("SmallConfig"),
        ),
    ),
    hints=(
        "A dataclass field is one line: a name, a type, a default.",
        "`@dataclass` makes a field of every name that has a type annotation, and of nothing else.",
        'The first line; the other three look like it.\n\ndb_path: str = ":memory:"',
    ),
    tellings={
        "no defaults": "`SmallConfig()` was refused: {error:plain}.",
        "field missing": "`SmallConfig()` has no {names:plain}.",
        "wrong default": "`{name:plain}` should be {want} if nobody says otherwise; yours is {got}.",
        "refused": "`SmallConfig({name:plain}={value})` was refused: {error:plain}.",
        "not taken": "`SmallConfig({name:plain}={value})` was accepted, and its `{name:plain}` is {got}.",
        "others changed": "`SmallConfig({name:plain}={value})` has another `{other:plain}` than `SmallConfig()`: {got} in place of {want}.",
        "not equal": "Two configs made by `SmallConfig(pool_size=17)` are not equal. Without an `__eq__` an object equals nothing but itself; `@dataclass` writes one that compares the fields.",
        "silent": "`SmallConfig(pool_size=17)`, printed, reads {shown:plain}. The name and the value are not both in it. `@dataclass` writes a `__repr__` that shows all fields.",
    },
    slips=(
        slip(
            "refused",
            "A dataclass makes a field only of a name that has a type, such as `pool_size: int = 5`.",
            breaks="takes_each_by_name",
            edit="""
-    db_path: str = ":memory:"
-    timeout: float = 5.0
-    max_retries: int = 3
-    pool_size: int = 5
+    db_path = ":memory:"
+    timeout = 5.0
+    max_retries = 3
+    pool_size = 5
""",
        ),
        slip(
            "refused",
            "A dataclass makes a field only of a name that has a type: `max_retries: int = 3`.",
            breaks="takes_each_by_name",
            edit="""
-    max_retries: int = 3
+    max_retries = 3
""",
        ),
        slip(
            "refused",
            "`@dataclass`, above the class, writes an `__init__` that takes the fields.",
            breaks="takes_each_by_name",
            edit="""
-@dataclass
 class SmallConfig:
""",
        ),
        slip(
            "no defaults",
            "A default stands behind the type: `timeout: float = 5.0`.",
            breaks="has_defaults",
            edit="""
-    db_path: str = ":memory:"
-    timeout: float = 5.0
-    max_retries: int = 3
-    pool_size: int = 5
+    db_path: str
+    timeout: float
+    max_retries: int
+    pool_size: int
""",
        ),
        slip(
            "wrong default",
            breaks="has_defaults",
            edit="""
-    timeout: float = 5.0
+    timeout: float = 0.5
""",
        ),
        slip(
            "field missing",
            "The name is `max_retries`, as in the docstring.",
            breaks="has_defaults",
            edit="""
-    max_retries: int = 3
+    retries: int = 3
""",
        ),
        slip(
            "not taken",
            "`pool_size` is 5, whatever is given.",
            breaks="takes_each_by_name",
            edit="""
     pool_size: int = 5
+
+    def __post_init__(self):
+        self.pool_size = 5
""",
        ),
        slip(
            "others changed",
            "`max_retries` is kept down to `pool_size`. The settings have nothing to do with one another.",
            breaks="takes_each_by_name",
            edit="""
     pool_size: int = 5
+
+    def __post_init__(self):
+        self.max_retries = min(self.max_retries, self.pool_size)
""",
        ),
        slip(
            "not equal",
            breaks="are_equal",
            edit="""
-@dataclass
+@dataclass(eq=False)
 class SmallConfig:
""",
        ),
        slip(
            "silent",
            breaks="are_equal",
            edit="""
-@dataclass
+@dataclass(repr=False)
 class SmallConfig:
""",
        ),
        slip(
            "another history",
            "A value that counts as false, such as 0, is taken for one that was not given.",
            edit="""
     pool_size: int = 5
+
+    def __post_init__(self):
+        self.db_path = self.db_path or ":memory:"
+        self.timeout = self.timeout or 5.0
+        self.max_retries = self.max_retries or 3
+        self.pool_size = self.pool_size or 5
""",
        ),
        slip(
            "another history",
            "The text is turned into a number. Here nothing is looked at yet, and nothing changed.",
            edit="""
     pool_size: int = 5
+
+    def __post_init__(self):
+        self.timeout = float(self.timeout)
""",
        ),
    ),
    after="A new setting is now a change in one place, this class. With four arguments it was one in three signatures, and one in each call.",
)


# --- config.check


def takes_good_ones(config_class):
    """Sizes from 1 up are accepted as they are."""
    for size in (1, 2, 50):
        try:
            config = config_class(pool_size=size)
        except (TypeError, ValueError) as error:
            raise AssertionError(because("refuses good", size=size, error=error)) from None
        assert config.pool_size == size, because("changed it", size=size, got=config.pool_size)


def refuses_below_one(config_class):
    """0 and less raise ValueError."""
    for size in (0, -1):
        refused_with(config_class, size, ValueError)


def refuses_other_types(config_class):
    """What is no whole number raises TypeError, True and False among it."""
    for size in ("5", 2.5, None, True, False):
        refused_with(config_class, size, TypeError)


def refused_with(config_class, size, wanted: type[Exception]) -> None:
    """Assert that a config of this size is refused with the error that was promised."""
    error = refusal(config_class, size)
    assert error is not None or was_looked_at(config_class), because("never called", size=size)
    assert error is not None or size is not True, "took a bool"
    assert error is not None, because("accepted", size=size)
    assert not isinstance(error, AssertionError), because("assert", size=size)
    frozen = because("repairs", size=size, message=str(error))
    assert not isinstance(error, FrozenInstanceError), frozen
    wrong = because("wrong error", size=size, wanted=wanted.__name__, error=error)
    assert isinstance(error, wanted), wrong


def says_what_and_which(config_class):
    """The message names the field and the value."""
    for size in (0, -7, "five"):
        error = refusal(config_class, size)
        assume(isinstance(error, (TypeError, ValueError)))
        message = str(error)
        assert "pool_size" in message, because("no field named", size=size, message=message)
        assert str(size) in message, because("no value named", size=size, message=message)


def refusal(config_class, size) -> BaseException | None:
    """What a config of this size raises; None if it is accepted."""
    try:
        config_class(pool_size=size)
    except Exception as error:
        return error
    return None


def was_looked_at(config_class) -> bool:
    """Whether making a config of this class calls its `__post_init__`."""
    calls = []
    noting = {"__post_init__": lambda self: calls.append(self)}
    type(config_class)("Noting", (config_class,), noting)(pool_size=1)
    return bool(calls)


def sizes_and_company() -> Iterator[dict]:
    """Every kind of size, alone and beside other settings, sound ones and odd ones."""
    sizes = [1, 2, 5, 50, 10**9, 0, -1, -7, -(10**9), True, False, None, 2.5, 0.5, -1.5, 5.0, 1.0]
    odd = [math.inf, math.nan, "5", "five", "", b"5", [5], (5,), {5}, object]
    company = [{}, {"timeout": 0.5}, {"max_retries": 1}, {"db_path": "app.db", "timeout": 0}]
    # The text says that the others are not looked at.
    company += [
        {"timeout": "5"},
        {"timeout": -1},
        {"max_retries": 0},
        {"max_retries": None, "db_path": ""},
    ]
    for given in company:
        yield from ({"pool_size": size, **given} for size in (*sizes, *odd))


def play_check(config_class, given: dict) -> Iterator[Seen]:
    """Whether it is made, and what it holds; or what was raised, and whether its words help."""
    size = given["pool_size"]
    try:
        config = config_class(**given)
    except (TypeError, ValueError) as error:
        kind, message = TypeError if isinstance(error, TypeError) else ValueError, str(error)
        yield Seen("it is refused with", kind.__name__, kind.__name__)
        yield from named("the field", "pool_size" in message, message)
        yield from named("the value", str(size) in message or repr(size) in message, message)
    else:
        for name in given:
            got = short(getattr(config, name))  # its repr, since NaN is not equal to itself
            yield Seen(f"it is made, and its `{name}` is", got, got)


def named(what: str, there: bool, message: str) -> Iterator[Seen]:
    """Whether a message names the field, or the value."""
    said = "names" if there else "does not name"
    yield Seen("the message", there, f"{said} {what}" + ("" if there else f": {short(message)}"))


check_exercise = Exercise(
    id="config.check",
    title="Refuse nonsense at the door",
    answer=CheckedConfig,
    parts=("__post_init__",),
    claims=(
        takes_good_ones,
        refuses_below_one,
        refuses_other_types,
        says_what_and_which,
        Histories(
            "Of every kind of size, alone and with other settings, it takes the good and refuses the rest as the text says.",
            inputs=sizes_and_company,
            play=play_check,
            tell=tell_call("CheckedConfig"),
        ),
    ),
    hints=(
        "Two questions, in this order: is it a whole number at all, and is it large enough?",
        "`isinstance(True, int)` is True, so that bool needs a question of its own. Put the value into the message with `{self.pool_size!r}`.",
        'Fill in the three blanks.\n\nif not isinstance(self.pool_size, ____) or isinstance(self.pool_size, ____):\n    raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")\nif self.pool_size < ____:\n    raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")',
    ),
    tellings={
        "refuses good": "`CheckedConfig(pool_size={size})` is fine, and yours raised {error:plain}.",
        "changed it": "`CheckedConfig(pool_size={size})` became {got}. Refuse or accept; a setting that changes itself is a surprise for later.",
        "accepted": "`CheckedConfig(pool_size={size})` was accepted.",
        "never called": "`CheckedConfig(pool_size={size})` was accepted, and `__post_init__` was not even called. Often the line `@dataclass(frozen=True)` above the class is gone.",
        "repairs": "`CheckedConfig(pool_size={size})` raised FrozenInstanceError: {message:plain}. Refuse the value; do not repair it.",
        "assert": "pool_size={size} was refused with AssertionError. Python leaves every `assert` out when it runs with -O; ValueError stands always.",
        "took a bool": "`CheckedConfig(pool_size=True)` was accepted. To Python, True is the int 1; to a reader it is a slip of the hand.",
        "wrong error": "`pool_size={size}` should raise {wanted:plain}; yours raised {error:plain}.",
        "no field named": "For pool_size={size} the message is {message}. Whoever reads it has thirteen settings to choose from.",
        "no value named": "For pool_size={size} the message is {message}. Show the value: often it alone tells where it came from.",
    },
    slips=(
        slip(
            "accepted",
            "Only 0 itself is refused, and what lies below is not.",
            breaks="refuses_below_one",
            edit="""
-        if self.pool_size < 1:
+        if self.pool_size == 0:
""",
        ),
        slip(
            "accepted",
            "No size was refused, whatever it was. To refuse is to `raise`: an error that is returned or printed stops nobody.",
            breaks="refuses_below_one",
            edit="""
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
+            return TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
...
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+            return ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
""",
        ),
        slip(
            "refuses good",
            "1 is refused as well: at least 1 means 1 and more.",
            breaks="takes_good_ones",
            edit="""
-        if self.pool_size < 1:
+        if self.pool_size <= 1:
""",
        ),
        slip(
            "assert",
            breaks="refuses_below_one",
            edit="""
-        if self.pool_size < 1:
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+        assert self.pool_size >= 1, f"pool_size must be at least 1, not {self.pool_size!r}"
""",
        ),
        slip(
            "took a bool",
            "`isinstance(True, int)` is True, so bool needs a question of its own.",
            breaks="refuses_other_types",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
+        if not isinstance(self.pool_size, int):
""",
        ),
        slip(
            "wrong error",
            "A wrong type and a wrong value get errors of their own: TypeError for the type.",
            breaks="refuses_other_types",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
-        if self.pool_size < 1:
+        if type(self.pool_size) is not int or self.pool_size < 1:
""",
        ),
        slip(
            "wrong error",
            "A wrong type and a wrong value get errors of their own: ValueError for the value.",
            breaks="refuses_below_one",
            edit="""
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+            raise TypeError(f"pool_size must be at least 1, not {self.pool_size!r}")
""",
        ),
        slip(
            "accepted",
            "Nobody asks for the type: a fraction passes, and text is refused by Python's own comparison, which knows of no field.",
            breaks="refuses_other_types says_what_and_which",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
         if self.pool_size < 1:
""",
        ),
        slip(
            "accepted",
            "Text and None are accepted: only numbers are looked at.",
            breaks="refuses_other_types",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
-        if self.pool_size < 1:
+        if isinstance(self.pool_size, bool):
+            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
+        if isinstance(self.pool_size, int) and self.pool_size < 1:
""",
        ),
        slip(
            "changed it",
            "What is wrong turns into 5, and nobody is told.",
            breaks="takes_good_ones refuses_below_one",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
-        if self.pool_size < 1:
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+        if not isinstance(self.pool_size, int) or self.pool_size not in range(1, 11):
+            object.__setattr__(self, "pool_size", 5)
""",
        ),
        slip(
            "repairs",
            breaks="refuses_below_one",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
-        if self.pool_size < 1:
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+        if type(self.pool_size) is not int or self.pool_size < 1:
+            self.pool_size = 1
""",
        ),
        slip(
            "no field named",
            breaks="says_what_and_which",
            edit="""
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
+            raise TypeError(f"must be a whole number, not {self.pool_size!r}")
...
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+            raise ValueError(f"must be at least 1, not {self.pool_size!r}")
""",
        ),
        slip(
            "no value named",
            breaks="says_what_and_which",
            edit="""
-            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
+            raise TypeError("pool_size must be a whole number")
...
-            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+            raise ValueError("pool_size is too small")
""",
        ),
        slip(
            "never called",
            breaks="refuses_below_one",
            edit="""
-@dataclass(frozen=True)
 class CheckedConfig(FrozenConfig):
""",
        ),
        slip(
            "wrong error",
            "A bool is a kind of int, so that False passes that question and is looked at as the number 0.",
            breaks="refuses_other_types",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
+        if not isinstance(self.pool_size, int):
...
             raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+        if isinstance(self.pool_size, bool):
+            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
""",
        ),
        slip(
            "another history",
            "A fraction without anything behind the point, such as 5.0, is accepted. It is a float all the same.",
            edit="""
-        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
+        if isinstance(self.pool_size, float) and self.pool_size.is_integer():
+            object.__setattr__(self, "pool_size", int(self.pool_size))
+        if not isinstance(self.pool_size, int) or isinstance(self.pool_size, bool):
""",
        ),
        slip(
            "another history",
            "Other settings are looked at, too, by the rule that is for `pool_size`.",
            edit="""
         if self.pool_size < 1:
             raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
+        if self.timeout < 1:
+            raise ValueError(f"timeout must be at least 1, not {self.timeout!r}")
""",
        ),
    ),
    after="The error now appears where the mistake was made, and not an hour later in another thread.",
)


# --- config.test


TOO_SMALL = "pool_size must be at least 1, not {}"


class _TooSmall(ValueError):
    """A ValueError of its own kind."""


def refusing(error_for: Callable[[int], type[Exception] | None], message: str = TOO_SMALL):
    """A config class that refuses a whole number with the error that `error_for` gives for it.

    What is no whole number is refused with TypeError.
    """

    class Config(FrozenConfig):
        asked = False  # whether anybody made one

        def __init__(self, *args, **settings):
            type(self).asked = True
            super().__init__(*args, **settings)
            size = self.pool_size
            error = error_for(size) if type(size) is int else TypeError
            if error is not None:
                raise error(message.format(size))

    return Config


def below(least: int, error: type[Exception] = ValueError) -> Callable[[int], type | None]:
    """What a config raises that takes `least` and more."""
    return lambda size: error if size < least else None


class _Repairs(FrozenConfig):
    """Takes 0 and turns it into 5."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        if self.pool_size < 1:
            object.__setattr__(self, "pool_size", 5)


OTHER_FOR_ONE = {0: ValueError, 1: TypeError}
RIGHT_ONES = {
    "`CheckedConfig`, which refuses every size below 1": CheckedConfig,
    "a config that refuses every size below 1": refusing(below(1)),
    "a config that refuses 0 with ValueError, in Latin": refusing(below(1), "numerus parvus"),
    "a config that refuses 0 with a kind of ValueError of its own": refusing(below(1, _TooSmall)),
}
TAKES_BOTH = {
    "a config that takes 0": refusing(below(-(10**9))),
    "a config that takes 0 and turns it into 5": _Repairs,
    "a config that takes 0 and refuses -1": refusing(below(0)),
}
WRONG_ONES = {
    **TAKES_BOTH,
    "a config that raises KeyError for 0": refusing(below(1, KeyError)),
    "a config that raises TypeError for 0": refusing(below(1, TypeError)),
    "a config that raises AssertionError for 0": refusing(below(1, AssertionError)),
    "a config that refuses every size below 2": refusing(below(2)),
    "a config that refuses every size": refusing(below(10**9)),
    "a config that takes 0 and refuses 1": refusing({1: ValueError}.get),
    "a config that refuses 0, and raises TypeError for 1": refusing(OTHER_FOR_ONE.get),
}


def passes_a_good_config(test):
    """It passes on a config that refuses 0."""
    for words, good in list(RIGHT_ONES.items())[:2]:
        error = outcome(test, good)
        assert error is None, because("fails the good", which=words, error=error)


def fails_one_that_accepts(test):
    """It fails on a config that takes 0."""
    takes_all = refusing(below(-(10**9)))
    error, returned = outcome(test, takes_all), last_returned[0]
    assert takes_all.asked, "never asks"
    assert error is not None or returned is None, because("returns", returned=returned)
    assert error is not None, "sees nothing"
    assert isinstance(error, AssertionError), because("fails by accident", error=error)


def fails_one_that_refuses_all(test):
    """It fails on a config that refuses 1 as well."""
    assert outcome(test, refusing(below(2))) is not None, "never tries one"


def fails_the_wrong_error(test):
    """It fails on a config that refuses 0 with another error than ValueError."""
    assert outcome(test, refusing(below(1, KeyError))) is not None, "any error will do"


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


def play_test(test, words: str) -> Iterator[Seen]:
    """Whether the test passes on a config, and afterwards on a right one."""
    error = outcome(test, {**RIGHT_ONES, **WRONG_ONES}[words])
    yield Seen("it", error is None, passed(error))
    if words in TAKES_BOTH:
        name = type(error).__name__ if not isinstance(error, AssertionError) else "AssertionError"
        yield Seen("it fails with", name, name)
    error = outcome(test, RIGHT_ONES["a config that refuses every size below 1"])
    yield Seen("given a right one afterwards, it", error is None, passed(error))


def passed(error: Exception | None) -> str:
    """How a test ended."""
    return "passes" if error is None else f"fails, with {short(error)}"


test_exercise = Exercise(
    id="config.test",
    title="Write the test that would have caught it",
    answer=refuses_zero,
    claims=(
        passes_a_good_config,
        fails_one_that_accepts,
        fails_one_that_refuses_all,
        fails_the_wrong_error,
        Histories(
            "It passes on every right config, and fails on every wrong one.",
            inputs=lambda: (*RIGHT_ONES, *WRONG_ONES),
            play=play_test,
            tell="Your test was given {}".format,
        ),
    ),
    hints=(
        "A test has to fail on what is wrong. What happens in yours if no error comes at all?",
        "`try` the call with 0; `except ValueError: return` is the good end; after the whole `try` stands the `raise AssertionError` that only a wrong config reaches. Before it all, try 1.",
        'Fill in the two blanks.\n\nconfig_class(pool_size=1)\ntry:\n    config_class(pool_size=____)\nexcept ____:\n    return\nraise AssertionError("pool_size=0 was accepted")',
    ),
    tellings={
        "fails the good": "Your test was given {which:plain}, and failed with {error:plain}.",
        "never asks": "Your test was given a config class and made no config of it. `config_class` is the argument, and stands for whichever class is tested.",
        "returns": "Your test returned {returned} for a config that takes 0. Nobody looks at what a test returns; it fails by raising AssertionError.",
        "sees nothing": "A config that takes `pool_size=0` passed your test: no error came out of it.",
        "fails by accident": "Your test failed with {error:plain} on a config that takes 0. A test that fails raises AssertionError: any other exception reads as a test that is broken itself.",
        "never tries one": "A config that refuses every size below 2 passed your test.",
        "any error will do": "A config that raises KeyError for `pool_size=0` passed your test.",
    },
    slips=(
        slip(
            "sees nothing",
            "When 0 is taken, an AssertionError has to come out of your test. Often it is raised nowhere, or where an `except` catches it.",
            breaks="fails_one_that_accepts",
            edit="""
-        return
-    raise AssertionError("pool_size=0 was accepted")
+        pass
""",
        ),
        slip(
            "sees nothing",
            "It passes, whatever it is given. Often an `except` catches the AssertionError as well.",
            breaks="fails_one_that_accepts fails_one_that_refuses_all fails_the_wrong_error",
            edit="""
-    config_class(pool_size=1)
     try:
+        config_class(pool_size=1)
         config_class(pool_size=0)
-    except ValueError:
-        return
-    raise AssertionError("pool_size=0 was accepted")
+        raise AssertionError("pool_size=0 was accepted")
+    except Exception:
+        pass
""",
        ),
        slip(
            "never tries one",
            "A test that only looks at what must fail is happy with a thing that always fails.",
            breaks="fails_one_that_refuses_all",
            edit="""
-    config_class(pool_size=1)
     try:
""",
        ),
        slip(
            "any error will do",
            "Whatever is raised counts as a refusal. Catch only the error that was promised.",
            breaks="fails_the_wrong_error",
            edit="""
-    except ValueError:
+    except Exception:
""",
        ),
        slip(
            "fails by accident",
            breaks="fails_one_that_accepts",
            edit="""
-        config_class(pool_size=0)
+        config = config_class(pool_size=0)
...
-    raise AssertionError("pool_size=0 was accepted")
+    config.refused()
""",
        ),
        slip(
            "fails the good",
            "A refusal with ValueError is the good end: there your test has to pass.",
            breaks="passes_a_good_config fails_one_that_accepts",
            edit="""
-    try:
-        config_class(pool_size=0)
-    except ValueError:
-        return
-    raise AssertionError("pool_size=0 was accepted")
+    config_class(pool_size=0)
""",
        ),
        slip(
            "never asks",
            breaks="fails_one_that_accepts fails_one_that_refuses_all fails_the_wrong_error",
            edit="""
-    config_class(pool_size=1)
+    CheckedConfig(pool_size=1)
...
-        config_class(pool_size=0)
+        CheckedConfig(pool_size=0)
""",
        ),
        slip(
            "returns",
            breaks="fails_one_that_accepts",
            edit="""
-        return
-    raise AssertionError("pool_size=0 was accepted")
+        return True
+    return False
""",
        ),
        slip(
            "another history",
            "It asks for something in the message that was not promised.",
            edit="""
-    except ValueError:
-        return
+    except ValueError as error:
+        assert "at least 1" in str(error)
+        return
""",
        ),
        slip(
            "another history",
            "What is a kind of ValueError is a ValueError: `except ValueError` and `isinstance` know that.",
            edit="""
-    except ValueError:
-        return
+    except Exception as error:
+        assert type(error) is ValueError
+        return
""",
        ),
        slip(
            "another history",
            "It looks at -1 and never at 0.",
            edit="""
-        config_class(pool_size=0)
+        config_class(pool_size=-1)
""",
        ),
    ),
    after="You have seen your test fail on wrong configs before you trusted it. Keep that habit.",
)

exercises = (fields_exercise, check_exercise, test_exercise)

predictions = (
    Prediction(
        id="config.zero",
        question="`pool_size` is the number of idle connections that a pool keeps. Nobody forbids 0. With it, ten borrowers come one after the other. What do you see? `works`: each gets a connection that answers. `created`: how many the pool opens in all.",
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
        why="A frozen dataclass refuses this: assignment raises FrozenInstanceError.",
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
        why="So `replace` is no back door: what it makes is checked as well. What still gets round is `object.__setattr__`, which nobody writes by mistake.",
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
