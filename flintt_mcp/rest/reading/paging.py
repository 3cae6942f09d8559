"""One page of a list: what to ask the API for, and what of its answer is the page. Pure.

In: the rows that a call wants, how the API pages, and its answer. Out: query parameters, and what is `Found`: from it a `Cut` of as
many rows as there is room for, and the position where the next page starts. The pages together are exactly what the API can return;
when its list changed between them, the page says so. A position is plain here; it must not reach a client before `cursors.py`
sealed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from flintt_mcp.catalogue.result import Capped, Cursor, Listing, Offset, Paging, Whole
from flintt_mcp.rest.reading.answers import at, plain
from flintt_mcp.rest.reading.budget import WHOLE, too_large_to_show
from flintt_mcp.rest.reading.marks import CHANGED, Start, behind, mark
from flintt_mcp.rest.reading.tables import as_object


class Page(msgspec.Struct, frozen=True):
    """Which rows of a list a call wants: `limit` rows from `position` on, None for the first ones.

    A position is a JSON value that only this module reads: a mark where rows come from the front, a number of rows and the total
    for `Offset`, and for `Cursor` the API's own cursor and a mark in what it leads to. `kept` are the columns of the page before,
    for each table of the result, as `Columns` has them.
    """

    limit: int
    position: Any = None
    kept: Sequence[int] = ()


class Cut(msgspec.Struct, frozen=True):
    """One page as it came out: its rows, where the next one starts (None at the end), and what was left out.

    `cap` is the most rows that the API gives, where the list has reached it.
    """

    rows: list[dict[str, Any]]
    next: Any = None
    total: int | None = None
    left_out: int = 0
    note: str = ""
    cap: int | None = None

    @property
    def complete(self) -> bool:
        return self.next is None and not self.note


def paging_parameters(paging: Paging, page: Page) -> dict[str, str | int]:
    """The query parameters that ask the API for this page."""
    match paging:
        case Whole():
            return {}
        case Capped(most=most, limit=limit):
            # All there can be: only so the total is known, or that the cap was reached.
            return {limit: most}
        case Offset(most=most, limit=limit, offset=offset):
            return {limit: min(most, page.limit), offset: _offset(page)}
        case Cursor(cursor=cursor):
            return {cursor: page.position[0]} if page.position and page.position[0] else {}


def find(listing: Listing, paging: Paging, answer: Any, page: Page, *, exact: bool = False) -> Found | None:
    """What an answer holds of a page; None when there is no list where the API documents one.

    `exact` says that numbers were decoded exactly and have to be made plain.
    """
    rows = at(answer, listing.at)
    if not isinstance(rows, list):
        return None
    if exact:
        rows = [plain(row, listing.fields) for row in rows]
    return Found(paging, rows, answer, page)


class Found:
    """The rows that an answer holds of a page, at most as many as it wants, and what is known around them."""

    __slots__ = ("_all", "_answer", "_page", "_paging", "_start", "_total", "rows")

    def __init__(self, paging: Paging, rows: list[Any], answer: Any, page: Page) -> None:
        self._paging, self._all, self._answer, self._page = paging, rows, answer, page
        self._total = _total(paging, rows, answer)
        self._start = _start(paging, rows, page, self._total)
        self.rows = [as_object(row) for row in rows[self._start.at : self._start.at + page.limit]]

    @property
    def whole(self) -> Cut:
        """The page of all these rows."""
        return self.first(len(self.rows))

    def first(self, count: int, dropped: Sequence[str] = WHOLE) -> Cut:
        """The page of the first so many of these rows, without the fields of these names, which were too large."""
        seen = self._start.at + count
        more = seen < len(self._all) or self._more_behind(seen)
        cap = self._paging if isinstance(self._paging, Capped) and len(self._all) >= self._paging.most else None
        notes = [too_large_to_show(dropped), CHANGED if self._start.changed else ""]
        if cap is not None and not more:
            notes.append(f"the API returns no more than {cap.most} rows: {cap.narrow}")
        return Cut(
            [without(row, dropped) for row in self.rows[:count]],
            self._next(seen) if more else None,
            self._total,
            len(self.rows) - count,
            "; ".join(filter(None, notes)),
            None if cap is None else cap.most,
        )

    def _more_behind(self, seen: int) -> bool:
        """Whether the API has rows behind this answer."""
        rows, answer = self._all, self._answer
        match self._paging:
            case Whole() | Capped():
                return False
            case Cursor(next=next_, more=more):
                return bool(at(answer, next_)) and (more is None or bool(at(answer, more)))
            case Offset(more=more, most=most):
                if more is not None:
                    return bool(rows) and bool(at(answer, more))
                if self._total is not None:
                    return bool(rows) and _offset(self._page) + seen < self._total
                return len(rows) >= min(most, self._page.limit)

    def _next(self, seen: int) -> Any:
        """The position of the next page."""
        match self._paging:
            case Whole() | Capped():
                return mark(self._all, seen)
            case Offset():
                return [_offset(self._page) + seen, self._total]
            case Cursor(next=next_):
                if seen >= len(self._all):
                    return [at(self._answer, next_), None]
                return [self._page.position[0] if self._page.position else None, mark(self._all, seen)]


def without(row: dict[str, Any], dropped: Sequence[str]) -> dict[str, Any]:
    """The row without the fields of these names."""
    gone = set(dropped)
    return {name: value for name, value in row.items() if name not in gone} if gone else row


def _offset(page: Page) -> int:
    return page.position[0] if page.position else 0


def _start(paging: Paging, rows: list[Any], page: Page, total: int | None) -> Start:
    """Where in this answer the page starts."""
    match paging:
        case Whole() | Capped():
            return behind(rows, page.position)
        case Offset():
            # Rows cannot be told from others that an offset has moved away; that some came or went can.
            return Start(0, bool(page.position) and page.position[1] != total)
        case Cursor():
            return behind(rows, page.position[1] if page.position else None)


def _total(paging: Paging, rows: list[Any], answer: Any) -> int | None:
    if isinstance(paging, Whole):
        return len(rows)
    if isinstance(paging, Capped):
        return len(rows) if len(rows) < paging.most else None
    total = at(answer, paging.total) if paging.total else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None
