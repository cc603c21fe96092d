"""Exercise config.check: refuse nonsense at the door."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass

from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.config.given import FrozenConfig, tell_call
from poolkit.course.shown import short
from poolkit.course.slips import slip


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
