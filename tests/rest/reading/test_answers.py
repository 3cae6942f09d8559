"""Answers: decoded whatever an API sends, cleaned of what does not show, and looked into by path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flintt_mcp.catalogue.argument import Route
from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.catalogue.operation import Effect, Operation
from flintt_mcp.catalogue.result import Record, fields
from flintt_mcp.errors import Unavailable
from flintt_mcp.rest.reading.answers import at, decode
from flintt_mcp.rest.sending.message import UpstreamResponse

PAY = replace(FLINTT, exact_numbers=True)
READ = Operation(
    name="get_row",
    title="",
    about="",
    effect=Effect.READ,
    routes=(Route("GET", "/row"),),
    result=Record(noun="row", fields=fields("id")),
)


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
            assert body.decode("latin-1") not in error.message or len(body) < 3  # noqa: PT017 - most bodies raise, some are JSON


def test_what_does_not_show_is_taken_out_of_texts_and_names_also_where_it_is_escaped() -> None:
    body = '{"na\u202eme": "a\u200bb"}'.encode()
    assert decode(FLINTT, READ, response(body)) == {"name": "ab"}
    assert decode(FLINTT, READ, response(rb'{"na\u202eme": "a\u200bb"}')) == {"name": "ab"}


def test_control_characters_that_are_escaped_are_taken_out_too() -> None:
    assert decode(FLINTT, READ, response(rb'{"a": "x\u001b[31my\b\fz"}')) == {"a": "x[31myz"}


@pytest.mark.parametrize("mark", [rb"\b", rb"\f", rb"\r", b"\x7f"])
def test_each_control_character_that_ascii_can_carry_is_taken_out(mark: bytes) -> None:
    assert decode(FLINTT, READ, response(b'{"a": "x' + mark + b'y"}')) == {"a": "xy"}
