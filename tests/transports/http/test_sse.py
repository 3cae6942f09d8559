"""Legacy SSE over real sockets: the caller stays with the stream, streams are counted, and they end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest

from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.legacy_stream import MAX_IN_FLIGHT
from tests.transports.fixture_app import INITIALIZE, KEY, OTHER_KEY, Bench, call, principal, serving

pytestmark = pytest.mark.anyio

EVENTS = {"accept": "text/event-stream"}
OPTIONS = HttpOptions(grace=0.3)


class Stream:
    """One open stream, as a plain client sees it."""

    def __init__(self, client: httpx2.AsyncClient, response: httpx2.Response) -> None:
        self._client = client
        self._lines = response.aiter_lines()
        self.response = response
        self.endpoint = ""

    async def event(self) -> tuple[str, str]:
        name = ""
        async for line in self._lines:
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                return name, line[6:]
        return "end", ""

    async def message(self) -> Any:
        name, data = await self.event()
        assert name == "message"
        return json.loads(data)

    async def post(self, message: Any, headers: dict[str, str] | None = None) -> httpx2.Response:
        return await self._client.post(self.endpoint, json=message, headers=headers)


@asynccontextmanager
async def streaming(client: httpx2.AsyncClient, path: str = "/mcp", key: str | None = KEY) -> AsyncIterator[Stream]:
    headers = EVENTS if key is None else {**EVENTS, "x-api-key": key}
    with anyio.fail_after(5):
        async with client.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200
            stream = Stream(client, response)
            name, stream.endpoint = await stream.event()
            assert name == "endpoint"
            yield stream


async def _initialized(stream: Stream) -> None:
    assert (await stream.post(INITIALIZE)).status_code == 202
    assert (await stream.message())["id"] == 0
    await stream.post({"jsonrpc": "2.0", "method": "notifications/initialized"})


async def test_the_caller_of_the_stream_is_the_caller_of_its_messages() -> None:
    async with (
        serving(options=OPTIONS) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client, f"/mcp?api_key={KEY}", None) as mine,
        streaming(client, key=OTHER_KEY) as theirs,
    ):
        for stream, key in ((mine, KEY), (theirs, OTHER_KEY)):
            await _initialized(stream)
            assert (await stream.post(call("who"))).status_code == 202
            assert (await stream.message())["result"]["content"][0]["text"] == principal(key)
        with_key = await mine.post(call("who", id=2), {"x-api-key": KEY})
        stranger = await mine.post(call("who", id=3), {"x-api-key": OTHER_KEY})
        unknown = await client.post("/messages/?session_id=" + "0" * 32, json=call("who"))
        missing = await client.post("/messages/", json=call("who"))
    assert (with_key.status_code, stranger.status_code, unknown.status_code, missing.status_code) == (
        202,
        404,
        404,
        400,
    )
    assert stranger.text == unknown.text


@pytest.mark.parametrize("path", ["/sse", "/flintt/sse", "/flintt/mcp"])
async def test_the_endpoint_carries_the_path_prefix(path: str) -> None:
    async with (
        serving(options=replace(OPTIONS, path_prefix="/flintt")) as running,
        httpx2.AsyncClient(base_url=running.url, headers={"x-forwarded-prefix": "/evil"}) as client,
        streaming(client, path) as stream,
    ):
        assert stream.endpoint.startswith("/flintt/messages/?session_id=")
        await _initialized(stream)


async def test_ids_differ_and_are_long() -> None:
    async with (
        serving(options=OPTIONS) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as one,
        streaming(client) as two,
    ):
        ids = {stream.endpoint.split("=")[1].partition("-")[2] for stream in (one, two)}
    assert sorted(map(len, ids)) == [32, 32]


async def test_streams_are_counted_for_each_caller_and_in_all() -> None:
    options = replace(OPTIONS, max_streams_per_caller=1, max_streams=2)
    elsewhere = httpx2.AsyncHTTPTransport(local_address="127.0.0.2")
    async with (
        serving(options=options) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        httpx2.AsyncClient(base_url=running.url, transport=elsewhere) as other,
    ):
        async with streaming(client), streaming(other, key=OTHER_KEY):
            mine = await client.get("/sse", headers={**EVENTS, "x-api-key": KEY})
            all_full = await client.get("/sse", headers={**EVENTS, "x-api-key": "fst_third"})
        assert (mine.status_code, all_full.status_code) == (503, 503)
        assert "on this server" in all_full.json()["error"]["message"]
        with anyio.fail_after(3):
            while running.app._streams._open.total():  # noqa: ASYNC110 (the server learns that the clients are gone)
                await anyio.sleep(0.005)
        async with streaming(client):
            again = await client.get("/sse", headers={**EVENTS, "x-api-key": KEY})
    assert "for this caller" in again.json()["error"]["message"]


async def test_one_address_with_many_invented_keys_leaves_room_for_others() -> None:
    options = replace(OPTIONS, max_streams_per_caller=1, max_streams=9)
    elsewhere = httpx2.AsyncHTTPTransport(local_address="127.0.0.2")
    async with (
        serving(options=options) as running,
        httpx2.AsyncClient(base_url=running.url) as stranger,
        httpx2.AsyncClient(base_url=running.url, transport=elsewhere) as client,
        AsyncExitStack() as open_ones,
    ):
        for number in range(4):
            await open_ones.enter_async_context(streaming(stranger, key=f"fst_invented_{number}"))
        fifth = await stranger.get("/sse", headers={**EVENTS, "x-api-key": "fst_invented_4"})
        assert (fifth.status_code, "from this address" in fifth.json()["error"]["message"]) == (503, True)
        async with streaming(client), streaming(client, key=OTHER_KEY):
            pass


async def test_an_idle_stream_ends() -> None:
    async with (
        serving(options=replace(OPTIONS, idle_timeout=0.03)) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as idle,
    ):
        assert await idle.event() == ("end", "")
        assert (await idle.post(INITIALIZE)).status_code == 404


async def test_every_message_puts_off_the_end_of_its_stream() -> None:
    async with (
        serving(options=OPTIONS) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as busy,
        streaming(client, key=OTHER_KEY),
    ):
        [first, second] = running.app._endpoint._legacy._streams.values()
        before = [first.scope.deadline, second.scope.deadline]
        assert (await busy.post(INITIALIZE)).status_code == 202
        after_post = first.scope.deadline
        await busy.message()
        assert before[0] < after_post <= first.scope.deadline
        assert second.scope.deadline == before[1]


async def test_a_running_id_is_not_taken_twice() -> None:
    bench = Bench()
    async with (
        serving(bench, options=OPTIONS) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as stream,
    ):
        await _initialized(stream)
        await stream.post(call("slow", id=5))
        await bench.entered.wait()
        assert (await stream.post(call("who", id="5"))).status_code == 409
        bench.release.set()
        assert (await stream.message())["id"] == 5
        assert (await stream.post(call("who", id=5))).status_code == 202
        assert (await stream.message())["id"] == 5


async def test_a_client_that_does_not_read_is_told_to_do_so_and_served_once_it_does() -> None:
    bench = Bench()
    async with (
        serving(bench, options=OPTIONS) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as stream,
    ):
        await _initialized(stream)
        statuses = [(await stream.post(call("slow", id=id))).status_code for id in range(MAX_IN_FLIGHT + 1)]
        assert statuses == [202] * MAX_IN_FLIGHT + [429]
        bench.release.set()
        assert sorted([(await stream.message())["id"] for _ in range(MAX_IN_FLIGHT)]) == list(range(MAX_IN_FLIGHT))
        assert (await stream.post(call("who", id=1))).status_code == 202
        assert (await stream.message())["id"] == 1


async def test_the_id_of_a_cancelled_request_is_free_again() -> None:
    bench = Bench()
    async with (
        serving(bench, options=OPTIONS) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as stream,
    ):
        await _initialized(stream)
        await stream.post(call("slow", id=5))
        await bench.entered.wait()
        await stream.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}})
        for _ in range(20):
            again = await stream.post(call("who", id=5))
            if again.status_code == 202:
                break
            await anyio.sleep(0.005)
        assert (await stream.message())["id"] == 5


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":"secret-input"}', 400),
        (b"x" * 2000, 413),
    ],
)
async def test_a_malformed_message_is_refused_and_the_stream_lives_on(content: bytes, status: int) -> None:
    options = replace(OPTIONS, max_body_bytes=1000)
    async with (
        serving(options=options) as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as stream,
    ):
        answer = await client.post(stream.endpoint, content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["id"]) == (
            status,
            None if status == 413 or b"secret" not in content else 1,
        )
        assert "secret-input" not in answer.text
        form = await client.post(stream.endpoint, content=b"{}", headers={"content-type": "text/plain"})
        assert form.status_code == 415
        await _initialized(stream)
