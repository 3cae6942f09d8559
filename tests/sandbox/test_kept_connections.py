"""Connections that the network guard keeps for the next request, and names that hang: neither costs anybody else anything."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from flintt_mcp.sandbox.network.guard import Failed, open_guard
from flintt_mcp.sandbox.network.urls import Policy, Refused

pytestmark = pytest.mark.anyio

LOOPBACK = Policy(loopback=True)
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


class Server:
    """Keeps the requests of each connection, and answers so many on one before it closes it at the next, without a word."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.connections: list[list[bytes]] = []
        self.port = 0

    async def handle(self, stream: anyio.abc.SocketStream) -> None:
        seen: list[bytes] = []
        self.connections.append(seen)
        async with stream:
            while True:
                try:
                    seen.append((await stream.receive()).partition(b" HTTP/1.1")[0])
                except anyio.EndOfStream:
                    break
                if len(seen) > self.answers:
                    break
                await stream.send(NO_CONTENT)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


@asynccontextmanager
async def serving(answers: int = 1000) -> AsyncIterator[Server]:
    server = Server(answers)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    server.port = listener.listeners[0].extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, server.handle)
        yield server
        group.cancel_scope.cancel()


async def posted(guard: Any, server: Server, *paths: str) -> list[int]:
    return [(await guard.send("POST", f"{server.url}{path}", {}, b"")).status for path in paths]


async def test_a_connection_is_kept_for_the_next_request_only_where_that_is_wanted():
    async with serving() as server, open_guard(LOOPBACK, keep=60) as keeping, open_guard(LOOPBACK) as not_keeping:
        await posted(keeping, server, "/1", "/2", "/3")
        await posted(not_keeping, server, "/4", "/5")

    assert server.connections == [[b"POST /1", b"POST /2", b"POST /3"], [b"POST /4"], [b"POST /5"]]


async def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure():
    async with serving(answers=2) as server, open_guard(LOOPBACK, keep=60) as guard:
        assert await posted(guard, server, "/1", "/2", "/3", "/4") == [204] * 4

    assert server.connections == [[b"POST /1", b"POST /2", b"POST /3"], [b"POST /3"], [b"POST /4"]]


async def test_a_new_connection_that_breaks_is_a_failure_at_once():
    async with serving(answers=0) as server, open_guard(LOOPBACK, keep=60) as guard:
        with pytest.raises(Failed, match="broke"):
            await posted(guard, server, "/1")

    assert server.connections == [[b"POST /1"]]


async def test_every_connection_is_to_an_address_that_was_looked_up_and_checked_for_it():
    looked_up: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["8.8.8.8"]

    async with serving(answers=2) as server, open_guard(LOOPBACK, keep=60, resolve=resolve) as guard:
        await posted(guard, server, "/1", "/2")
        assert looked_up == ["localhost"]
        with pytest.raises(Refused, match="not public"):
            await posted(guard, server, "/3")

    assert looked_up == ["localhost"] * 2
    assert server.connections == [[b"POST /1", b"POST /2", b"POST /3"]]


async def test_names_that_hang_hold_up_no_other(monkeypatch):
    answered, look_up = threading.Event(), socket.getaddrinfo

    def hanging(host: str | bytes, *args: Any, **kwargs: Any) -> Any:
        if "hangs" not in str(host):
            return look_up(host, *args, **kwargs)
        answered.wait(60)
        return look_up("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    refused: list[int] = []

    async def send(guard: Any, number: int) -> None:
        with pytest.raises(Refused):
            await guard.send("POST", f"https://hangs{number}.example/", {})
        refused.append(number)

    async with serving() as server, open_guard(LOOPBACK, seconds=60) as guard, anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(send, guard, number)
        await anyio.wait_all_tasks_blocked()
        try:
            assert await posted(guard, server, "/1") == [204]
            assert refused == []
        finally:
            answered.set()

    assert sorted(refused) == list(range(40))
