"""Answers to lesson 01, right and wrong."""

import numbers
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

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


@right("config.fields")
class SmallConfig(NamedTuple):
    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5


class Told:
    """Shows only what somebody set, and in words of its own."""

    def __repr__(self):
        return "; ".join(f"{name} is {value}" for name, value in self.told.items()) or "as usual"

    def __eq__(self, other):
        return type(other) is type(self) and self.all == other.all


@right("config.fields")
class SmallConfig(Told):
    def __init__(self, **told):
        usual = {"db_path": ":memory:", "timeout": 5.0, "max_retries": 3, "pool_size": 5}
        self.told, self.all = told, {**usual, **told}

    def __getattr__(self, name):
        if name in ("told", "all") or name not in self.all:
            raise AttributeError(name)
        return self.all[name]


@wrong("config.fields", "not equal", breaks="are_equal")
class SmallConfig:
    def __init__(self, db_path=":memory:", timeout=5.0, max_retries=3, pool_size=5):
        self.db_path, self.timeout = db_path, timeout
        self.max_retries, self.pool_size = max_retries, pool_size


@wrong("config.fields", "another history")
@dataclass
class SmallConfig:
    pool_size: int = 5
    max_retries: int = 3
    timeout: float = 5.0
    db_path: str = ":memory:"


# --- config.check


@right("config.check")
@dataclass(frozen=True, slots=True)
class CheckedConfig(FrozenConfig):
    def __post_init__(self):
        for is_so, error in ((self.is_no_number, TypeError), (self.is_too_small, ValueError)):
            if is_so():
                raise error({"pool_size": self.pool_size})

    def is_no_number(self):
        return type(self.pool_size) is not int

    def is_too_small(self):
        return self.pool_size < 1


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


# --- config.test


@right("config.test")
def refuses_zero(config_class):
    """Thorough: what else a good config does is looked at, too."""
    sizes = {-1: ValueError, 0: ValueError, 1: None, 2: None, "5": TypeError}
    for size, wanted in sizes.items():
        try:
            config_class(pool_size=size)
            came = None
        except BaseException as error:
            came = type(error)
        if wanted is None or came is None:
            assert came is wanted, size
        else:
            assert issubclass(came, wanted), size


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


@wrong("config.check", "named otherwise")
@dataclass(frozen=True)
class CheckedConfig(FrozenConfig):
    def __post_int__(self):
        raise ValueError(f"pool_size must be at least 1, not {self.pool_size!r}")
