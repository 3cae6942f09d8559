"""What is asked of both sides: written cases, each with a reason to be there, and cases of chance made from the same stuff."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, LOG_LEVEL_META_KEY, PROTOCOL_VERSION_META_KEY
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from .sides import BOTH, KEY, NEW, OTHER_KEY, Case, Headers, post

NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

REQUESTS: list[tuple[str, Any]] = [
    ("ping", {}),
    ("ping", None),
    ("tools/list", {}),
    ("tools/list", None),
    ("tools/list", {"cursor": "x"}),
    ("tools/list", {"cursor": 5}),
    ("tools/list", {"more": 1}),
    ("tools/call", {"name": "list_companies"}),
    ("tools/call", {"name": "list_companies", "arguments": {"limit": 1}}),
    ("tools/call", {"name": "list_companies", "arguments": {"limt": 1}}),
    ("tools/call", {"name": "list_companies", "arguments": []}),
    ("tools/call", {"name": "list_companies", "arguments": None}),
    ("tools/call", {"name": "list_companies", "arguments": "secret-input"}),
    ("tools/call", {"name": "list_companies", "more": 1}),
    ("tools/call", {"name": "no_such_tool", "arguments": {}}),
    ("tools/call", {"name": 5}),
    ("tools/call", {"arguments": {}}),
    ("tools/call", {"name": "list_docs", "requestState": "forged"}),
    ("tools/call", {"name": "list_docs", "inputResponses": {}}),
    ("tools/call", {"name": "list_docs", "inputResponses": {"a": {"action": "accept"}}}),
    ("tools/call", {"name": "test_error_handling", "arguments": {}}),
    ("tools/call", {"name": "test_tool_with_progress", "arguments": {}}),
    ("tools/call", {"name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": "p"}}),
    ("tools/call", {"name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": 1.5}}),
    ("tools/call", {"name": "test_tool_with_logging", "arguments": {}}),
    ("tools/call", {"name": "test_tool_with_logging", "arguments": {}, "_meta": {LOG_LEVEL_META_KEY: "info"}}),
    ("tools/call", {"name": "test_tool_with_logging", "arguments": {}, "_meta": {LOG_LEVEL_META_KEY: "loud"}}),
    ("tools/call", {"name": "test_elicitation", "arguments": {"message": "Well?"}}),
    ("tools/call", {"name": "list_companies", "_meta": {"progressToken": 1}}),
    ("tools/call", {"name": "list_companies", "_meta": 5}),
    ("tools/call", {"name": "list_companies", "_meta": {CLIENT_INFO_META_KEY: 5}}),
    ("tools/call", {"name": "list_companies", "_meta": {"traceparent": 5}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "docs://errors"}),
    ("resources/read", {"uri": "docs://none"}),
    ("resources/read", {"uri": 5}),
    ("resources/subscribe", {"uri": "docs://errors"}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "pipeline_review", "arguments": {"stage": "qualified"}}),
    ("prompts/get", {"name": "account_research"}),
    ("prompts/get", {"name": "none"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "pipeline_review"}, "argument": {"name": "stage", "value": "q"}},
    ),
    ("logging/setLevel", {"level": "info"}),
    ("server/discover", {}),
    ("tasks/get", {"taskId": "1"}),
    ("no/such/method", {}),
    ("notifications/initialized", {}),
    ("", {}),
]
"""Methods and parameters, good and bad."""

TOKEN, LEVEL, CLIENT = "progressToken", LOG_LEVEL_META_KEY, CLIENT_INFO_META_KEY
TOKENS: list[Any] = ["a", 1, True, 1.5, [], None]
METAS: list[Any] = [
    *(5, None, [], "x", {}, {"x": [1]}, {"traceparent": 5}),
    *({TOKEN: token} for token in TOKENS),
    *({LEVEL: level} for level in ("info", "loud", 5, None)),
    *({CLIENT: client} for client in ({"name": "c", "version": "1"}, {"name": 1}, 5, None)),
    *({CLIENT_CAPABILITIES_META_KEY: capabilities} for capabilities in ({"elicitation": 5}, 5, {"x": 1})),
    *({"x": "y" * 5000}, {"x": 10**30}, {CLIENT: 10**30}),
]
"""What may stand under `_meta`, taken by the SDK or not."""

NO_REQUESTS: list[bytes] = [
    json.dumps(message).encode()
    for message in (
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": [1]}},
        {"jsonrpc": "2.0", "method": "notifications/none"},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "list_companies"}},
        {"jsonrpc": "2.0", "id": None, "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 99, "result": {}},
        {"jsonrpc": "2.0", "id": 99, "error": {"code": 1, "message": "no"}},
        {"jsonrpc": "2.0", "id": 99, "result": {}, "error": {"code": 1, "message": "no"}},
        {"jsonrpc": "2.0", "id": 99, "result": "text"},
        {"jsonrpc": "2.0", "id": 99},
        {"jsonrpc": "1.0", "id": 99, "method": "ping"},
        {"id": 99, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": [1], "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": 5},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []},
        [],
        [{"jsonrpc": "2.0", "id": 1, "method": "ping"}],
        5,
        "text",
        None,
    )
] + [b"", b"{", b"\xff", b'{"jsonrpc":"2.0","id":1,"method":"ping"} x', b"[" * 300]
"""Bodies that ask for nothing, or for nothing that could be answered."""

INITIALIZE: list[Any] = [
    {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
    {"protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
    {"protocolVersion": NEW, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
    {"protocolVersion": 5, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
    {"protocolVersion": "2025-06-18", "capabilities": {"elicitation": 5}, "clientInfo": {"name": "c", "version": "1"}},
    {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": 5}},
    {"protocolVersion": "2025-06-18", "capabilities": {}},
    {},
    None,
]
"""Parameters of handshakes."""

Place = tuple[str | None, str | None]
"""Where a message goes: the revision of its header, and the session by name; None where the header is missing."""
PLACES: list[Place] = [
    (NEW, None),
    (NEW, "2025-11-25"),
    ("2025-11-25", "2025-11-25"),
    ("2025-03-26", "2025-03-26"),
    ("2024-11-05", "2024-11-05"),
    (None, "2025-06-18"),
    ("2025-06-18", "2025-11-25"),
    ("2025-11-25", None),
    (None, None),
    ("2025-11-25", "foreign"),
    ("2025-11-25", "ended"),
    ("2025-11-25", "unknown"),
    ("2099-01-01", None),
    ("2099-01-01", "2025-11-25"),
]
INSIDE = PLACES[:6]
ACCEPTS = [BOTH, "application/json", "text/event-stream", "*/*", "application/*, text/*;q=0.5", "", "text/html"]


def request(method: str, params: Any, place: Place, id: Any = 7, **more: str) -> Case:
    """A request as a client of that revision sends it: at the newest one it says of itself what there is to know."""
    revision, session = place
    headers = [("mcp-protocol-version", revision), ("mcp-session-id", None if session is None else f"{{{session}}}")]
    if revision is not None and revision not in HANDSHAKE_PROTOCOL_VERSIONS and isinstance(params, dict | None):
        params = dict(params or {})
        meta = params.get("_meta", {})
        own = {PROTOCOL_VERSION_META_KEY: revision, CLIENT_CAPABILITIES_META_KEY: {}}
        params["_meta"] = own | meta if isinstance(meta, dict) else meta
        name = params.get(NAMED.get(method, ""))
        headers += [("mcp-method", method), ("mcp-name", name if isinstance(name, str) and name.isascii() else None)]
    message = {"jsonrpc": "2.0", "id": id, "method": method} | ({} if params is None else {"params": params})
    return post(message, *((name, value) for name, value in headers if value is not None), **more)


def written() -> Iterator[Case]:
    """Every case that is written down."""
    for (method, params), place in product(REQUESTS, INSIDE):
        yield request(method, params, place)
    for meta, place, (method, params) in product(METAS, (PLACES[0], PLACES[2]), (REQUESTS[2], REQUESTS[7])):
        yield request(method, {**params, "_meta": meta}, place)
    for place in PLACES:
        yield request("ping", {}, place)
        yield request("tools/list", {}, place, id="text")
        yield from (_bytes(body, place) for body in NO_REQUESTS[:9])
        yield from (request("ping", {}, place, accept=accept) for accept in ACCEPTS)
        yield from (_bare(method, place) for method in ("GET", "PUT", "HEAD"))
        yield request("ping", {}, place, key=OTHER_KEY)
    for body, place in product(NO_REQUESTS, (PLACES[0], PLACES[2])):
        yield _bytes(body, place)
    for params, place in product(INITIALIZE, ((None, None), ("2025-11-25", None), (NEW, None), (None, "2025-11-25"))):
        yield _bytes(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode(), place)
    yield _bare("GET", (None, None), "text/html")
    yield from (_bare("DELETE", place) for place in PLACES if place[1] in (None, "foreign", "ended", "unknown"))
    for change in ({"mcp-method": "tools/call"}, {"mcp-name": "x"}, {"mcp-param-region": "eu"}, {"mcp-method": ""}):
        plain = request("tools/call", {"name": "list_companies"}, (NEW, None))
        yield Case(plain.method, plain.body, tuple((plain.found | change).items()))
        yield Case(plain.method, plain.body, (*plain.headers, *change.items()))


def _bytes(body: bytes, place: Place) -> Case:
    revision, session = place
    headers = [("mcp-protocol-version", revision), ("mcp-session-id", None if session is None else f"{{{session}}}")]
    return post(body, *((name, value) for name, value in headers if value is not None))


def _bare(method: str, place: Place, accept: str = "text/event-stream") -> Case:
    sent = _bytes(b"", place)
    return Case(method, b"", tuple((sent.found | {"accept": accept}).items()))


def by_chance(seed: int, number: int) -> Iterator[Case]:
    """As many cases of chance, the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(number):
        yield _one(dice)


def _one(dice: random.Random) -> Case:
    place = dice.choice(PLACES)
    method, params = dice.choice(REQUESTS)
    if dice.random() < 0.2:
        params = _spoilt(params, dice)
    case = request(method, params, place, id=dice.choice([1, 2**40, "a", "", "7", -1, 0]))
    if dice.random() < 0.15:
        case = _bytes(dice.choice(NO_REQUESTS), place)
    if dice.random() < 0.1:
        case = Case(case.method, _cut(case.body, dice), case.headers)
    headers: Headers = case.headers
    if dice.random() < 0.3:
        headers = tuple((case.found | {"accept": dice.choice(ACCEPTS)}).items())
    if dice.random() < 0.15:
        name = dice.choice(
            ["mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id", "mcp-param-x", "last-event-id"]
        )
        headers = tuple(
            (dict(headers) | {name: dice.choice(["", "x", NEW, "2025-11-25", "ping", "list_companies"])}).items()
        )
    if dice.random() < 0.1:
        headers = tuple(
            (name, value) for name, value in headers if name != dice.choice(["mcp-method", "mcp-name", "accept"])
        )
    kind = dice.choices(["POST", "GET", "PUT"], [96, 3, 1])[0]
    key = dice.choices([KEY, OTHER_KEY], [9, 1])[0]
    return Case(kind, case.body if kind == "POST" else b"", tuple((dict(headers) | {"x-api-key": key}).items()))


def _spoilt(value: Any, dice: random.Random) -> Any:
    """A value with one place changed."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(list(value))
        return {**value, name: _spoilt(value[name], dice)}
    return dice.choice([None, 5, -1.5, "x", [], {}, {"x": 1}, True, "é\u2028", {"_meta": {}}])


def _cut(body: bytes, dice: random.Random) -> bytes:
    """Some bytes less, or others."""
    place = dice.randrange(len(body) + 1)
    return dice.choice([body[:place], body[:place] + b"\0" + body[place:], body[:place] + body[place + 1 :]])
