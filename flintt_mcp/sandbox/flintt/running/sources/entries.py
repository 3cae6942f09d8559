"""What the readers of feeds, pages and JSON documents have in common: an entry as it stands in a source, and not being one.

In: nothing. Out: `Entry`, with texts that may be markup, addresses that may be relative and dates nobody has read; `Unreadable`.
`items` makes bounded, clean items of entries; no reader does that by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Unreadable(Exception):
    """The bytes are not what the source was said to be. The text is for the person who attached it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a source: `id` is what the source calls it, `dates` are when it may be from, the likeliest first."""

    title: str = ""
    text: str = ""
    address: str = ""
    id: str = ""
    dates: Sequence[str | int | float] = ()
