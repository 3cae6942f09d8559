"""Choices that come out the same on every machine and every Python.

Only `random.Random.random` promises the same sequence for the same seed in all versions, so every draw is made of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def words(text: str, between: str | None = None) -> tuple[str, ...]:
    """The words of a text (or what stands between bars and the like), for lists that are easier to read as prose."""
    return tuple(text.split(between))


class Draw:
    """A sequence of choices, named so that a change in one place moves no other."""

    def __init__(self, name: str) -> None:
        self._source = random.Random(f"flowmaticx sandbox/{name}")

    def fraction(self) -> float:
        """From 0 to just under 1."""
        return self._source.random()

    def number(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return low + int(self._source.random() * (high - low + 1))

    def one(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self._source.random() * len(options))]

    def chance(self, probability: float) -> bool:
        """True as often as `probability` says."""
        return self._source.random() < probability
