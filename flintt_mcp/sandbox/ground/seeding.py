"""What example rows are made of: ids, dates and choices that come out the same on every machine and every Python.

Only `random.Random.random` promises the same sequence for the same seed in all versions, so every draw is made of it;
`choice`, `sample` and `shuffle` promise nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

from flintt_mcp.sandbox.ground.clock import stamp

T = TypeVar("T")

EPOCH = datetime(2026, 9, 30, 9, 0, tzinfo=UTC)
"""The present moment of the example rows; nothing in them is later."""
NAMESPACE = UUID("5d3c1c0e-8f5e-4b7a-9a51-f1177a5eed00")


def fixed_id(kind: str, name: str) -> str:
    """The same UUID for the same kind and name, for ever."""
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


def before(moment: datetime = EPOCH, *, days: float = 0, seconds: float = 0) -> str:
    """The stamp of some time before a moment."""
    return stamp(moment - timedelta(days=days, seconds=seconds))


def words(text: str, between: str | None = None) -> tuple[str, ...]:
    """The words of a text (or what stands between bars and the like), for lists that are easier to read as prose."""
    return tuple(text.split(between))


class Draw:
    """A sequence of choices, named so that a change in one part of the seed moves no other part."""

    def __init__(self, api: str, name: str) -> None:
        self._source = random.Random(f"{api} sandbox/{name}")

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

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different options, in the order in which they were drawn."""
        left = list(options)
        return [left.pop(int(self._source.random() * len(left))) for _ in range(min(count, len(left)))]
