"""Stateful sessions: who may use them, how many there are, and one answer at a time for each id."""

from __future__ import annotations

import inspect
from typing import Any

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
    Bench,
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


@pytest.mark.parametrize(("first", "second"), [(7, 7), (7, "7"), ("a", "a")])
async def test_a_second_request_with_a_running_id_is_refused_and_the_first_is_answered(
    first: int | str, second: int | str
) -> None:
    bench = Bench()
    async with serving(bench) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await open_session(client)
        answers: list[httpx2.Response] = []

        async def slow() -> None:
            answers.append(await client.post("/mcp", json=call("slow", id=first), headers=headers))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(slow)
                await bench.entered.wait()
                refused = await client.post("/mcp", json=call("who", id=second), headers=headers)
                other = await client.post("/mcp", json=call("who", id=8), headers=headers)
                bench.release.set()
            again = await client.post("/mcp", json=call("who", id=second), headers=headers)
    assert refused.status_code == 409
    assert refused.json() == {
        "jsonrpc": "2.0",
        "id": second,
        "error": {"code": -32600, "message": "A request with this id is still running in this session"},
    }
    assert "done" in answers[0].text
    assert (other.status_code, again.status_code) == (200, 200)


async def test_the_id_of_an_answer_that_nobody_collected_stays_taken() -> None:
    """The call may still run, and its late answer would be given to the new request."""
    bench = Bench()
    async with serving(bench) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await open_session(client)
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(_post, client, call("slow", id=7), headers)
                await bench.entered.wait()
                group.cancel_scope.cancel()
            statuses = [await _status_of(client, headers, 7), await _status_of(client, headers, 8)]
            bench.release.set()
    assert statuses == [409, 200]


async def _post(client: httpx2.AsyncClient, message: Any, headers: dict[str, str]) -> None:
    await client.post("/mcp", json=message, headers=headers)


async def _status_of(client: httpx2.AsyncClient, headers: dict[str, str], id: int) -> int:
    return (await client.post("/mcp", json=call("who", id=id), headers=headers)).status_code


async def test_uncollected_ids_do_not_pile_up() -> None:
    sessions = CappedSessions(fixture_server(), HttpOptions())
    sessions._server_instances["s"] = None
    for id in range(1100):
        assert sessions.claim("s", id)
        sessions.release("s", id, collected=False)
    assert len(sessions._running["s"]) == 1000
    sessions._server_instances.clear()
    sessions._forget_ended()
    assert sessions._running == {}


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
