"""Exercise config.fields: four settings in one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from poolkit.course.exercises import Exercise, assume, because, same
from poolkit.course.histories import Histories, Seen, grid
from poolkit.course.lessons.config.given import tell_call
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
