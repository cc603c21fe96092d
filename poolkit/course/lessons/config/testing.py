"""Exercise config.test: write the test that would have caught it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from poolkit.course.exercises import Exercise, because
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.config.checking import CheckedConfig
from poolkit.course.lessons.config.given import FrozenConfig
from poolkit.course.shown import short
from poolkit.course.slips import slip


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
