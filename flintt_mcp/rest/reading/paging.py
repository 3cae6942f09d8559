"""One page of a list: what to ask the API for, and what of its answer is the page. Pure.

In: the rows that a call wants, how the API pages, and its answer. Out: query parameters, and a `Cut`: whole rows within the
budget and the position where the next page starts. The pages together are exactly what the API can return. A position is
plain here; it must not reach a client before `cursors.py` sealed it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flintt_mcp.catalogue.operation import Capped, Cursor, Listing, Offset, Paging, Whole
from flintt_mcp.rest.reading.answers import at, plain
from flintt_mcp.rest.reading.budget import Budget, too_large_to_show


class Page(msgspec.Struct, frozen=True):
    """Which rows of a list a call wants: `limit` rows from `position` on.

    `position` is a number of rows, but for `Cursor` paging: there it is the API's own cursor and the rows to skip behind it.
    """

    limit: int
    position: Any = 0


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
            return {limit: min(most, page.position + page.limit + 1)}
        case Offset(most=most, limit=limit, offset=offset):
            return {limit: min(most, page.limit), offset: page.position}
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
    skipped, start = _start(paging, page)
    wanted = rows[skipped : skipped + page.limit]
    kept, dropped = budget.fit(wanted)
    seen = skipped + len(kept)
    total = _total(paging, rows, answer)
    more = seen < len(rows) or _more_behind(paging, rows, answer, page, start + seen, total)
    note = too_large_to_show(dropped)
    if isinstance(paging, Capped) and not more and len(rows) >= paging.most:
        note = "; ".join(filter(None, (note, f"the API returns no more than {paging.most} rows: {paging.narrow}")))
    return Cut(
        kept, _next(paging, page, answer, seen, len(rows)) if more else None, total, len(wanted) - len(kept), note
    )


def _start(paging: Paging, page: Page) -> tuple[int, int]:
    """How many rows of this answer lie before the page, and how many of the list lie before this answer."""
    match paging:
        case Whole() | Capped():
            return page.position, 0
        case Offset():
            return 0, page.position
        case Cursor():
            return (page.position[1] if page.position else 0), 0


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
                return bool(rows) and seen < total
            return len(rows) >= min(most, page.limit)


def _next(paging: Paging, page: Page, answer: Any, seen: int, rows: int) -> Any:
    if not isinstance(paging, Cursor):
        return (page.position if isinstance(paging, Offset) else 0) + seen
    here = page.position[0] if page.position else None
    return [here, seen] if seen < rows else [at(answer, paging.next), 0]
