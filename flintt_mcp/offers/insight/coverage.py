"""How much of all there is an answer stands on, in words, and whether that is all the API gives. Pure.

In: what each reader of rows saw. Out: one line for the result. It never says more than was seen.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Part(msgspec.Struct, frozen=True):
    """The coverage of one table. `whole` is False where rows are known to be missing, or may be."""

    told: str
    whole: bool = True


class Coverage(msgspec.Struct, frozen=True):
    """The coverage of an answer: `told` in words, `whole` when every part is."""

    told: str
    whole: bool


def together(parts: Iterable[Part]) -> Coverage:
    """The coverage of several tables."""
    found = list(parts)
    return Coverage("; ".join(part.told for part in found), all(part.whole for part in found))
