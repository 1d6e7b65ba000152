"""Long work done to its end."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

__all__ = ["outcome"]

T = TypeVar("T")


def outcome(steps: Generator[Any, None, T]) -> T:
    """What it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
