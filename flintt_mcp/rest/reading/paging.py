"""One page of a list: what to ask the API for, and what of its answer is the page. Pure.

In: the rows that a call wants, how the API pages, and its answer. Out: query parameters, and a `Cut`: whole rows within the
budget and the position where the next page starts. The pages together are exactly what the API can return; when its list changed
between them, the page says so. A position is plain here; it must not reach a client before `cursors.py` sealed it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flintt_mcp.catalogue.operation import Capped, Cursor, Listing, Offset, Paging, Whole
from flintt_mcp.rest.reading.answers import at, plain
from flintt_mcp.rest.reading.budget import Budget, too_large_to_show
from flintt_mcp.rest.reading.marks import CHANGED, Start, behind, mark


class Page(msgspec.Struct, frozen=True):
    """Which rows of a list a call wants: `limit` rows from `position` on, None for the first ones.

    A position is a JSON value that only this module reads: a mark where rows come from the front, a number of rows and the total
    for `Offset`, and for `Cursor` the API's own cursor and a mark in what it leads to.
    """

    limit: int
    position: Any = None


class Cut(msgspec.Struct, frozen=True):
    """One page as it came out: its rows, where the next one starts (None at the end), and what was left out."""

    rows: list[Any]
    next: Any = None
    total: int | None = None
    left_out: int = 0
    note: str = ""

    @property
    def complete(self) -> bool:
        return self.next is None and not self.note


def paging_parameters(paging: Paging, page: Page) -> dict[str, str | int]:
    """The query parameters that ask the API for this page (and, where it helps to see the end, one row more)."""
    match paging:
        case Whole():
            return {}
        case Capped(most=most, limit=limit):
            # Behind a mark: all there can be, since rows that came meanwhile lie before it.
            return {limit: most if page.position else min(most, page.limit + 1)}
        case Offset(most=most, limit=limit, offset=offset):
            return {limit: min(most, page.limit), offset: _offset(page)}
        case Cursor(cursor=cursor):
            return {cursor: page.position[0]} if page.position and page.position[0] else {}


def cut(
    listing: Listing, paging: Paging, answer: Any, page: Page, budget: Budget, *, exact: bool = False
) -> Cut | None:
    """One page out of the API's answer; None when there is no list where the API documents one.

    `exact` says that numbers were decoded exactly and have to be made plain.
    """
    rows = at(answer, listing.at)
    if not isinstance(rows, list):
        return None
    if exact:
        rows = [plain(row, listing.fields) for row in rows]
    return _cut(paging, rows, answer, page, budget)


def _cut(paging: Paging, rows: list[Any], answer: Any, page: Page, budget: Budget) -> Cut:
    total = _total(paging, rows, answer)
    start = _start(paging, rows, page, total)
    wanted = rows[start.at : start.at + page.limit]
    kept, dropped = budget.fit(wanted)
    seen = start.at + len(kept)
    more = seen < len(rows) or _more_behind(paging, rows, answer, page, seen, total)
    notes = [too_large_to_show(dropped), CHANGED if start.changed else ""]
    if isinstance(paging, Capped) and not more and len(rows) >= paging.most:
        notes.append(f"the API returns no more than {paging.most} rows: {paging.narrow}")
    return Cut(
        kept,
        _next(paging, rows, answer, page, seen, total) if more else None,
        total,
        len(wanted) - len(kept),
        "; ".join(filter(None, notes)),
    )


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
        return None
    total = at(answer, paging.total) if paging.total else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _more_behind(paging: Paging, rows: list[Any], answer: Any, page: Page, seen: int, total: int | None) -> bool:
    """Whether the API has rows behind this answer."""
    match paging:
        case Whole() | Capped():
            return False
        case Cursor(next=next_, more=more):
            return bool(at(answer, next_)) and (more is None or bool(at(answer, more)))
        case Offset(more=more, most=most):
            if more is not None:
                return bool(rows) and bool(at(answer, more))
            if total is not None:
                return bool(rows) and _offset(page) + seen < total
            return len(rows) >= min(most, page.limit)


def _next(paging: Paging, rows: list[Any], answer: Any, page: Page, seen: int, total: int | None) -> Any:
    """The position of the next page."""
    match paging:
        case Whole() | Capped():
            return mark(rows, seen)
        case Offset():
            return [_offset(page) + seen, total]
        case Cursor(next=next_):
            if seen >= len(rows):
                return [at(answer, next_), None]
            return [page.position[0] if page.position else None, mark(rows, seen)]
