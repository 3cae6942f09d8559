"""A client that begins a body and never ends it is cut off, and nobody else notices."""

from __future__ import annotations

from functools import partial

import anyio
import httpx2
import pytest
from anyio.abc import SocketStream

from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.exchanges.body import SMALL
from tests.transports.fixture_app import Bench, modern, modern_headers, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("sent", [b"", b'{"jsonrpc"'])
async def test_a_body_that_stops_is_answered_408_and_the_connection_closed(sent: bytes) -> None:
    options = HttpOptions(body_timeout=0.03, grace=0.1)
    async with serving(options=options) as running:
        stream = await anyio.connect_tcp("127.0.0.1", running.port)
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nContent-Type: application/json\r\n"
            "Accept: application/json\r\nContent-Length: 100\r\n\r\n"
        )
        await stream.send(head.encode() + sent)
        answer = b""
        with anyio.fail_after(3):
            try:
                while True:
                    answer += await stream.receive()
            except anyio.EndOfStream:
                await stream.aclose()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive in time" in answer


async def test_the_deadline_is_for_the_body_and_not_for_the_call() -> None:
    bench = Bench()
    async with serving(bench) as running, httpx2.AsyncClient(base_url=running.url) as client:
        with anyio.fail_after(3):
            async with anyio.create_task_group() as group:
                group.start_soon(partial(client.post, "/mcp", json=modern("slow"), headers=modern_headers("slow")))
                await bench.entered.wait()
                assert len(running.app._exchanges._open) == 1
                assert running.app._bodies._awaited == {}
                bench.release.set()


async def test_a_client_that_leaves_in_the_middle_of_a_body_leaves_nothing_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(options=HttpOptions(grace=0.1)) as running:
        stream = await anyio.connect_tcp("127.0.0.1", running.port)
        head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nContent-Type: application/json\r\n"
        await stream.send((head + "Accept: application/json\r\nContent-Length: 100\r\n\r\n{").encode())
        await anyio.sleep(0.02)
        await stream.aclose()
        await anyio.sleep(0.02)
    assert [
        record.getMessage()
        for record in caplog.records
        if record.levelname != "DEBUG" and "ASGI" in record.getMessage()
    ] == []


async def _half_sent(port: int, size: int) -> SocketStream:
    """A connection that has sent part of a body that it says is larger."""
    stream = await anyio.connect_tcp("127.0.0.1", port)
    head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    await stream.send((head + f"Accept: application/json\r\nContent-Length: {size + 1}\r\n\r\n").encode() + b" " * size)
    return stream


async def test_large_bodies_that_are_being_read_share_a_budget_and_small_ones_need_none() -> None:
    options = HttpOptions(max_body_bytes=400_000, max_reading_bytes=500_000, grace=0.1)
    with anyio.fail_after(10):
        async with serving(options=options) as running, httpx2.AsyncClient(base_url=running.url) as client:
            bodies = running.app._bodies
            first = await _half_sent(running.port, 300_000)
            while bodies._held < 300_000 - SMALL:  # noqa: ASYNC110 (the server tells nobody that it has read them)
                await anyio.sleep(0.005)
            second = await _half_sent(running.port, 399_000)
            refused = await second.receive()
            small = await client.post("/mcp", json=modern("who"), headers=modern_headers("who"))
            await first.aclose()
            while bodies._held:  # noqa: ASYNC110
                await anyio.sleep(0.005)
            large = modern("who")
            large["params"]["arguments"] = {"text": "x" * 390_000}
            again = await client.post("/mcp", json=large, headers=modern_headers("who"))
            await second.aclose()
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"too many large requests at once" in refused
    assert (small.status_code, again.status_code) == (200, 200)
