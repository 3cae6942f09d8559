"""Paging: pages that together are the whole list, each within the size budget and with what the API is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from flintt_mcp.calls.reply import objects_of
from flintt_mcp.catalogue.result import Capped, Cursor, Listing, Offset, Paging, Whole, fields
from flintt_mcp.rest.reading.budget import Budget, Result
from flintt_mcp.rest.reading.marks import mark
from flintt_mcp.rest.reading.output_schema import output_schema
from flintt_mcp.rest.reading.paging import Cut, Page, find, paging_parameters
from flintt_mcp.rest.reading.results import listing_result
from flintt_mcp.rest.reading.tables import wanted_columns

LARGE = Budget(10**9)
BUDGET = 2_000
LISTING = Listing(rows="rows", fields=fields("id", "text"), paging=Whole())


class Api(Protocol):
    """A simulated API: a list of rows, and one way to page through it."""

    @property
    def paging(self) -> Paging: ...

    def answer(self, rows: list[Any], parameters: dict[str, str | int]) -> Any: ...


class WholeApi:
    paging = Whole()

    def answer(self, rows: list[Any], parameters: dict[str, str | int]) -> Any:
        assert parameters == {}
        return rows


class CappedApi:
    def __init__(self, most: int) -> None:
        self.paging = Capped(most=most, narrow="narrow it")

    def answer(self, rows: list[Any], parameters: dict[str, str | int]) -> Any:
        assert 1 <= int(parameters["limit"]) <= self.paging.most
        return rows[: int(parameters["limit"])]


class OffsetApi:
    def __init__(self, most: int, more: bool, total: bool) -> None:
        self.paging = Offset(most=most, more="meta.more" if more else None, total="meta.total" if total else None)

    def answer(self, rows: list[Any], parameters: dict[str, str | int]) -> Any:
        limit, offset = int(parameters["limit"]), int(parameters["offset"])
        assert 1 <= limit <= self.paging.most
        page = rows[offset : offset + limit]
        return {"rows": page, "meta": {"more": offset + limit < len(rows), "total": len(rows)}}


class CursorApi:
    def __init__(self, size: int, more: bool, total: bool) -> None:
        self.size = size
        self.paging = Cursor(
            next="meta.next", more="meta.more" if more else None, total="meta.total" if total else None
        )

    def answer(self, rows: list[Any], parameters: dict[str, str | int]) -> Any:
        start = int(str(parameters.get("cursor", "at-0")).removeprefix("at-"))
        more = start + self.size < len(rows)
        meta = {"next": f"at-{start + self.size}" if more else None, "more": more, "total": len(rows)}
        return {"rows": rows[start : start + self.size], "meta": meta}


apis: st.SearchStrategy[Api] = st.one_of(
    st.just(WholeApi()),
    st.builds(CappedApi, st.integers(1, 30)),
    st.builds(OffsetApi, st.integers(1, 20), st.booleans(), st.booleans()),
    st.builds(CursorApi, st.integers(1, 20), st.booleans(), st.booleans()),
)
sizes = st.integers(0, 30) | st.integers(0, BUDGET * 2)
limits = st.integers(1, 12)


MARK = mark([{"id": "a"}, {"id": "b"}], 1)


def rows_of(lengths: list[int]) -> list[dict[str, Any]]:
    return [{"id": f"r{number}", "text": "x" * length} for number, length in enumerate(lengths)]


def stays(rows: list[Any], seen: list[Any]) -> list[Any]:
    """A list that nobody changes."""
    return rows


def walk(
    api: Api, rows: list[Any], limit: int, budget: Budget, change: Callable[[list[Any], list[Any]], list[Any]] = stays
) -> list[tuple[Any, Result]]:
    """Every page in turn, each with its result, by following the cursor; `change` gives the rows there are for the next one."""
    listing = replace(LISTING, paging=api.paging, at="" if isinstance(api, WholeApi | CappedApi) else "rows")
    pages: list[tuple[Cut, Result]] = []
    page = Page(limit)
    while True:
        found, result, page = shown(listing, api.answer(rows, paging_parameters(api.paging, page)), page, budget)
        pages.append((found, result))
        if found.next is None:
            return pages
        assert len(pages) <= 100, "the pages do not end"
        rows = change(rows, found.rows)


def shown(listing: Listing, answer: Any, page: Page, budget: Budget) -> tuple[Cut, Result, Page]:
    """One page, its result, and the page behind it."""
    found = find(listing, listing.paging, answer, page)
    assert found is not None
    columns = wanted_columns(listing, None, found.rows, page.kept)
    cuts, behind = [], [page]

    def seal(position: Any, kept: Sequence[int]) -> str | None:
        # What is in a cursor travels as JSON.
        behind.append(Page(page.limit, *msgspec.json.decode(msgspec.json.encode([position, kept]))))
        return None if position is None else "c" * 60

    def made(count: int, dropped: Sequence[str]) -> Result:
        cuts.append(found.first(count, dropped))
        return listing_result("Simulated", listing, cuts[-1], columns, seal)

    result = budget.fullest(len(found.rows), columns.first(found.rows), made)
    return cuts[-1], result, behind[-1]


@given(api=apis, lengths=st.lists(sizes, max_size=40), limit=limits)
@example(api=CappedApi(3), lengths=[1] * 9, limit=2)
@example(api=OffsetApi(5, more=False, total=False), lengths=[1] * 10, limit=5)
@example(api=CursorApi(7, more=False, total=False), lengths=[BUDGET * 2] * 9, limit=3)
def test_the_pages_together_are_every_row_the_api_gives_once_and_in_order(
    api: Api, lengths: list[int], limit: int
) -> None:
    rows = rows_of(lengths)
    within_reach = rows[: api.paging.most] if isinstance(api.paging, Capped) else rows
    pages = walk(api, rows, limit, Budget(BUDGET))
    shown = [row for found, _ in pages for row in found.rows]
    assert [row["id"] for row in shown] == [row["id"] for row in within_reach]
    assert [
        row for row, whole in zip(shown, within_reach, strict=True) if row not in (whole, {"id": whole["id"]})
    ] == []


@given(api=apis, lengths=st.lists(sizes, max_size=40), limit=limits)
def test_no_page_is_larger_than_the_budget_or_the_limit(api: Api, lengths: list[int], limit: int) -> None:
    for found, result in walk(api, rows_of(lengths), limit, Budget(BUDGET)):
        assert max(len(msgspec.json.encode(form)) for form in (result.structured, result.text)) <= BUDGET
        assert len(found.rows) <= limit


@given(api=apis, lengths=st.lists(sizes, max_size=40), limit=limits)
def test_every_page_says_what_it_leaves_out_and_only_the_last_is_complete(
    api: Api, lengths: list[int], limit: int
) -> None:
    pages = walk(api, rows_of(lengths), limit, Budget(BUDGET))
    capped = isinstance(api.paging, Capped) and len(lengths) >= api.paging.most
    for found, result in pages[:-1]:
        assert not found.complete
        assert "next_cursor" in result.structured
    last, result = pages[-1]
    assert "next_cursor" not in result.structured
    assert last.complete is not (capped or "too large" in last.note)
    assert ("narrow it" in last.note) is capped
    for found, result in pages:
        Draft202012Validator(output_schema(LISTING)).validate(result.structured)
        assert result.structured["count"] == len(found.rows)
        assert result.structured.get("left_out", 0) == found.left_out


@given(lengths=st.lists(sizes, max_size=20), limit=limits)
def test_a_total_is_told_on_every_page_where_the_api_tells_it(lengths: list[int], limit: int) -> None:
    for api in (WholeApi(), CappedApi(50), OffsetApi(5, more=True, total=True), CursorApi(4, more=True, total=True)):
        totals = {found.total for found, _ in walk(api, rows_of(lengths), limit, Budget(BUDGET))}
        assert totals == {len(lengths)}


FROM_THE_FRONT = [WholeApi(), CappedApi(100), CursorApi(100, more=True, total=False)]
"""The ways to page in which all rows come at once, and pages are cut here."""
CHANGED = (
    "the list has changed since the page before: rows may be missing or come twice; "
    "start again without a cursor to see it as it is now"
)


@pytest.mark.parametrize("api", FROM_THE_FRONT, ids=lambda api: type(api).__name__)
@given(data=st.data(), count=st.integers(2, 30), limit=st.integers(1, 6))
def test_rows_that_stay_come_once_and_in_order_whatever_comes_or_goes_between_two_pages(
    api: Api, data: st.DataObject, count: int, limit: int
) -> None:
    rows = rows_of([1] * count)
    gone: set[str] = set()
    new = iter(range(count, count + 20))

    def change(rows: list[Any], seen: list[Any]) -> list[Any]:
        """Drops any rows but one of the two beside the page's end, and adds some anywhere."""
        end = rows.index(seen[-1]) + 1
        kept = data.draw(st.sampled_from(rows[end - 1 : end + 1]))
        left = [row for row in rows if row is kept or data.draw(st.booleans())]
        gone.update(row["id"] for row in rows if row not in left)
        for number in itertools.islice(new, data.draw(st.integers(0, 3))):
            left.insert(data.draw(st.integers(0, len(left))), {"id": f"r{number}", "text": ""})
        return left

    pages = walk(api, rows, limit, LARGE, change)
    shown = [row["id"] for found, _ in pages for row in found.rows]
    stayed = [row["id"] for row in rows if row["id"] not in gone]
    assert [id for id in shown if id in stayed] == stayed
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("api", FROM_THE_FRONT, ids=lambda api: type(api).__name__)
@given(count=st.integers(2, 30), limit=st.integers(1, 6), drop=st.integers(1, 5), come=st.integers(0, 5))
def test_where_the_end_of_a_page_is_gone_too_a_row_rather_comes_twice_than_never(
    api: Api, count: int, limit: int, drop: int, come: int
) -> None:
    rows = rows_of([1] * count)
    gone: set[str] = set()
    new = iter(range(count, count + come))

    def change(rows: list[Any], seen: list[Any]) -> list[Any]:
        end = rows.index(seen[-1]) + 1
        gone.update(row["id"] for row in rows[max(0, end - drop) : end + drop])
        come = [{"id": f"r{number}", "text": ""} for number in itertools.islice(new, 2)]
        return come + [row for row in rows if row["id"] not in gone]

    pages = walk(api, rows, limit, LARGE, change)
    shown = {row["id"] for found, _ in pages for row in found.rows}
    assert [row["id"] for row in rows if row["id"] not in gone | shown] == []


def next_page(api: Api, before: list[Any], after: list[Any], limit: int = 2) -> Result:
    """The second page of a list that has become another one meanwhile."""
    return walk(api, before, limit, LARGE, lambda rows, seen: after)[1][1]


A, B, C, D, E, NEW = ({"id": name, "text": ""} for name in "abcdeN")


@pytest.mark.parametrize("api", FROM_THE_FRONT, ids=lambda api: type(api).__name__)
@pytest.mark.parametrize(
    ("after", "shown", "changed"),
    [
        ([A, B, C, D, E], [C, D], False),
        ([A, B, C, NEW, D, E], [C, NEW], False),
        ([A, B, D, E], [D, E], False),
        ([A, B, NEW, C, D], [NEW, C], False),
        ([{**A, "text": "edited"}, B, C, D], [C, D], False),
        ([B, C, D, E], [C, D], True),
        ([A, C, D, E], [C, D], True),
        ([NEW, A, B, C, D, E], [C, D], True),
        ([A, NEW, B, C, D, E], [C, D], True),
        ([B, A, C, D, E], [C, D], True),
        ([C, A, B, D, E], [D, E], True),
        ([D, A, B, C, E], [C, E], True),
        ([A, D, E], [A, D], True),
        ([], [], True),
    ],
)
def test_the_next_page_starts_behind_the_one_before_and_says_when_what_was_shown_has_changed(
    api: Api, after: list[Any], shown: list[Any], changed: bool
) -> None:
    result = next_page(api, [A, B, C, D, E], after)
    assert [row["id"] for row in objects_of(result.structured["rows"])] == [row["id"] for row in shown]
    assert (result.structured.get("note") == CHANGED) is changed
    assert (CHANGED in result.text) is changed


@pytest.mark.parametrize(
    "rows", [[3, 1, 2, 1], ["a", "b", "a", "c"], [{}, {"id": None}, [], None], [{"id": 1}, {"id": 2}]]
)
def test_rows_without_an_id_are_known_again_by_all_that_is_in_them(rows: list[Any]) -> None:
    same = [row for found, _ in walk(WholeApi(), rows, 1, LARGE) for row in found.rows]
    less = [
        row for found, _ in walk(WholeApi(), ["first", *rows], 1, LARGE, lambda now, seen: rows) for row in found.rows
    ]
    objects = [row if isinstance(row, dict) else {"value": row} for row in rows]
    assert (same, less) == (objects, [{"value": "first"}, *objects])


def test_a_list_with_an_offset_says_when_its_total_has_changed() -> None:
    rows = rows_of([1] * 6)
    told = [
        next_page(OffsetApi(5, more=more, total=True), rows, after).structured.get("note")
        for more in (True, False)
        for after in (rows, rows[1:], [NEW, *rows])
    ]
    assert told == [None, CHANGED, CHANGED] * 2


def test_a_list_with_an_offset_and_no_total_knows_of_no_change() -> None:
    rows = rows_of([1] * 6)
    assert "note" not in next_page(OffsetApi(5, more=True, total=False), rows, rows[1:]).structured


@pytest.mark.parametrize("row", ["x" * 5_000, ["x" * 5_000], "x", 7, None, {}])
def test_the_pages_end_whatever_the_rows_are(row: Any) -> None:
    pages = walk(WholeApi(), [row] * 3, 2, Budget(BUDGET))
    assert sum(len(found.rows) for found, _ in pages) == 3
    assert max(len(msgspec.json.encode(form)) for _, one in pages for form in (one.structured, one.text)) <= BUDGET


def test_a_row_larger_than_the_budget_comes_without_its_largest_fields_which_are_named() -> None:
    row = {"id": "r1", "notes": "x" * 3_000, "text": "y" * 1_000, "more": "z" * 700}
    (found, result), *rest = walk(WholeApi(), [row], 5, Budget(BUDGET))
    assert rest == []
    assert result.structured == {
        "rows": {"columns": ["id", "text", "more"], "rows": [["r1", "y" * 1_000, "z" * 700]]},
        "count": 1,
        "complete": False,
        "total": 1,
        "note": "too large to show: notes",
    }
    assert found.next is None


def test_rows_that_do_not_fit_are_left_out_whole_with_a_count_and_a_cursor() -> None:
    rows = [{"id": f"r{number}", "text": f"{number}" * 500} for number in range(5)]
    (first, result), *_ = walk(WholeApi(), rows, 5, Budget(BUDGET))
    assert first.rows == rows[:3]
    assert result.structured == {
        "rows": {"columns": ["id", "text"], "rows": [["r0", "0" * 500], ["r1", "1" * 500], ["r2", "2" * 500]]},
        "count": 3,
        "complete": False,
        "total": 5,
        "left_out": 2,
        "next_cursor": "c" * 60,
    }
    assert result.text.split("\n")[-1] == "2 rows left out to keep this short; more: cursor=" + "c" * 60


@pytest.mark.parametrize(
    ("paging", "page", "parameters"),
    [
        (Whole(), Page(10), {}),
        (Whole(), Page(10, MARK), {}),
        (Capped(100, ""), Page(10), {"limit": 100}),
        (Capped(100, ""), Page(10, MARK), {"limit": 100}),
        (Capped(100, "", limit="max"), Page(1), {"max": 100}),
        (Offset(50), Page(10), {"limit": 10, "offset": 0}),
        (Offset(50), Page(99, [7, None]), {"limit": 50, "offset": 7}),
        (Offset(50, limit="size", offset="skip"), Page(10, [5, 20]), {"size": 10, "skip": 5}),
        (Cursor("meta.next"), Page(10), {}),
        (Cursor("meta.next"), Page(10, [None, MARK]), {}),
        (Cursor("meta.next", cursor="after"), Page(10, ["abc", None]), {"after": "abc"}),
    ],
)
def test_the_api_is_asked_for_no_more_than_the_page_needs(paging: Paging, page: Page, parameters: Any) -> None:
    assert paging_parameters(paging, page) == parameters


@pytest.mark.parametrize("answer", [None, {}, {"rows": None}, {"rows": {}}, "rows", 7, [[]]])
def test_no_list_where_one_is_documented_is_no_page(answer: Any) -> None:
    assert find(replace(LISTING, at="rows"), Whole(), answer, Page(5)) is None


def test_exact_numbers_in_rows_become_plain_ones() -> None:
    rows = [{"id": 1, "detail": {"score": Decimal("0.35")}}]
    found = find(LISTING, Whole(), rows, Page(5), exact=True)
    assert found is not None
    assert found.rows == [{"id": 1, "detail": {"score": 0.35}}]
    assert type(found.rows[0]["detail"]["score"]) is float
