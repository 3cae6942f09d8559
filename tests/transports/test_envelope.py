"""The one look into a message: what it tells, what it refuses, and that the SDK agrees with it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pydantic_core
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mcp_types import jsonrpc_message_adapter

from flintt_mcp.transports.envelope import Envelope, Malformed, read_envelope

from .fixture_app import call


def _read(message: Any) -> Envelope | Malformed:
    return read_envelope(json.dumps(message).encode())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (call("who"), Envelope("request", 1, "tools/call", "who")),
        (call("who", id="a"), Envelope("request", "a", "tools/call", "who")),
        (call("who", meta={"progressToken": 0}), Envelope("request", 1, "tools/call", "who", True)),
        (
            call("who", meta={"io.modelcontextprotocol/logLevel": "info"}),
            Envelope("request", 1, "tools/call", "who", True),
        ),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen"},
            Envelope("request", 1, "subscriptions/listen", can_stream=True),
        ),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": {"name": "p"}},
            Envelope("request", 1, "prompts/get"),
        ),
        ({"jsonrpc": "2.0", "method": "notifications/x"}, Envelope("notification", method="notifications/x")),
        (
            {"jsonrpc": "2.0", "id": None, "method": "notifications/x"},
            Envelope("notification", method="notifications/x"),
        ),
        (
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}},
            Envelope("notification", method="notifications/cancelled", cancels=7),
        ),
        ({"jsonrpc": "2.0", "id": 1, "result": {}}, Envelope("response", 1)),
        ({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": ""}}, Envelope("response", None)),
    ],
)
def test_the_envelope_tells_what_routing_needs(message: Any, expected: Envelope) -> None:
    assert _read(message) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b"\xef\xbb\xbf{}",
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"a": "\\ud800", "b": }',
        b'{"a": "\\ud800\x00\x00"}',
    ],
)
def test_what_is_no_json_is_a_parse_error(body: bytes) -> None:
    assert read_envelope(body) == Malformed(-32700, "Parse error: the message is not valid JSON")


SECRET = "input that must not come back"


@pytest.mark.parametrize(
    "message",
    [
        [],
        [call("who")],
        SECRET,
        None,
        {},
        {"jsonrpc": SECRET, "id": 1, "method": "m"},
        {"jsonrpc": "2.0", "id": 1, "method": [SECRET]},
        {"jsonrpc": "2.0", "id": 1.5, "method": "m"},
        {"jsonrpc": "2.0", "id": True, "method": "m"},
        {"jsonrpc": "2.0", "id": None, "method": "m"},
        {"jsonrpc": "2.0", "id": SECRET * 100, "method": "m"},
        {"jsonrpc": "2.0", "id": 1, "method": "m", "params": [SECRET]},
        {"jsonrpc": "2.0", "id": 1, "method": "m", "result": {}},
        {"jsonrpc": "2.0", "id": 1, "result": SECRET},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": SECRET, "message": ""}},
        {"jsonrpc": "2.0", "id": 1, "error": {}, "result": {}},
        {"jsonrpc": "2.0", "id": 1},
    ],
)
def test_what_is_no_message_is_refused_without_repeating_it(message: Any) -> None:
    refused = _read(message)
    assert isinstance(refused, Malformed)
    assert refused.code == -32600
    assert SECRET not in refused.message


def test_a_refusal_carries_the_id_where_there_is_a_usable_one() -> None:
    assert _read({"jsonrpc": "2.0", "id": 7, "method": 1}).id == 7
    assert _read({"jsonrpc": "1.0", "id": "x", "method": "m"}).id == "x"


def test_all_decoders_take_the_last_of_two_members_of_one_name() -> None:
    """Otherwise a message could be routed as one tool's call and run as another's."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"},"params":{"name":"c","name":"d"}}'
    decoded = [decode(body) for decode in (msgspec.json.decode, json.loads, pydantic_core.from_json)]
    assert decoded[0] == decoded[1] == decoded[2]
    assert read_envelope(body) == Envelope("request", 1, "tools/call", "d")


@pytest.mark.parametrize("kind", [dict, list])
def test_nesting_is_bounded_before_any_decoder_of_the_sdk_gives_up(kind: type) -> None:
    def nested(levels: int) -> bytes:
        ends = (b'{"a":', b"}") if kind is dict else (b"[", b"]")
        deep = ends[0] * levels + b"1" + ends[1] * levels
        return b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":' + deep + b"}}"

    assert read_envelope(nested(98)) == Envelope("request", 1, "m")
    jsonrpc_message_adapter.validate_json(nested(98))
    for levels in (99, 300):
        assert read_envelope(nested(levels)) == Malformed(-32600, "The message nests deeper than 100 levels", 1)
    assert read_envelope(nested(20_000)) == Malformed(-32600, "The message nests deeper than 100 levels")


def test_a_wide_message_is_not_mistaken_for_a_deep_one() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[' + b",".join([b"{}"] * 500) + b"]}}"
    assert read_envelope(body) == Envelope("request", 1, "m")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = {
    "jsonrpc": st.sampled_from(["2.0", "2.0", "1.0", 2]),
    "id": VALUES,
    "method": st.sampled_from(["tools/call", "notifications/x", "m"]) | VALUES,
    "params": st.fixed_dictionaries({}, optional={"_meta": VALUES, "name": VALUES, "requestId": VALUES}) | VALUES,
    "result": st.dictionaries(st.text(), VALUES, max_size=2) | VALUES,
    "error": st.fixed_dictionaries({}, optional={"code": st.integers() | VALUES, "message": VALUES}) | VALUES,
}


KINDS = {"JSONRPCRequest": "request", "JSONRPCNotification": "notification"}


def _as_the_sdk_reads(message: Any) -> list[tuple[str, Any]]:
    """Kind and id of a message by both decoders of the SDK."""
    body = msgspec.json.encode(message)
    read = [
        jsonrpc_message_adapter.validate_json(body, by_name=False),
        jsonrpc_message_adapter.validate_python(pydantic_core.from_json(body), by_name=False),
    ]
    return [(KINDS.get(type(parsed).__name__, "response"), getattr(parsed, "id", None)) for parsed in read]


@given(st.fixed_dictionaries({}, optional=MEMBERS) | VALUES)
@example({"jsonrpc": "2.0", "id": None, "method": "notifications/x"})
@example({"jsonrpc": "2.0", "id": 1, "error": {"code": 2**80, "message": ""}})
def test_the_sdk_takes_whatever_passes_here_and_as_the_same_kind(message: Any) -> None:
    """So its own refusals, which quote what they refuse, are never reached."""
    found = _read(message)
    assert isinstance(found, Malformed) or _as_the_sdk_reads(message) == [(found.kind, found.id)] * 2
