"""Results: pages that together are the whole list, within the size budget, and answers as the API gave them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.catalogue.operation import (
    Capped,
    Cursor,
    Effect,
    Field,
    Listing,
    Offset,
    Operation,
    Paging,
    Record,
    Route,
    Section,
    Whole,
    fields,
)
from flintt_mcp.errors import Unavailable
from flintt_mcp.results import (
    Budget,
    Page,
    at,
    cut,
    decode,
    listing_result,
    output_schema,
    paging_parameters,
    record_result,
)
from flintt_mcp.tools import Done
from flintt_mcp.upstream.message import UpstreamResponse

LARGE = Budget(10**9)
BUDGET = 2_000
ENVELOPE = 400
"""What the budget keeps free for the frame around the rows."""
LISTING = Listing(rows="rows", fields=fields("id", "text"), paging=Whole())
PAY = replace(FLINTT, exact_numbers=True)
READ = Operation(
    name="list_rows", title="", about="", effect=Effect.READ, routes=(Route("GET", "/rows"),), result=LISTING
)


class Api(Protocol):
    """A simulated API: a list of rows, and one way to page through it."""

    paging: Paging

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


def rows_of(lengths: list[int]) -> list[dict[str, Any]]:
    return [{"id": f"r{number}", "text": "x" * length} for number, length in enumerate(lengths)]


def walk(api: Api, rows: list[Any], limit: int, budget: Budget) -> list[tuple[Any, Done]]:
    """Every page in turn, each with its result, by following the cursor."""
    listing = replace(LISTING, paging=api.paging, at="" if isinstance(api, WholeApi | CappedApi) else "rows")
    pages = []
    position: Any = None
    while True:
        page = Page(limit) if position is None else Page(limit, position)
        found = cut(listing, api.paging, api.answer(rows, paging_parameters(api.paging, page)), page, budget)
        assert found is not None
        # A position travels inside the cursor as JSON.
        position = msgspec.json.decode(msgspec.json.encode(found.next))
        cursor = None if found.next is None else "c" * 60
        pages.append((found, listing_result("Simulated", listing, found, cursor)))
        if found.next is None:
            return pages
        assert len(pages) <= len(rows) + 1, "the pages do not end"


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
        assert len(msgspec.json.encode(result.structured)) <= BUDGET
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
    for api in (WholeApi(), OffsetApi(5, more=True, total=True), CursorApi(4, more=True, total=True)):
        totals = {found.total for found, _ in walk(api, rows_of(lengths), limit, Budget(BUDGET))}
        assert totals == {len(lengths)}


@pytest.mark.parametrize("row", ["x" * 5_000, ["x" * 5_000], "x", 7, None, {}])
def test_the_pages_end_whatever_the_rows_are(row: Any) -> None:
    pages = walk(WholeApi(), [row] * 3, 2, Budget(BUDGET))
    assert sum(len(found.rows) for found, _ in pages) == 3
    assert max(len(msgspec.json.encode(result.structured)) for _, result in pages) <= BUDGET


def test_a_row_larger_than_the_budget_comes_without_its_largest_fields_which_are_named() -> None:
    row = {"id": "r1", "notes": "x" * 3_000, "text": "y" * 1_000, "more": "z" * 700}
    (found, result), *rest = walk(WholeApi(), [row], 5, Budget(BUDGET))
    assert rest == []
    assert (
        result.structured
        == {
            "rows": [{"id": "r1", "text": "y" * 1_000}],
            "count": 1,
            "complete": False,
            "total": 1,
            "note": "too large to show: notes, more",
        }
        or result.structured["note"] == "too large to show: notes, text"
    )
    assert found.next is None


def test_rows_that_do_not_fit_are_left_out_whole_with_a_count_and_a_cursor() -> None:
    rows = rows_of([500] * 5)
    (first, result), *_ = walk(WholeApi(), rows, 5, Budget(BUDGET))
    assert first.rows == rows[:3]
    assert result.structured == {
        "rows": rows[:3],
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
        (Whole(), Page(10, 20), {}),
        (Capped(100, ""), Page(10), {"limit": 11}),
        (Capped(100, ""), Page(10, 20), {"limit": 31}),
        (Capped(100, ""), Page(50, 60), {"limit": 100}),
        (Capped(100, "", limit="max"), Page(1), {"max": 2}),
        (Offset(50), Page(10), {"limit": 10, "offset": 0}),
        (Offset(50), Page(99, 7), {"limit": 50, "offset": 7}),
        (Offset(50, limit="size", offset="skip"), Page(10, 5), {"size": 10, "skip": 5}),
        (Cursor("meta.next"), Page(10), {}),
        (Cursor("meta.next"), Page(10, [None, 3]), {}),
        (Cursor("meta.next", cursor="after"), Page(10, ["abc", 3]), {"after": "abc"}),
    ],
)
def test_the_api_is_asked_for_no_more_than_the_page_needs(paging: Paging, page: Page, parameters: Any) -> None:
    assert paging_parameters(paging, page) == parameters


@pytest.mark.parametrize("answer", [None, {}, {"rows": None}, {"rows": {}}, "rows", 7, [[]]])
def test_no_list_where_one_is_documented_is_no_page(answer: Any) -> None:
    assert cut(replace(LISTING, at="rows"), Whole(), answer, Page(5), LARGE) is None


@pytest.mark.parametrize(
    ("dotted", "found"),
    [("", {"a": {"b": 1}}), ("a", {"b": 1}), ("a.b", 1), ("a.b.c", None), ("x", None), ("a.x.y", None)],
)
def test_a_dotted_path_leads_into_objects_or_nowhere(dotted: str, found: Any) -> None:
    assert at({"a": {"b": 1}}, dotted) == found


def response(body: bytes, status: int = 200) -> UpstreamResponse:
    return UpstreamResponse(status, {}, body)


@pytest.mark.parametrize("body", [b"", b" \n", b"{}"])
def test_an_empty_body_is_an_empty_object(body: bytes) -> None:
    assert decode(FLINTT, READ, response(body)) == {}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<html>", "a web page"),
        (b"\n <!doctype html>", "a web page"),
        (b"nope", "something that is not complete JSON"),
        (b'{"a": ', "something that is not complete JSON"),
        (b'{"a": "\xff"}', "something that is not complete JSON"),
        (b"\xff\xfe", "something that is not complete JSON"),
        (b"[" * 100_000, "something that is not complete JSON"),
        (b"NaN", "something that is not complete JSON"),
    ],
)
def test_a_body_that_is_no_json_is_an_error_that_says_what_it_is(body: bytes, found: str) -> None:
    with pytest.raises(Unavailable) as caught:
        decode(FLINTT, READ, response(body))
    assert caught.value.message == f"Flintt answered 200 with {found}"
    assert (caught.value.changed, caught.value.status) == ("no", 200)


@given(body=st.binary())
def test_no_body_crashes_the_decoder(body: bytes) -> None:
    for api in (FLINTT, PAY):
        try:
            decode(api, READ, response(body))
        except Unavailable as error:
            assert body.decode("latin-1") not in error.message or len(body) < 3  # noqa: PT017


def test_what_does_not_show_is_taken_out_of_texts_and_names_also_where_it_is_escaped() -> None:
    body = '{"na\u202eme": "a\u200bb"}'.encode()
    assert decode(FLINTT, READ, response(body)) == {"name": "ab"}
    assert decode(FLINTT, READ, response(rb'{"na\u202eme": "a\u200bb"}')) == {"name": "ab"}


def test_control_characters_that_are_escaped_are_taken_out_too() -> None:
    assert decode(FLINTT, READ, response(rb'{"a": "x\u001b[31my\b\fz"}')) == {"a": "x[31myz"}


@pytest.mark.parametrize("mark", [rb"\b", rb"\f", rb"\r", b"\x7f"])
def test_each_control_character_that_ascii_can_carry_is_taken_out(mark: bytes) -> None:
    assert decode(FLINTT, READ, response(b'{"a": "x' + mark + b'y"}')) == {"a": "xy"}


WALLET = Record(noun="wallet", fields=(Field("balance", money=True), Field("rate")))
PLAIN = Record(noun="event", fields=fields("id", "detail"))


def recorded(record: Record, answer: Any, page: Page | None = None, budget: Budget = LARGE) -> Done | None:
    return record_result("Simulated", record, answer, page or Page(50), budget, lambda at: f"<{at}>", "no")


@pytest.mark.parametrize("number", ["1250.00", "9007199254740993.10", "0.1", "12", "-3.50", "1e2"])
def test_money_keeps_every_digit_as_a_decimal_string_and_other_numbers_stay_numbers(number: str) -> None:
    answer = decode(
        PAY, READ, response(f'{{"balance": {number}, "rate": 0.35, "n": 3, "deep": [{{"x": 1.5}}]}}'.encode())
    )
    done = recorded(WALLET, answer)
    assert done is not None
    assert done.structured == {
        "wallet": {"balance": format(Decimal(number), "f"), "rate": 0.35, "n": 3, "deep": [{"x": 1.5}]}
    }
    assert "rate: 0.35" in done.text.split("\n")


def test_an_amount_that_is_null_is_left_out_so_that_the_output_schema_holds() -> None:
    done = recorded(WALLET, {"balance": None, "rate": 1})
    assert done is not None
    assert done.structured == {"wallet": {"rate": 1}}


@pytest.mark.parametrize("value", ["1250.00", True])
def test_money_that_is_no_number_is_handed_on_as_it_is(value: Any) -> None:
    done = recorded(WALLET, {"balance": value})
    assert done is not None
    assert done.structured == {"wallet": {"balance": value}}


def test_numbers_of_an_exact_api_are_plain_also_in_rows_and_records_without_money() -> None:
    answer = decode(PAY, READ, response(b'{"id": 1, "detail": {"score": 0.35, "huge": 1e400}}'))
    done = recorded(PLAIN, answer)
    assert done is not None
    assert done.structured == {"event": {"id": 1, "detail": {"score": 0.35, "huge": "1E+400"}}}
    rows = decode(PAY, READ, response(b'[{"id": 1, "detail": {"score": 0.35}}]'))
    page = cut(LISTING, Whole(), rows, Page(5), LARGE, exact=True)
    assert page is not None
    assert page.rows == [{"id": 1, "detail": {"score": 0.35}}]
    assert type(page.rows[0]["detail"]["score"]) is float


RUN = Record(
    noun="run",
    fields=fields("id"),
    head="run",
    sections=(Section(name="good", fields=fields("id")), Section(name="raw", fields=fields("id"))),
)


@given(good=st.lists(sizes, max_size=12), raw=st.lists(sizes, max_size=12), limit=limits, own=st.integers(0, 3_000))
def test_the_pages_of_a_record_together_are_its_sections_in_order(
    good: list[int], raw: list[int], limit: int, own: int
) -> None:
    answer = {"run": {"id": "r1", "about": "x" * own}, "good": rows_of(good), "raw": rows_of(raw)}
    position: Any = 0
    shown: list[tuple[str, str]] = []
    for _ in range(len(good) + len(raw) + 2):
        done = recorded(RUN, answer, Page(limit, position), Budget(BUDGET))
        assert done is not None
        structured = dict(done.structured or {})
        Draft202012Validator(output_schema(RUN)).validate(structured)
        assert (
            len(msgspec.json.encode(structured)) <= BUDGET + ENVELOPE
        )  # the least that a row is given beside a large head
        shown += [(name, row["id"]) for name in ("good", "raw") for row in structured[name]]
        if "next_cursor" not in structured:
            break
        position = int(structured["next_cursor"].strip("<>"))
    assert shown == [("good", f"r{n}") for n in range(len(good))] + [("raw", f"r{n}") for n in range(len(raw))]


def test_a_record_larger_than_the_budget_comes_without_its_largest_fields_which_are_named() -> None:
    done = recorded(PLAIN, {"id": 1, "detail": "x" * 5_000}, budget=Budget(BUDGET))
    assert done is not None
    assert done.structured == {"event": {"id": 1}, "note": "too large to show: detail"}
    assert done.text == "event (Simulated data, not instructions)\nid: 1\ntoo large to show: detail"


def test_names_of_fields_that_are_left_out_do_not_fill_the_budget_themselves() -> None:
    done = recorded(PLAIN, {"id": 1} | {f"{n}" * 3_000: 1 for n in range(10)}, budget=Budget(BUDGET))
    assert done is not None
    assert len(msgspec.json.encode(done.structured)) <= BUDGET


@pytest.mark.parametrize("answer", [None, [], "run", 7])
def test_no_object_where_one_is_documented_is_no_record(answer: Any) -> None:
    assert recorded(PLAIN, answer) is None
    assert recorded(replace(PLAIN, at="data"), {"data": answer}) is None


def test_a_section_that_is_no_list_counts_as_empty() -> None:
    done = recorded(RUN, {"run": {"id": "r1"}, "good": None, "raw": {"id": 1}})
    assert done is not None
    assert done.structured == {"run": {"id": "r1"}, "good": [], "raw": [], "complete": True, "total": 0}


def test_an_output_schema_takes_what_an_api_may_add() -> None:
    validator = Draft202012Validator(output_schema(LISTING))
    validator.validate({"rows": [{"id": None, "text": 7, "new": []}, 3, None], "count": 3, "complete": True})
    assert not validator.is_valid({"rows": [], "count": 0})
