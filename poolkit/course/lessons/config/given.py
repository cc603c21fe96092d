"""What lesson 01 starts from: the settings, frozen, and how a call is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class FrozenConfig:
    """The four settings, frozen, and not yet looked at: `__post_init__` does nothing."""

    db_path: str = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5


def tell_call(name: str) -> Callable[[dict], str]:
    """How a call of the class is told."""
    return lambda given: f"`{name}({', '.join(f'{n}={v!r}' for n, v in given.items())})`"
