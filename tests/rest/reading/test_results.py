"""Results: records as the API gave them, with exact money, and their sections in pages within the size budget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from flintt_mcp.calls.reply import objects_of
from flintt_mcp.catalogue.argument import Route
from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.catalogue.operation import Effect, Operation
from flintt_mcp.catalogue.result import Field, Record, Section, fields
from flintt_mcp.rest.reading.answers import decode
from flintt_mcp.rest.reading.budget import Budget, Result
from flintt_mcp.rest.reading.marks import CHANGED
from flintt_mcp.rest.reading.output_schema import output_schema
from flintt_mcp.rest.reading.paging import Page
from flintt_mcp.rest.reading.records import record_result
from flintt_mcp.rest.sending.message import UpstreamResponse

LARGE = Budget(10**9)
BUDGET = 2_000
PAY = replace(FLINTT, exact_numbers=True)
WALLET = Record(noun="wallet", fields=(Field("balance", money=True), Field("rate")))
NO_ROWS: dict[str, Any] = {"columns": [], "rows": []}
PLAIN = Record(noun="event", fields=fields("id", "detail"))
READ = Operation(
    name="get_wallet", title="", about="", effect=Effect.READ, routes=(Route("GET", "/wallet"),), result=WALLET
)
sizes = st.integers(0, 30) | st.integers(0, BUDGET * 2)
limits = st.integers(1, 12)


def rows_of(lengths: list[int]) -> list[dict[str, Any]]:
    return [{"id": f"r{number}", "text": "x" * length} for number, length in enumerate(lengths)]


def response(body: bytes, status: int = 200) -> UpstreamResponse:
    return UpstreamResponse(status, {}, body)


def recorded(record: Record, answer: Any, page: Page | None = None, budget: Budget = LARGE) -> Result | None:
    return record_result("Simulated", record, answer, page or Page(50), budget, sealed)


def sealed(position: Any, kept: Sequence[int]) -> str | None:
    return None if position is None else f"<{json.dumps([position, kept])}>"


def behind(result: Result, limit: int) -> Page:
    """The page behind this one."""
    return Page(limit, *json.loads(result.structured["next_cursor"].strip("<>")))


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


def test_numbers_of_an_exact_api_are_plain_also_in_records_without_money() -> None:
    answer = decode(PAY, READ, response(b'{"id": 1, "detail": {"score": 0.35, "huge": 1e400}}'))
    done = recorded(PLAIN, answer)
    assert done is not None
    assert done.structured == {"event": {"id": 1, "detail": {"score": 0.35, "huge": "1E+400"}}}


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
    page = Page(limit)
    shown: list[tuple[str, str]] = []
    for _ in range(len(good) + len(raw) + 2):
        done = recorded(RUN, answer, page, Budget(BUDGET))
        assert done is not None
        structured = dict(done.structured)
        Draft202012Validator(output_schema(RUN)).validate(structured)
        assert max(len(msgspec.json.encode(form)) for form in (structured, done.text)) <= BUDGET
        shown += [(name, row["id"]) for name in ("good", "raw") for row in objects_of(structured[name])]
        if "next_cursor" not in structured:
            break
        page = behind(done, limit)
    assert shown == [("good", f"r{n}") for n in range(len(good))] + [("raw", f"r{n}") for n in range(len(raw))]


def test_rows_that_come_in_a_section_between_two_pages_move_no_other_and_are_told() -> None:
    now = {"run": {"id": "r1"}, "good": [{"id": "g1"}, {"id": "g2"}], "raw": [{"id": "w1"}, {"id": "w2"}]}
    later = {**now, "good": [{"id": "g0"}, {"id": "g1"}, {"id": "g2"}]}
    first = recorded(RUN, now, Page(3))
    assert first is not None
    rest = recorded(RUN, later, behind(first, 3))
    assert rest is not None
    assert rest.structured == {
        "run": {"id": "r1"},
        "good": NO_ROWS,
        "raw": {"columns": ["id"], "rows": [["w2"]]},
        "complete": False,
        "total": 5,
        "note": CHANGED,
    }


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
    assert done.structured == {"run": {"id": "r1"}, "good": NO_ROWS, "raw": NO_ROWS, "complete": True, "total": 0}
