"""Before a message is decoded: too much of it is refused at little cost, and half a character does not lose its request."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.transports.envelope import Envelope, Malformed, read_envelope
from flintt_mcp.transports.wellformed import MAX_DEPTH, MAX_VALUES, excess, repaired

from .fixture_app import JSON_ONLY, OLD, call, calling, modern, modern_headers, open_session, principal

pytestmark = pytest.mark.anyio

TOO_MANY, TOO_DEEP = "The message holds more than 50000 values", "The message nests deeper than 100 levels"


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _values(value: Any) -> int:
    """An empty list or object counts twice: it costs more than a number."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if inner is None else 1 + (sum(map(_values, inner)) or 1)


TREES = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('a"\\[]{},\n\u2028é')),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.sampled_from('a"\\[]{},')), inner),
    max_leaves=20,
)


@given(TREES, st.integers(0, 120), st.booleans())
def test_only_what_is_really_deep_is_too_deep(tree: Any, levels: int, ascii: bool) -> None:
    for _ in range(levels):
        tree = [tree]
    body = json.dumps(tree, ensure_ascii=ascii).encode()
    assert excess(body) == (TOO_DEEP if _depth(tree) > MAX_DEPTH else "")


@pytest.mark.parametrize("value", [[], {}, 1, "", "a,b", "[[[", {"a": 1}, '\\"{'])
@pytest.mark.parametrize(("share", "told"), [(0.9, ""), (1.2, TOO_MANY)])
def test_values_are_counted_and_not_what_stands_in_their_text(value: Any, share: float, told: str) -> None:
    count = int(MAX_VALUES * share) // _values(value)
    body = json.dumps({"a": [value] * count}).encode()
    assert excess(body) == told


def test_one_long_text_is_one_value_whatever_is_in_it() -> None:
    assert excess(json.dumps({"a": '[{"b": "\\",,,' * 300_000}).encode()) == ""


@pytest.mark.parametrize(
    "body", [b'{"a":["' + b"[" * 200_000, b'"' * 300_000, b"\\" * 300_000, b"]" * 300_000, b"," * 90_000]
)
def test_what_is_no_json_at_all_is_looked_at_without_harm(body: bytes) -> None:
    assert isinstance(read_envelope(body), Malformed)


@pytest.mark.parametrize("filler", [b"[],", b"{},", b'"",', b"1,", b'{"a":[]},'])
def test_a_message_of_too_many_values_is_refused_under_its_id(filler: bytes) -> None:
    inner = filler * (4_000_000 // len(filler)) + b"0"
    body = b'{"jsonrpc":"2.0","id":"x","method":"m","params":{"a":[' + inner + b"]}}"
    assert read_envelope(body) == Malformed(-32600, TOO_MANY, "x")


HALVES = {
    r"\ud83d": "\ufffd",
    r"\uD83D!": "\ufffd!",
    r"\ude00\ud83d": "\ufffd\ufffd",
    r"\ud83d\ud83d\ude00\ude00": "\ufffd😀\ufffd",
    r"\ud83d\u0041": "\ufffdA",
    r"\\\ud83d": "\\\ufffd",
    r"\\ud83d\ud83d": "\\ud83d\ufffd",
    r"\ud83d\\ude00": "\ufffd\\ude00",
    r"\\\\ud83d \udfff": "\\\\ud83d \ufffd",
}


@pytest.mark.parametrize("written", HALVES)
def test_each_half_of_a_pair_is_replaced_and_nothing_else(written: str) -> None:
    fixed = repaired(f'{{"a": "{written}", "b": "\\ud83d\\ude00"}}'.encode())
    assert fixed is not None
    assert msgspec.json.decode(fixed) == {"a": HALVES[written], "b": "😀"}


@given(st.lists(st.sampled_from(["\ud83d", "\ude00", "😀", "\\", '"', "u", "d83d", "a", "\0"])).map("".join))
def test_replacing_is_what_browsers_do_when_they_encode_a_text(text: str) -> None:
    body = json.dumps(text).encode()
    meant = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        fixed = repaired(body)
        assert fixed is not None
        found = msgspec.json.decode(fixed)
    assert found == meant


def test_a_half_that_was_written_as_bytes_is_replaced_too() -> None:
    fixed = repaired('{"a": "x\ud83dy"}'.encode("utf-8", "surrogatepass"))
    assert fixed is not None
    assert msgspec.json.decode(fixed) == {"a": "x\ufffdy"}


def test_a_request_with_half_a_character_is_read_and_goes_on_whole() -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"a": "Kestrel \ud83d"}}
    found = read_envelope(json.dumps(message).encode())
    assert found == Envelope("request", 1, "m")
    assert isinstance(found, Envelope)
    assert msgspec.json.decode(found.body)["params"] == {"a": "Kestrel \ufffd"}


def test_an_id_of_half_a_character_is_refused_since_no_answer_could_carry_it() -> None:
    found = read_envelope(rb'{"jsonrpc":"2.0","id":"a\ud83d","method":"m"}')
    assert found == Malformed(-32600, "The id holds half a character, so no answer could carry it")


@pytest.mark.parametrize("way", ["2026", "2025 without a session", "2025 in a session"])
async def test_over_http_such_a_request_is_answered_under_its_id(way: str) -> None:
    async with calling() as client:
        if way == "2026":
            message, headers = modern("who", id=7), {**modern_headers("who"), **JSON_ONLY}
        else:
            message = call("who", id=7)
            without = {"mcp-protocol-version": OLD, **JSON_ONLY}
            headers = await open_session(client) if way == "2025 in a session" else without
        message["params"]["arguments"] = {"name": "Kestrel \ud83d"}
        headers = {**headers, "content-type": "application/json"}
        answer = await client.post("/mcp", content=json.dumps(message).encode(), headers=headers)
    assert answer.status_code == 200
    assert principal(None) in answer.text
    assert '"id":7' in answer.text.replace(" ", "")
