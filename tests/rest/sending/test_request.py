"""Requests stay below the base URL of their API, and every value arrives as it was given."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flintt_mcp.catalogue.argument import Arg, Kind, Place, Route, body, path, query
from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.catalogue.operation import Effect, Operation
from flintt_mcp.catalogue.result import Record
from flintt_mcp.errors import ToolInputError
from flintt_mcp.rest.sending.message import UpstreamRequest
from flintt_mcp.rest.sending.request import Access, build_request

BASE = "https://api.example.com/base/path"
SECRET = "flt_secret"
ROUTE = Route("GET", "/v1/signals/{signal_id}/runs/{run_id}")
ARGS = (
    path("signal_id"),
    path("run_id"),
    query("name"),
    query("page", kind=Kind.INTEGER),
    query("all", kind=Kind.FLAG),
    query("company", sent_as="companyName"),
)
READ = Operation(
    name="get_thing",
    title="",
    about="",
    effect=Effect.READ,
    routes=(ROUTE,),
    args=ARGS,
    result=Record(noun="x", fields=()),
)
WRITE = replace(
    READ,
    effect=Effect.CREATE,
    routes=(Route("POST", "/v1/things"),),
    args=(
        body("name"),
        body("value", kind=Kind.NUMBER),
        body("amount", kind=Kind.MONEY),
        body("tags", kind=Kind.TEXTS),
        body("schedule", clears=True),
        body("jobType", sent_as="job_type"),
    ),
)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
tricky_ids = st.text(st.sampled_from("./\\%2Ee?#;@:&=+ \t\n\r\0{}run_id\u2215\uff0e"), min_size=1, max_size=12)


def read(operation: Operation = READ, base: str = BASE, **arguments: Any) -> UpstreamRequest:
    given = {"signal_id": "s1", "run_id": "r1", **arguments}
    return build_request(Access(FLINTT, base, SECRET), operation, operation.routes[0], given)


def write(operation: Operation = WRITE, key: str | None = None, **arguments: Any) -> UpstreamRequest:
    return build_request(Access(FLINTT, BASE, SECRET), operation, operation.routes[0], arguments, idempotency_key=key)


@given(signal_id=ids | tricky_ids, run_id=ids | tricky_ids)
def test_no_path_value_leaves_its_segment(signal_id: str, run_id: str) -> None:
    try:
        url = read(signal_id=signal_id, run_id=run_id).url
    except ToolInputError:
        assert {signal_id, run_id} & {".", ".."}
    else:
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "api.example.com", "", "")
        segments = parts.path.split("/")
        assert segments[:5] == ["", "base", "path", "v1", "signals"]
        assert [unquote(segments[5]), segments[6], unquote(segments[7])] == [signal_id, "runs", run_id]
        assert len(segments) == 8


@given(signal_id=(ids | tricky_ids).filter(lambda value: value not in (".", "..")))
def test_a_strict_url_parser_finds_nothing_to_normalise(signal_id: str) -> None:
    url = read(signal_id=signal_id).url
    found = yarl.URL(url)
    assert found.path.startswith("/base/path/v1/signals/")
    assert found.raw_parts[:4] == ("/", "base", "path", "v1")
    assert len(found.raw_parts) == 8
    assert str(yarl.URL(url, encoded=True)) == url
    assert url.isascii()
    assert not set(url) & set(' \t\r\n\\"<>^`{|}')


MANY = replace(READ, routes=(Route("GET", "/{resource:path}/{id}"),), args=(path("resource"), path("id")))


@given(resource=ids | tricky_ids, id=ids | tricky_ids)
def test_a_value_of_several_segments_keeps_its_slashes_and_nothing_else(resource: str, id: str) -> None:
    try:
        url = read(MANY, resource=resource, id=id).url
    except ToolInputError:
        assert {"", ".", ".."} & {*resource.split("/"), id}
    else:
        segments = urlsplit(url).path.removeprefix("/base/path/").split("/")
        assert [unquote(segment) for segment in segments] == [*resource.split("/"), id]
        assert str(yarl.URL(url)).startswith(BASE + "/")
        assert len(yarl.URL(url).raw_parts) == 3 + len(segments)


@pytest.mark.parametrize("value", [".", ".."])
def test_dots_that_climb_are_refused_without_repeating_them(value: str) -> None:
    with pytest.raises(ToolInputError) as caught:
        read(run_id=value)
    assert caught.value.message == "run_id: not an id"


@given(
    arguments=st.fixed_dictionaries(
        {}, optional={"name": ids | tricky_ids, "page": st.integers(), "all": st.booleans(), "company": ids}
    ),
    paging=st.fixed_dictionaries({}, optional={"limit": st.integers(0, 500), "cursor": ids | tricky_ids}),
)
def test_the_query_gives_back_what_was_put_in(arguments: dict[str, Any], paging: dict[str, Any]) -> None:
    given = {"signal_id": "s1", "run_id": "r1", **arguments}
    request = build_request(Access(FLINTT, BASE, SECRET), READ, ROUTE, given, paging=paging)
    names = {"company": "companyName"}
    texts = {True: "true", False: "false"}
    wanted = [
        (names.get(name, name), texts[given[name]] if isinstance(given[name], bool) else str(given[name]))
        for name in ("name", "page", "all", "company")
        if name in given
    ] + [(name, str(value)) for name, value in paging.items()]
    parts = urlsplit(request.url)
    assert parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(wanted)) == wanted
    assert parts.path == "/base/path/v1/signals/s1/runs/r1"
    assert parts.fragment == ""


def test_an_argument_that_the_path_takes_is_not_sent_again() -> None:
    operation = replace(READ, args=(query("signal_id"), query("run_id"), query("name")))
    assert read(operation, name="a b").url == BASE + "/v1/signals/s1/runs/r1?name=a%20b"


@pytest.mark.parametrize("base", [BASE, BASE + "/", BASE + "//"])
def test_a_base_url_may_end_in_a_slash(base: str) -> None:
    assert read(base=base).url == BASE + "/v1/signals/s1/runs/r1"


def test_a_read_has_a_key_and_no_body() -> None:
    request = read()
    assert dict(request.headers) == {"accept": "application/json", "x-api-key": SECRET}
    assert (request.body, request.repeatable, request.method, request.operation) == (None, True, "GET", "get_thing")


def test_a_scheme_stands_before_the_key() -> None:
    api = replace(FLINTT, header="Authorization", scheme="Bearer")
    request = build_request(Access(api, BASE, SECRET), READ, ROUTE, {"signal_id": "s", "run_id": "r"})
    assert request.headers["authorization"] == "Bearer " + SECRET
    assert "x-api-key" not in request.headers


def test_the_trace_that_a_request_is_part_of_goes_along() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    given = {"signal_id": "s", "run_id": "r"}
    request = build_request(Access(FLINTT, BASE, SECRET, parent), READ, ROUTE, given)
    assert dict(request.headers) == {"accept": "application/json", "x-api-key": SECRET, "traceparent": parent}


def test_a_body_holds_what_was_set_by_the_names_of_the_api() -> None:
    request = write(name="Acme", value=12, tags=["a"], jobType="x", schedule="")
    assert request.body == b'{"name":"Acme","value":12,"tags":["a"],"schedule":null,"job_type":"x"}'
    assert request.headers["content-type"] == "application/json"
    assert not request.repeatable


@pytest.mark.parametrize("amount", ["1250.00", "0.10", "9007199254740993.10", "-5"])
def test_an_amount_goes_out_as_that_very_number(amount: str) -> None:
    assert write(amount=amount).body == b'{"amount":%s}' % amount.encode()


def test_a_write_with_nothing_to_say_has_no_body() -> None:
    assert write().body is None


def test_a_whole_body_is_the_argument_itself() -> None:
    data = Arg(name="data", place=Place.WHOLE_BODY, kind=Kind.OBJECT, required=True)
    assert write(replace(WRITE, args=(data,)), data={"a": {"b": None}}).body == b'{"a":{"b":null}}'


def test_a_write_with_an_idempotency_key_may_be_sent_twice() -> None:
    request = write(name="a", key="key-1")
    assert request.headers["idempotency-key"] == "key-1"
    assert request.repeatable


@given(name=st.text(st.characters(exclude_categories=["Cs"])), value=st.integers(-(2**63), 2**63 - 1))
def test_a_body_gives_back_what_was_put_in(name: str, value: int) -> None:
    assert json.loads(write(name=name, value=value).body or b"") == {"name": name, "value": value}


def test_a_request_shows_neither_key_nor_body_when_it_is_printed() -> None:
    assert SECRET not in repr(write(name="private matter"))
    assert "private" not in repr(write(name="private matter"))
