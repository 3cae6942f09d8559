"""Ratios of interleaved rounds. Pure: lists of numbers in, a median with its range out.

Each round measures every contender once, close together in time, and gives one ratio; a slow spell of the machine then
touches both sides of it. A ratio of medians would mix rounds, so it is never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, with the lowest and the highest."""

    median: float
    low: float
    high: float

    def text(self, digits: int = 2) -> str:
        """For a table: `0.27 [0.25-0.29]`."""
        return f"{self.median:.{digits}f} [{self.low:.{digits}f}-{self.high:.{digits}f}]"


def spread(values: Sequence[float | None]) -> Spread | None:
    """Median and range of the values that are there; None when none is."""
    known = [value for value in values if value is not None]
    return Spread(median(known), min(known), max(known)) if known else None


def per_round(over: Sequence[float | None], under: Sequence[float | None]) -> Spread | None:
    """The spread of over/under, round by round; a round in which either is missing or zero does not count."""
    pairs = zip(over, under, strict=True)
    return spread([above / below for above, below in pairs if above is not None and below])
