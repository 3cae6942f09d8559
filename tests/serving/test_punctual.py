"""A head of a request that does not come, or does not end, is waited for no longer than it is worth."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
import uvicorn
from anyio.abc import SocketStream
from starlette.types import Receive, Scope, Send

from flintt_mcp.serving import punctual
from flintt_mcp.serving.punctual import HEAD_BYTES, PunctualProtocol

pytestmark = pytest.mark.anyio

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class _Answer:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.entered = anyio.Event()
        self.release = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.entered.set()
        await self.release.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def _connected(app: _Answer) -> AsyncIterator[SocketStream]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=PunctualProtocol, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as group:
        group.start_soon(server._serve, [listening])
        with anyio.fail_after(10):
            while not server.started:  # noqa: ASYNC110 (uvicorn has no event to wait for)
                await anyio.sleep(0.005)
            async with await anyio.connect_tcp("127.0.0.1", listening.getsockname()[1]) as stream:
                yield stream
        server.should_exit = True


async def _all_of(stream: SocketStream) -> bytes:
    """Everything until the server closes."""
    parts = []
    while True:
        try:
            parts.append(await stream.receive())
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return b"".join(parts)


def _released() -> _Answer:
    app = _Answer()
    app.release.set()
    return app


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-Half", b"\r\n", WHOLE + b"GET /"])
async def test_a_head_that_stops_ends_its_connection(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(punctual, "HEAD_SECONDS", 0.05)
    async with _connected(_released()) as stream:
        if sent:
            await stream.send(sent)
        answers = await _all_of(stream)
    statuses = [line.split()[1] for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert statuses == ([b"204"] if sent.startswith(WHOLE) else []) + [b"408"]


@pytest.mark.parametrize("behind", [b"\r\n", b"\n\n"])
async def test_what_begins_no_request_does_not_keep_a_connection(
    behind: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(punctual, "HEAD_SECONDS", 0.05)
    async with _connected(_released()) as stream:
        await stream.send(WHOLE)
        assert (await stream.receive()).startswith(b"HTTP/1.1 204 ")
        await stream.send(behind)
        assert (await _all_of(stream)).startswith(b"HTTP/1.1 408 ")


async def test_a_head_without_end_is_refused_at_its_limit() -> None:
    line = b"X-More: " + b"x" * 1000 + b"\r\n"
    async with _connected(_released()) as stream:
        await stream.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with contextlib.suppress(anyio.BrokenResourceError):
            for _ in range(HEAD_BYTES // len(line) + 1):
                await stream.send(line)
        assert (await _all_of(stream)).startswith(b"HTTP/1.1 431 ")


async def test_a_call_may_take_longer_and_so_may_the_pause_between_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(punctual, "HEAD_SECONDS", 0.03)
    app = _Answer()
    async with _connected(app) as stream:
        await stream.send(WHOLE)
        await app.entered.wait()
        await anyio.sleep(0.1)
        app.release.set()
        first = await stream.receive()
        await anyio.sleep(0.1)
        await stream.send(WHOLE)
        second = await stream.receive()
    assert first.startswith(b"HTTP/1.1 204 ")
    assert second.startswith(b"HTTP/1.1 204 ")


async def test_a_large_body_is_no_large_head() -> None:
    size = 4 * HEAD_BYTES
    async with _connected(_released()) as stream:
        await stream.send(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size)
        assert (await stream.receive()).startswith(b"HTTP/1.1 204 ")
        await stream.send(WHOLE)
        assert (await stream.receive()).startswith(b"HTTP/1.1 204 ")
