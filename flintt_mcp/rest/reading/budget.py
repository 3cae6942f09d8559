"""A result in both of its forms, and how large it may be. Pure.

In: rows, and a function that makes the result of the first so many of them. Out: the fullest result whose larger form, as it is
sent, fits. At least one row always comes out, without its largest fields if need be, so that every page moves on. Where the rows
come from is not known here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from flintt_mcp import text

WHOLE: Sequence[str] = ()
"""No field of a row is left out."""
_NAME_SHOWN = 24
_NAMES_SHOWN = 4
"""How much of the names of fields that were left out a note tells."""


class Result(msgspec.Struct, frozen=True):
    """What a call brought: the same for programs and, on its own, for who reads text only."""

    text: str
    structured: dict[str, Any]


Made = Callable[[int, Sequence[str]], Result]
"""Makes the result of so many rows from the front, without the fields of these names."""


class Budget:
    """How large each form of a result may be, in bytes of its JSON; a thousand tokens are about three thousand."""

    def __init__(self, most: int) -> None:
        self.most = most

    def fits(self, result: Result, spare: int = 0) -> bool:
        """Whether both forms are within the budget, with `spare` bytes to go."""
        room = self.most - spare
        return len(msgspec.json.encode(result.structured)) <= room and len(msgspec.json.encode(result.text)) <= room

    def fullest(self, count: int, first: Mapping[str, Any], made: Made) -> Result:
        """The result of as many of `count` rows as fit; where not even the `first` does, of that one without its largest fields."""
        whole = made(count, WHOLE)
        if not count or self.fits(whole):
            return whole
        fitting = bisect_left(range(1, count), True, key=lambda rows: not self.fits(made(rows, WHOLE)))
        if fitting:
            return made(fitting, WHOLE)
        names = largest_first(first)
        fewest = bisect_left(range(len(names)), True, key=lambda dropped: self.fits(made(1, names[:dropped])))
        return made(1, names[:fewest])


def largest_first(record: Mapping[str, Any]) -> list[str]:
    """The names of the fields of an object, by how much room each takes."""
    sizes = {name: len(msgspec.json.encode(value)) + len(name) for name, value in record.items()}
    return sorted(sizes, key=lambda name: sizes[name], reverse=True)


def too_large_to_show(names: Sequence[str]) -> str:
    """The note that names what was left out; it may not grow large itself."""
    if not names:
        return ""
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"too large to show: {', '.join(text.excerpt(name, _NAME_SHOWN) for name in names[:_NAMES_SHOWN])}{more}"
