"""The words of the catalogue mean what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.catalogue.argument import AnyOf, InOrder, Needs, NotBoth, Route, body, local, path, query
from flintt_mcp.catalogue.operation import Effect, Operation
from flintt_mcp.catalogue.result import Record, fields


@pytest.mark.parametrize(
    ("effect", "reads", "destructive", "idempotent"),
    [
        (Effect.READ, True, False, True),
        (Effect.CREATE, False, False, False),
        (Effect.UPDATE, False, True, True),
        (Effect.DESTROY, False, True, True),
        (Effect.SPEND, False, True, False),
    ],
)
def test_every_hint_follows_from_the_effect(effect: Effect, reads: bool, destructive: bool, idempotent: bool) -> None:
    assert (effect.reads, effect.destructive, effect.idempotent) == (reads, destructive, idempotent)


def test_every_effect_is_told_above() -> None:
    assert {effect.value for effect in Effect} == {"read", "create", "update", "destroy", "spend"}


def test_a_path_argument_is_required_and_bounded() -> None:
    arg = path("signal_id")
    assert (arg.required, arg.low, arg.high) == (True, 1, 100)


def test_other_arguments_are_optional_unless_said_otherwise() -> None:
    assert [make("name").required for make in (query, body, local)] == [False, False, False]
    assert body("name", required=True).required


def test_a_name_of_the_api_may_differ_from_the_argument() -> None:
    assert query("name").wire_name == "name"
    assert query("name", sent_as="companyName").wire_name == "companyName"


def test_a_route_names_its_path_parameters_in_order() -> None:
    assert Route("GET", "/v1/signals/{signal_id}/runs/{run_id}").fields == ("signal_id", "run_id")
    assert Route("GET", "/v1/signals").fields == ()


def _of_routes(*routes: Route) -> Operation:
    return Operation(
        name="get_thing", title="", about="", effect=Effect.READ, routes=routes, result=Record(noun="thing", fields=())
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "/last"), ({"c": 1}, "/last"), ({"b": 1}, "/first"), ({"a": 1, "c": 1}, "/first"), ({"d": 1}, "/second")],
)
def test_the_first_route_whose_arguments_are_given_is_called(given: dict[str, int], expected: str) -> None:
    first, second, last = (
        Route("GET", "/first", when=("a", "b")),
        Route("GET", "/second", when=("d",)),
        Route("GET", "/last"),
    )
    assert _of_routes(first, second, last).route_for(given).path == expected


def test_an_argument_that_needs_another_is_refused_alone() -> None:
    rule = Needs("from_date", "signal_id")
    assert rule.broken_by({"from_date": "2026-03-01"}) == "from_date works only together with signal_id"
    assert rule.broken_by({"from_date": "2026-03-01", "signal_id": "s1"}) is None
    assert rule.broken_by({}) is None


def test_one_of_several_arguments_is_enough() -> None:
    rule = AnyOf(("company_id", "name"))
    assert rule.broken_by({"stage": "won"}) == "give at least one of company_id, name"
    assert rule.broken_by({"name": "Ada"}) is None


def test_of_two_texts_at_most_one_is_given_and_an_empty_one_does_not_count() -> None:
    rule = NotBoth("frequency", "schedule")
    assert rule.broken_by({"frequency": "daily", "schedule": "0 8 * * 1"}) == "give frequency or schedule, not both"
    assert rule.broken_by({"frequency": "daily", "schedule": ""}) is None
    assert rule.broken_by({"schedule": "0 8 * * 1"}) is None


SPAN = InOrder("from_date", "to_date")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-03-31", "2026-03-01"),
        ("2026-03-02", "2026-03-01T23:59:59"),
        ("20260302", "2026-03-01"),
        ("2026-03-01T10:00:00Z", "2026-03-01T09:59:59Z"),
        ("2026-03-01T10:00:00+01:00", "2026-03-01T10:00:00+02:00"),
        ("2026-03-01 10:00", "2026-03-01 09:00"),
        ("2026-03-03T10:00:00Z", "2026-03-01"),
        ("9999-12-31", "0001-01-01"),
        ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_span_that_is_upside_down_is_told(first: str, last: str) -> None:
    assert SPAN.broken_by({"from_date": first, "to_date": last}) == (
        "from_date lies after to_date, so nothing can be between them"
    )


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T23:00:00", "2026-03-01"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00+02:00", "2026-03-01T09:00:00+01:00"),
        ("2026-03-01T10:00:00Z", "2026-03-01T09:00:00"),
        ("2026-03-02T01:00:00+14:00", "2026-03-01"),
        ("2026-03-31", "last week"),
        ("2026-03", "2026-01-01"),
        ("", ""),
    ],
)
def test_a_span_that_may_hold_something_is_none_of_our_business(first: str, last: str) -> None:
    assert SPAN.broken_by({"from_date": first, "to_date": last}) is None
    assert SPAN.broken_by({"from_date": first}) is SPAN.broken_by({"to_date": last}) is None


@given(first=st.text(max_size=40) | st.datetimes().map(str), last=st.text(max_size=40) | st.datetimes().map(str))
def test_no_text_for_a_date_crashes_the_rule(first: str, last: str) -> None:
    assert SPAN.broken_by({"from_date": first, "to_date": last}) in (
        None,
        "from_date lies after to_date, so nothing can be between them",
    )


def test_fields_are_named_in_order_and_may_be_described() -> None:
    named = fields("id", "name", status="pending or done")
    assert [(field.name, field.about) for field in named] == [("id", ""), ("name", ""), ("status", "pending or done")]
