"""Where a page of a list ended, so that the next one starts behind it also when the list has changed meanwhile. Pure.

In: all rows of a list and how many of them were seen. Out: a mark, which is a JSON value, and later the place in the rows that are
there by then. A mark holds digests of the rows on both sides of the end: a row that went or came before it moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

CHANGED = (
    "the list has changed since the page before: rows may be missing or come twice; "
    "start again without a cursor to see it as it is now"
)


class Mark(NamedTuple):
    """The end of a page: how many rows were `seen`, the `last` of them, the one `behind` it, and all that were seen `before`."""

    seen: int
    last: str
    behind: str
    before: str


class Start(NamedTuple):
    """Where a page starts in the rows that are there now, and whether those before it are others than they were."""

    at: int = 0
    changed: bool = False


def mark(rows: Sequence[Any], seen: int) -> Mark:
    """The mark behind the first `seen` rows; there is at least one behind them."""
    return Mark(seen, _digest(rows[seen - 1 : seen]), _digest(rows[seen : seen + 1]), _digest(rows[:seen]))


def behind(rows: Sequence[Any], end: Sequence[Any] | None) -> Start:
    """Where the page behind a mark starts; no mark stands before the first row.

    Where both rows beside the mark are gone nothing tells the place. Then the list starts over: a row rather comes twice than
    never.
    """
    if end is None:
        return Start()
    there = Mark(*end)
    if _digest(rows[: there.seen]) == there.before:
        return Start(there.seen)
    names = [_digest([row]) for row in rows]
    places = [at + 1 for at, name in enumerate(names) if name == there.last]
    places += [at for at, name in enumerate(names) if name == there.behind]
    # A row that was changed may have moved to the front, and the other one tells the place.
    return Start(min(places, key=lambda at: abs(at - there.seen), default=0), changed=True)


def _digest(rows: Sequence[Any]) -> str:
    """What tells rows apart from others: their ids, and of a row without one all that is in it."""
    return blake2b("\n".join(map(_name, rows)).encode(), digest_size=4).hexdigest()


def _name(row: Any) -> str:
    id = row.get("id") if isinstance(row, dict) else None
    return id if type(id) is str else msgspec.json.encode(row if id is None else id).decode()
