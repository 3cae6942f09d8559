"""How large a result may be, and what is left out of one that would be larger. Pure.

In: rows or a record, as JSON values. Out: as much of them as fits, in whole rows, and the names of fields that were too large
to show. At least one row of a page always comes out, so that every page moves on. Where the rows come from is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from flintt_mcp import text

_ENVELOPE_SIZE = 400
"""Bytes kept free in the budget for the counts, the cursor and the note around the rows."""
_NAME_SHOWN = 24
_NAMES_SHOWN = 4
"""How much of the names of fields that were left out a note tells."""


class Budget:
    """How large a result may be, in bytes of its JSON; a thousand tokens are about four thousand."""

    def __init__(self, most: int) -> None:
        self._most = most

    def fit(self, rows: Sequence[Any], taken: int = 0) -> tuple[list[Any], list[str]]:
        """As many rows from the front as fit, whole, and the names of fields that were too large to show.

        A row that is larger than the budget on its own comes without its largest fields (one that is no object comes as an
        empty object), so that every page moves on.
        """
        room = self._most - _ENVELOPE_SIZE - taken
        if len(msgspec.json.encode(rows)) <= room:
            return list(rows), []
        kept: list[Any] = []
        for row in rows:
            size = len(msgspec.json.encode(row)) + 1
            if size > room:
                if kept:
                    return kept, []
                slim, dropped = self.slim(row, taken) if isinstance(row, dict) else ({}, ["row"])
                return [slim], dropped
            kept.append(row)
            room -= size
        return kept, []

    def slim(self, record: dict[str, Any], taken: int = 0) -> tuple[dict[str, Any], list[str]]:
        """The record without its largest fields, as few as needed, and their names."""
        sizes = {name: len(msgspec.json.encode(value)) + len(name) + 4 for name, value in record.items()}
        room = max(self._most - _ENVELOPE_SIZE - taken, _ENVELOPE_SIZE)
        dropped: list[str] = []
        for name in sorted(sizes, key=lambda name: sizes[name], reverse=True):
            if sum(sizes.values()) <= room:
                break
            dropped.append(text.excerpt(name, _NAME_SHOWN))
            del sizes[name]
        return {name: value for name, value in record.items() if name in sizes}, dropped


def too_large_to_show(names: Sequence[str]) -> str:
    """The note that names what was left out; it may not grow large itself."""
    if not names:
        return ""
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"too large to show: {', '.join(names[:_NAMES_SHOWN])}{more}"
