"""Answers to lesson 01, right and wrong."""

import numbers
from dataclasses import dataclass, field

import pytest

from poolkit.course.lessons.config import CheckedConfig as OurConfig
from poolkit.course.lessons.config import FrozenConfig
from tests.answers import right, wrong

# --- config.fields


@right("config.fields")
@dataclass(frozen=True, kw_only=True, slots=True)
class SmallConfig:
    pool_size: int = 5
    max_retries: int = 3
    timeout: float = 5
    db_path: str = ":memory:"


@right("config.fields")
class SmallConfig:
    def __init__(self, db_path=":memory:", timeout=5.0, max_retries=3, pool_size=5):
        self.__dict__.update(
            db_path=db_path, timeout=timeout, max_retries=max_retries, pool_size=pool_size
        )

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return (
            f"SmallConfig({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"
        )


@right("config.fields")
@dataclass
class SmallConfig:
    db_path: str = field(default=":memory:")
    timeout: float = field(default=5.0)
    max_retries: int = field(default=3)
    pool_size: int = field(default=5)


@wrong("config.fields", "no field", breaks="takes_each_by_name are_equal")
@dataclass
class SmallConfig:
    db_path = ":memory:"
    timeout = 5.0
    max_retries = 3
    pool_size = 5


@wrong("config.fields", "no field", breaks="takes_each_by_name")
@dataclass
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries = 3
    pool_size: int = 5


@wrong("config.fields", "wrong default", breaks="has_defaults takes_each_by_name")
@dataclass
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 0.5
    max_retries: int = 3
    pool_size: int = 5


@wrong("config.fields", "field missing", breaks="has_defaults takes_each_by_name")
@dataclass
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 5.0
    retries: int = 3
    pool_size: int = 5


@wrong("config.fields", "not taken", breaks="takes_each_by_name are_equal")
@dataclass
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5

    def __post_init__(self):
        self.pool_size = 5


@wrong("config.fields", "others changed", breaks="takes_each_by_name")
@dataclass
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5

    def __post_init__(self):
        self.max_retries = min(self.max_retries, self.pool_size)


@wrong("config.fields", "not equal", breaks="are_equal")
class SmallConfig:
    def __init__(self, db_path=":memory:", timeout=5.0, max_retries=3, pool_size=5):
        self.db_path = db_path
        self.timeout = timeout
        self.max_retries = max_retries
        self.pool_size = pool_size


@wrong("config.fields", "silent", breaks="are_equal")
@dataclass(repr=False)
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5


# --- config.check


@right("config.check")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        size = self.pool_size
        if type(size) is not int:
            raise TypeError("pool_size: a whole number is wanted, got " + repr(size))
        if size <= 0:
            raise ValueError("pool_size: too small: " + repr(size))


@right("config.check")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        match self.pool_size:
            case bool():
                raise TypeError(f"pool_size={self.pool_size}: a bool is no number")
            case numbers.Integral():
                if self.pool_size < 1:
                    raise ValueError(f"pool_size={self.pool_size} is below 1")
            case other:
                raise TypeError(f"pool_size={other!r} is no whole number")


@wrong("config.check", "accepted", breaks="refuses_below_one says_what_and_which")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int:
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        if self.pool_size == 0:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")


@wrong("config.check", "refuses good", breaks="takes_good_ones")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int:
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        if self.pool_size <= 1:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")


@wrong("config.check", "assert", breaks="refuses_below_one")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int:
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        assert self.pool_size > 0, f"pool_size must be at least 1, not {self.pool_size!r}"


@wrong("config.check", "took a bool", breaks="refuses_other_types")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if not isinstance(self.pool_size, int):
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        if self.pool_size < 1:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")


@wrong("config.check", "wrong error", breaks="refuses_other_types")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int or self.pool_size < 1:
            raise ValueError(f"pool_size must be a whole number from 1 up, not {self.pool_size!r}")


@wrong("config.check", "accepted", breaks="refuses_other_types says_what_and_which")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if isinstance(self.pool_size, int) and self.pool_size < 1:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
        if isinstance(self.pool_size, bool):
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")


@wrong(
    "config.check",
    "changed it",
    breaks="takes_good_ones refuses_below_one refuses_other_types says_what_and_which",
)
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if not isinstance(self.pool_size, int) or self.pool_size not in range(1, 11):
            object.__setattr__(self, "pool_size", 5)


@wrong("config.check", "no field named", breaks="says_what_and_which")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int:
            raise TypeError(f"must be a whole number, not {self.pool_size!r}")
        if self.pool_size < 1:
            raise ValueError(f"must be at least 1, not {self.pool_size!r}")


@wrong("config.check", "no value named", breaks="says_what_and_which")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int:
            raise TypeError("pool_size must be a whole number")
        if self.pool_size < 1:
            raise ValueError("pool_size is too small")


@wrong("config.check", "wrong error", breaks="refuses_below_one")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int or self.pool_size < 1:
            raise TypeError(f"pool_size must be a whole number from 1 up, not {self.pool_size!r}")


# --- config.test


@right("config.test")
def refuses_zero(config_class):
    assert config_class(pool_size=1) is not None
    refused = False
    try:
        config_class(pool_size=0)
    except ValueError:
        refused = True
    except Exception:
        raise AssertionError("refused with another error") from None
    assert refused


@right("config.test")
def refuses_zero(config_class):
    def accepts(size):
        try:
            config_class(pool_size=size)
        except ValueError:
            return False
        return True

    assert [accepts(0), accepts(1)] == [False, True]


@wrong("config.test", "sees nothing", breaks="fails_one_that_accepts")
def refuses_zero(config_class):
    config_class(pool_size=1)
    try:
        config_class(pool_size=0)
    except ValueError:
        pass


@wrong("config.test", "never tries one", breaks="fails_one_that_refuses_all")
def refuses_zero(config_class):
    try:
        config_class(pool_size=0)
    except ValueError:
        return
    raise AssertionError("accepted")


@wrong("config.test", "any error will do", breaks="fails_the_wrong_error")
def refuses_zero(config_class):
    config_class(pool_size=1)
    try:
        config_class(pool_size=0)
    except Exception:
        return
    raise AssertionError("accepted")


@wrong("config.test", "fails by accident", breaks="fails_one_that_accepts")
def refuses_zero(config_class):
    config_class(pool_size=1)
    try:
        config = config_class(pool_size=0)
    except ValueError:
        return
    config.refused()


@wrong("config.test", "fails the good", breaks="passes_a_good_config fails_one_that_accepts")
def refuses_zero(config_class):
    config_class(pool_size=1)
    config_class(pool_size=0)


@wrong(
    "config.test",
    "never asks",
    breaks="fails_one_that_accepts fails_one_that_refuses_all fails_the_wrong_error",
)
def refuses_zero(config_class):
    try:
        OurConfig(pool_size=0)
    except ValueError:
        return
    raise AssertionError("accepted")


@wrong("config.test", "returns", breaks="fails_one_that_accepts")
def refuses_zero(config_class):
    config_class(pool_size=1)
    try:
        config_class(pool_size=0)
    except ValueError:
        return True
    return False


@wrong(
    "config.test",
    "sees nothing",
    breaks="fails_one_that_accepts fails_one_that_refuses_all fails_the_wrong_error",
)
def refuses_zero(config_class):
    try:
        config_class(pool_size=1)
        config_class(pool_size=0)
        raise AssertionError("accepted")
    except Exception:
        pass


@right("config.test")
def refuses_zero(config_class):
    assert config_class(pool_size=1).pool_size == 1
    with pytest.raises(ValueError):
        config_class(pool_size=0)


@right("config.test")
def refuses_zero(config_class):
    assert config_class(":memory:", 5.0, 3, 1) == config_class(pool_size=1)
    try:
        config_class(pool_size=0)
    except ValueError:
        pass
    else:
        raise AssertionError("accepted")


@wrong("config.fields", "no defaults", breaks="has_defaults takes_each_by_name are_equal")
@dataclass
class SmallConfig:
    db_path: str
    timeout: float
    max_retries: int
    pool_size: int


@wrong("config.fields", "no decorator", breaks="takes_each_by_name are_equal")
class SmallConfig:
    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5


@wrong(
    "config.check",
    "decorator gone",
    breaks="refuses_below_one refuses_other_types says_what_and_which",
)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int:
            raise TypeError(f"pool_size must be a whole number, not {self.pool_size!r}")
        if self.pool_size < 1:
            raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")


@wrong(
    "config.check", "repairs", breaks="refuses_below_one refuses_other_types says_what_and_which"
)
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        if type(self.pool_size) is not int or self.pool_size < 1:
            self.pool_size = 1


@wrong("config.check", "named otherwise")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_int__(self):
        raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
