"""Stateful sessions: who may use them, how many there are, and one answer at a time for each id."""

from __future__ import annotations

import inspect
from typing import Any

import anyio
import httpx2
import pytest
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.sessions import CappedSessions
from tests.certain import of_kind
from tests.transports.fixture_app import (
    BOTH,
    INITIALIZE,
    KEY,
    OTHER_KEY,
    Bench,
    call,
    calling,
    fixture_server,
    living,
    make_app,
    open_session,
    serving,
)

pytestmark = pytest.mark.anyio


def test_the_seam_in_the_sdk_is_where_we_hold_on_to_it() -> None:
    """A new SDK breaks this test. Read `sessions.py` again, then move the pin."""
    parameters = list(inspect.signature(StreamableHTTPSessionManager._admit_session).parameters)
    assert parameters == ["self", "requestor"]
    assert not inspect.iscoroutinefunction(StreamableHTTPSessionManager._admit_session)
    assert inspect.iscoroutinefunction(StreamableHTTPSessionManager._discard_session)
    assert CappedSessions(fixture_server(), HttpOptions())._server_instances == {}
    assert StreamableHTTPServerTransport("id")._requests_in_flight == 0


async def _opened(client: httpx2.AsyncClient, key: str | None = None, address: str = "127.0.0.1") -> dict[str, str]:
    of_kind(httpx2.ASGITransport, client._transport).client = (address, 1)
    return await open_session(client, key)


async def _lives(client: httpx2.AsyncClient, *sessions: dict[str, str]) -> list[bool]:
    return [(await client.post("/mcp", json=call("who"), headers=headers)).status_code == 200 for headers in sessions]


async def test_who_holds_as_many_sessions_as_one_may_gives_the_idlest_of_them_for_another() -> None:
    async with calling(HttpOptions(max_sessions_per_caller=2)) as client:
        other, first, second = [await open_session(client, key) for key in (OTHER_KEY, KEY, KEY)]
        assert await _lives(client, first) == [True]
        third = await open_session(client, KEY)
        assert await _lives(client, other, first, second, third) == [True, True, False, True]


async def test_callers_without_a_key_are_counted_by_address() -> None:
    async with calling(HttpOptions(max_sessions_per_caller=1)) as client:
        here, there = await _opened(client), await _opened(client, address="10.0.0.2")
        again = await _opened(client)
        assert await _lives(client, again) == [True]
        of_kind(httpx2.ASGITransport, client._transport).client = ("10.0.0.2", 1)
        assert await _lives(client, here, there) == [False, True]


async def test_invented_keys_take_the_place_of_one_another_and_of_nobody_else() -> None:
    """Forty handshakes without or with invented keys locked everybody out for half an hour."""
    async with calling(HttpOptions(max_sessions=3)) as client:
        friend = await _opened(client, KEY, "10.0.0.1")
        invented = [await _opened(client, f"fst_invented_{number}", "10.0.0.2") for number in range(40)]
        assert await _lives(client, friend, *invented[-2:]) == [True, True, True]
        assert not any(await _lives(client, *invented[:-2]))
        another = await _opened(client, OTHER_KEY, "10.0.0.3")
        assert await _lives(client, friend, another) == [True, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [(HttpOptions(max_sessions=1), "on this server"), (HttpOptions(max_sessions_per_caller=1), "for this caller")],
)
async def test_a_session_in_which_something_runs_is_not_ended_for_another(options: HttpOptions, words: str) -> None:
    bench = Bench()
    async with calling(options, bench) as client:
        headers = await open_session(client, KEY)
        async with anyio.create_task_group() as group:
            group.start_soon(_post, client, call("slow"), headers)
            await bench.entered.wait()
            refused = await client.post("/mcp", json=INITIALIZE, headers={**BOTH, "x-api-key": KEY})
            bench.release.set()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert words in refused.json()["error"]["message"]
        assert await _lives(client, headers) == [True]


async def test_a_handshake_that_fails_leaves_no_session() -> None:
    app = make_app()
    async with (
        living(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8000") as client,
    ):
        failed = await client.post("/mcp", json={**INITIALIZE, "params": {"protocolVersion": 5}}, headers=BOTH)
        assert '"error"' in failed.text
        assert dict(app._engines._sessions._server_instances) == {}
        headers = {**BOTH, "mcp-session-id": failed.headers["mcp-session-id"]}
        assert (await client.post("/mcp", json=call("who"), headers=headers)).status_code == 404


async def _post(client: httpx2.AsyncClient, message: Any, headers: dict[str, str]) -> None:
    await client.post("/mcp", json=message, headers=headers)


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
