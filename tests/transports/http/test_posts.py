"""How what is posted is answered: as JSON where nothing is shown or asked on the way, else on a stream; at every revision."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from tests.transports.fixture_app import (
    BOTH,
    INITIALIZE,
    JSON_ONLY,
    KEY,
    OLD,
    call,
    calling,
    modern,
    modern_headers,
    open_session,
    principal,
)

pytestmark = pytest.mark.anyio

TOKEN = {"progressToken": 1}
LISTEN: Any = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": modern("x")["params"]}


def _error(answer: httpx2.Response) -> tuple[int, int, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def _kind(answer: httpx2.Response) -> str:
    return answer.headers["content-type"].split(";")[0]


@pytest.mark.parametrize(
    ("message", "headers", "kind"),
    [
        (modern("who"), modern_headers("who"), "application/json"),
        (modern("who", **TOKEN), modern_headers("who"), "application/json"),
        (modern("steps", **TOKEN), modern_headers("steps"), "text/event-stream"),
        (modern("steps", **TOKEN), {**modern_headers("steps"), **JSON_ONLY}, "application/json"),
        (modern("steps", **TOKEN), {**modern_headers("steps"), "accept": "*/*"}, "text/event-stream"),
    ],
)
async def test_only_what_shows_something_on_the_way_is_answered_with_a_stream(
    message: Any, headers: dict[str, str], kind: str
) -> None:
    async with calling() as client:
        answer = await client.post("/mcp", json=message, headers=headers)
    assert (answer.status_code, _kind(answer)) == (200, kind)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (call("who"), "application/json"),
        (call("steps"), "application/json"),
        (call("steps", meta=TOKEN), "text/event-stream"),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, "application/json"),
    ],
)
async def test_in_a_session_too(message: Any, kind: str) -> None:
    async with calling() as client:
        answer = await client.post("/mcp", json=message, headers=await open_session(client))
    assert (answer.status_code, _kind(answer), "mcp-session-id" in answer.headers) == (200, kind, False)


async def test_a_client_that_takes_only_json_is_served_without_a_session() -> None:
    async with calling() as client:
        opened = await client.post("/mcp", json=INITIALIZE, headers=JSON_ONLY)
        done = await client.post("/mcp", json=call("who"), headers={**JSON_ONLY, "x-api-key": KEY})
        session = await open_session(client)
        inside = await client.post("/mcp", json=call("who"), headers={**session, **JSON_ONLY})
    assert (opened.status_code, "mcp-session-id" in opened.headers) == (200, False)
    assert done.json()["result"]["content"][0]["text"] == principal(KEY)
    assert _error(inside)[0] == 406


async def test_in_the_handshake_era_a_call_without_its_session_opens_none() -> None:
    async with calling() as client:
        answer = await client.post("/mcp", json=call("who"), headers={**BOTH, "mcp-protocol-version": OLD})
    assert _error(answer) == (400, -32600, "Bad Request: Missing session ID; send initialize first")


async def test_an_unknown_revision_is_told_which_ones_are_served() -> None:
    async with calling() as client:
        headers = {**modern_headers("who"), "mcp-protocol-version": "2099-01-01"}
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
    assert answer.status_code == 400


async def test_listening_needs_a_client_that_takes_streams() -> None:
    headers = {**modern_headers("x"), **JSON_ONLY, "mcp-method": "subscriptions/listen"}
    async with calling() as client:
        with anyio.fail_after(2):
            assert _error(await client.post("/mcp", json=LISTEN, headers=headers))[0] == 406


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_the_newest_revision_has_nothing_to_hear_and_nothing_to_end(method: str) -> None:
    async with calling() as client:
        headers = {**await open_session(client), "mcp-protocol-version": "2026-07-28"}
        answer = await client.request(method, "/mcp", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, DELETE, OPTIONS")
