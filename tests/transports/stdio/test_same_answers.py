"""What is answered without the SDK is what the SDK answers: written conversations, and made-up ones.

Byte for byte beside the SDK with our middleware, which is what clients got before; by value beside the SDK alone, which writes
the members of a result in another order.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.app import App
from flintt_mcp.face.revisions import HANDSHAKE, MODERN
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.transports.stdio.service import Opened
from tests.fake_api import KEYS, open_fake
from tests.transports.stdio.spoken import (
    CAPABILITIES,
    CLIENT,
    ENVELOPE,
    READY,
    VERSION,
    by_sdk,
    initialize,
    plainly,
    request,
    spoken,
)

pytestmark = pytest.mark.anyio

FRAMES = int(os.environ.get("FLINTT_FRAMES", "3000"))
ROWS = [{"id": "c1", "name": "Blåbær \u2028 AS", "n": 1.5, "none": None}, {"id": "c2", "name": "Acme"}]
LEVEL, TOKEN = "io.modelcontextprotocol/logLevel", "progressToken"
CALLS: list[tuple[str, Any]] = [
    ("ping", None),
    ("ping", {}),
    ("server/discover", {}),
    ("tools/list", None),
    ("tools/list", {}),
    ("tools/list", {"cursor": "x"}),
    ("tools/list", {"cursor": None}),
    ("tools/list", {"unknown": 1}),
    ("resources/list", None),
    ("resources/list", {"cursor": "x"}),
    ("resources/templates/list", {}),
    ("prompts/list", {}),
    ("skills/list", {}),
    ("tools/call", {"name": "list_companies"}),
    ("tools/call", {"name": "list_companies", "arguments": {"limit": 1}}),
    ("tools/call", {"name": "list_companies", "arguments": {"limt": 1}}),
    ("tools/call", {"name": "list_companies", "arguments": None}),
    ("tools/call", {"name": "list_companies", "arguments": []}),
    ("tools/call", {"name": "list_docs", "task": {"ttl": 5}}),
    ("tools/call", {"name": "list_docs", "requestState": "forged"}),
    ("tools/call", {"name": "no_such_tool"}),
    ("tools/call", {"arguments": {}}),
    ("tools/call", {"name": 5}),
    ("tools/call", []),
    ("resources/read", {"uri": "docs://errors"}),
    ("resources/read", {"uri": "docs://none"}),
    ("prompts/get", {"name": "no_such_prompt"}),
    ("completion/complete", {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": "b"}}),
    ("logging/setLevel", {"level": "info"}),
    ("no/such/method", {}),
]


def under(name: str, *values: Any) -> list[dict[str, Any]]:
    return [{name: value} for value in values]


ICONS: list[Any] = [[{"src": "s", "theme": "x"}], [{}], 5]
METAS: list[Any] = [
    *(5, None, [], "x", {}, {"x": [1]}),
    *under(TOKEN, "a", 1, 10**30, True, 1.5, [], None),
    *under(LEVEL, "info", "loud", 5, None),
    *under(CLIENT, {"name": "c", "version": "1"}, {"name": 1}, {"name": "c"}, 5, None),
    *under(CLIENT, *({"name": "c", "version": "1", "icons": icons} for icons in ICONS)),
    *under(CAPABILITIES, {"elicitation": 5}, {"roots": {"listChanged": 1}}, 5, {"x": 1}, None),
    *under(
        CAPABILITIES,
        {"tasks": {"list": {}}},
        {"tasks": {"requests": {"sampling": {"createMessage": 1}}}},
        {"tasks": []},
    ),
    *under(VERSION, "2025-11-25", "2099-01-01", 5, None),
]
GREETINGS: list[dict[str, Any]] = [
    *under("protocolVersion", *HANDSHAKE, *MODERN, "2099-01-01", "", 5, None),
    *under("capabilities", {"elicitation": {"form": {}}}, {"roots": {"listChanged": "x"}}, 5, None),
    *under("capabilities", *({name: {}} for name in ("sampling", "experimental", "extensions", "tasks", "new"))),
    *under("capabilities", {"experimental": {"a": 1}}, {"experimental": {"a": {}}}, {"experimental": []}),
    *under("clientInfo", {"name": "c"}, {"name": 1, "version": "1"}, 5, None),
    *under("_meta", *METAS),
    {"unknown": 1},
]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async def rows(_: UpstreamRequest) -> UpstreamResponse:
        return UpstreamResponse(200, {}, json.dumps(ROWS).encode())

    async with open_fake(tmp_path, rows, {"FLINTT_API_KEY": KEYS["flintt"]}) as opened:
        yield opened


def conversation(revision: str, calls: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """These calls at that revision, each with an id of its own."""
    if revision in HANDSHAKE:
        return [initialize(revision), READY, *(request(id, *each) for id, each in enumerate(calls))]
    return [
        request(
            id,
            method,
            {**params, "_meta": ENVELOPE} if isinstance(params or {}, dict) and params else {"_meta": ENVELOPE},
        )
        for id, (method, params) in enumerate(calls)
    ]


async def answers(opened: Opened, lines: list[Any]) -> list[Any]:
    return sorted(map(json.loads, await spoken(opened, lines)), key=json.dumps)


@pytest.mark.parametrize("revision", [*HANDSHAKE, *MODERN])
async def test_every_written_call_is_answered_alike(app: App, revision: str) -> None:
    lines = conversation(revision, CALLS)
    plain = await spoken(plainly(app), lines)
    assert plain == await spoken(by_sdk(app, short=True), lines)
    assert sorted(map(json.loads, plain), key=json.dumps) == await answers(by_sdk(app), lines)
    assert len(plain) == len(CALLS) + (revision in HANDSHAKE)


@pytest.mark.parametrize("revision", [HANDSHAKE[-1], *MODERN])
async def test_whatever_stands_under_meta_is_judged_alike(app: App, revision: str) -> None:
    base = {} if revision in HANDSHAKE else ENVELOPE
    metas = [{**base, **meta} if isinstance(meta, dict) else meta for meta in METAS]
    for method, params in (
        ("tools/list", {}),
        ("tools/call", {"name": "list_docs"}),
        ("ping", {}),
        ("prompts/list", {}),
    ):
        first = (
            [initialize(revision), READY]
            if revision in HANDSHAKE
            else [request("d", "server/discover", {"_meta": base})]
        )
        lines = [*first, *(request(id, method, {**params, "_meta": meta}) for id, meta in enumerate(metas))]
        assert await answers(plainly(app), lines) == await answers(by_sdk(app), lines)


@pytest.mark.parametrize("greeting", GREETINGS, ids=json.dumps)
async def test_every_greeting_is_judged_alike_and_so_is_what_follows(app: App, greeting: dict[str, Any]) -> None:
    lines = [
        initialize("2025-06-18", **greeting),
        READY,
        request(1, "tools/list"),
        initialize("2024-11-05", 2),
        request(3, "ping"),
    ]
    assert await answers(plainly(app), lines) == await answers(by_sdk(app), lines)


def made_up(luck: random.Random, id: int) -> Any:
    """One frame that nobody would send on purpose, or that everybody sends."""
    method, params = luck.choice(CALLS)
    match luck.randrange(12):
        case 0:
            return initialize(luck.choice([*HANDSHAKE, *MODERN, "x"]), id, **luck.choice(GREETINGS))
        case 1:
            return luck.choice([READY, {**READY, "params": 5}, {"jsonrpc": "2.0", "method": "notifications/x"}])
        case 2:
            return luck.choice(
                [b"\xef\xbb\xbf{}", b"{", b"[]", b"5", b'{"jsonrpc": "2.0"}', b"\xff\xfe", b"null", b"\r"]
            )
        case 3:
            return luck.choice(
                [{"jsonrpc": "2.0", "id": id, "result": {}}, {"jsonrpc": "1.0", "id": id, "method": method}]
            )
        case 4:
            return {"jsonrpc": "2.0", "method": method, "params": params}
        case 5:
            return request(luck.choice([str(id), f"id-{id}", id + 0.5, None, True, -id]), method, params)
        case 6 | 7:
            return request(id, method, params)
        case _:
            meta = luck.choice([ENVELOPE, ENVELOPE, ENVELOPE, *METAS])
            meta = {**luck.choice([{}, ENVELOPE]), **meta} if isinstance(meta, dict) else meta
            return request(id, method, {**(params if isinstance(params, dict) else {}), "_meta": meta})


async def test_made_up_conversations_are_answered_alike(app: App) -> None:
    luck, frames = random.Random(12), 0
    while frames < FRAMES:
        opening = luck.choice(
            [[], [initialize("2025-11-25"), READY], [request("d", "server/discover", {"_meta": ENVELOPE})]]
        )
        lines = [*opening, *(made_up(luck, id) for id in range(1, luck.randint(2, 30)))]
        frames += len(lines)
        assert await answers(plainly(app), lines) == await answers(by_sdk(app), lines), lines


@pytest.mark.parametrize("revision", [*HANDSHAKE, *MODERN])
async def test_what_every_client_begins_with_never_needs_the_sdk(app: App, revision: str) -> None:
    def never() -> Any:
        raise AssertionError("the SDK was asked")

    plain = [*CALLS[3:5], *CALLS[11:12], ("resources/list", None), ("resources/templates/list", {}), *CALLS[13:16]]
    first: list[tuple[str, Any]] = [("ping", None)] if revision in HANDSHAKE else [("server/discover", {})]
    opened = dataclasses.replace(plainly(app), server=never)
    told = await answers(opened, conversation(revision, first + plain))
    assert ["result" in answer for answer in told] == [True] * (len(first + plain) + (revision in HANDSHAKE))
