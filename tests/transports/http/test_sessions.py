"""Stateful sessions: who may use them, how many there are, and one answer at a time for each id."""

from __future__ import annotations

import inspect

import anyio
import httpx2
import pytest
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.sessions import CappedSessions
from tests.transports.fixture_app import (
    BOTH,
    INITIALIZE,
    KEY,
    OTHER_KEY,
    call,
    calling,
    fixture_server,
    open_session,
    serving,
)

pytestmark = pytest.mark.anyio


def test_the_seam_in_the_sdk_is_where_we_hold_on_to_it() -> None:
    """A new SDK breaks this test. Read `sessions.py` again, then move the pin."""
    parameters = list(inspect.signature(StreamableHTTPSessionManager._admit_session).parameters)
    assert parameters == ["self", "requestor"]
    assert not inspect.iscoroutinefunction(StreamableHTTPSessionManager._admit_session)
    assert CappedSessions(fixture_server(), HttpOptions())._server_instances == {}


async def test_one_caller_holds_only_so_many_sessions() -> None:
    async with calling(HttpOptions(max_sessions_per_caller=2)) as client:
        first = await open_session(client, KEY)
        await open_session(client, KEY)
        refused = await client.post("/mcp", json=INITIALIZE, headers={**BOTH, "x-api-key": KEY})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert "for this caller" in refused.json()["error"]["message"]
        await open_session(client, OTHER_KEY)
        await client.delete("/mcp", headers=first)
        await open_session(client, KEY)


async def test_callers_without_a_key_are_counted_by_address() -> None:
    async with calling(HttpOptions(max_sessions_per_caller=1)) as client:
        await open_session(client)
        assert (await client.post("/mcp", json=INITIALIZE, headers=BOTH)).status_code == 503
        client._transport.client = ("10.0.0.2", 1)
        await open_session(client)


async def test_the_server_holds_only_so_many_sessions() -> None:
    async with calling(HttpOptions(max_sessions=1)) as client:
        await open_session(client, KEY)
        refused = await client.post("/mcp", json=INITIALIZE, headers={**BOTH, "x-api-key": OTHER_KEY})
        assert (refused.status_code, "on this server" in refused.json()["error"]["message"]) == (503, True)


async def test_an_idle_session_ends_and_makes_room() -> None:
    async with calling(HttpOptions(max_sessions=1, idle_timeout=0.02)) as client:
        opened = await client.post("/mcp", json=INITIALIZE, headers=BOTH)
        headers = {**BOTH, "mcp-session-id": opened.headers["mcp-session-id"]}
        await anyio.sleep(0.05)
        assert (await client.post("/mcp", json=call("who"), headers=headers)).status_code == 404
        assert (await client.post("/mcp", json=INITIALIZE, headers=BOTH)).status_code == 200


@pytest.mark.parametrize("key", [OTHER_KEY, None])
async def test_another_caller_cannot_use_a_session(key: str | None) -> None:
    async with calling() as client:
        headers = await open_session(client, KEY)
        stolen = {**headers, "x-api-key": key} if key else {n: v for n, v in headers.items() if n != "x-api-key"}
        stranger = await client.post("/mcp", json=call("who"), headers=stolen)
        unknown = await client.post("/mcp", json=call("who"), headers={**stolen, "mcp-session-id": "0" * 32})
        assert (stranger.status_code, stranger.text) == (unknown.status_code, unknown.text) == (404, unknown.text)
        assert (await client.delete("/mcp", headers=stolen)).status_code == 404
        assert (await client.post("/mcp", json=call("who"), headers=headers)).status_code == 200


async def test_the_stream_of_a_session_counts_against_the_limit() -> None:
    options = HttpOptions(max_streams_per_caller=1, grace=0.1)
    async with serving(options=options) as running, httpx2.AsyncClient(base_url=running.url) as client:
        one, two = await open_session(client, KEY), await open_session(client, KEY)
        async with client.stream("GET", "/mcp", headers=one) as stream:
            assert stream.status_code == 200
            refused = await client.get("/mcp", headers=two)
    assert (refused.status_code, "for this caller" in refused.json()["error"]["message"]) == (503, True)


async def test_a_client_that_asks_for_what_it_missed_gets_the_stream_as_it_goes_on() -> None:
    """Nothing is kept to be sent again; clients send the header on every reconnect."""
    async with serving(options=HttpOptions(grace=0.1)) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await open_session(client)
        async with client.stream("GET", "/mcp", headers={**headers, "last-event-id": "7"}) as stream:
            assert (stream.status_code, stream.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
