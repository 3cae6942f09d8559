"""How much a client can have at work at once, and what becomes of it when it calls off, leaves, or reads nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from flintt_mcp.transports.stdio.flow import Output
from flintt_mcp.transports.stdio.service import Opened
from flintt_mcp.transports.stdio.talk import BUSY, CLOSED, MOST_PLAIN, MOST_WITH_SDK
from flintt_mcp.transports.stdio.wire import ClientGone, Wire
from tests.transports.fixture_app import Bench, fixture_server
from tests.transports.stdio.client import Client, served
from tests.transports.stdio.spoken import initialize, request

pytestmark = pytest.mark.anyio


class Slow:
    """Answers plainly, once it is let, and counts."""

    def __init__(self) -> None:
        self.begun = self.running = self.most = self.cancelled = 0
        self.let = anyio.Event()
        self.bench = Bench()

    def early(self, method: str, params: Mapping[str, Any], version: str) -> Any:
        return {"protocolVersion": "2025-11-25"} if method == "initialize" else None

    async def plain(self, method: str, params: Any, version: str, client: str) -> Any:
        if method != "tools/call":
            return None
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.let.wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return {"text": "x" * params.get("size", 1)}

    @property
    def opened(self) -> Opened:
        return Opened(self.early, self.plain, lambda: fixture_server(self.bench))


def cancelled(id: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}


async def until(client: Client, slow: Slow, running: int) -> None:
    while slow.running != running:
        await anyio.lowlevel.checkpoint()


async def test_reading_pauses_while_too_many_plain_requests_run_and_none_is_lost() -> None:
    slow, many = Slow(), MOST_PLAIN + 50
    async with served(slow.opened) as client:
        await client.send(initialize("2025-11-25"))
        client.put(*(request(id, "tools/call", {}) for id in range(many)))
        await until(client, slow, MOST_PLAIN)
        slow.let.set()
        client.leave()
        answers = await client.rest()
    assert sorted(answer["id"] for answer in answers if answer["id"] != "i") == list(range(many))
    assert slow.most == MOST_PLAIN


@pytest.mark.long
async def test_a_client_that_reads_nothing_holds_as_many_answers_as_it_may_have_requests() -> None:
    slow = Slow()
    slow.let.set()
    async with served(slow.opened, room=4096) as client:
        await client.send(initialize("2025-11-25"))
        # Each answer alone is more than a pipe takes, so that all wait for this client to read.
        client.put(*(request(id, "tools/call", {"size": 200_000}) for id in range(MOST_PLAIN * 3)))
        while slow.begun < MOST_PLAIN:
            await anyio.lowlevel.checkpoint()
        for _ in range(2000):
            await anyio.lowlevel.checkpoint()
        assert slow.begun == MOST_PLAIN
        client.leave()
        assert len([await client.receive() for _ in range(MOST_PLAIN * 3)]) == MOST_PLAIN * 3


async def test_what_the_sdk_works_on_is_refused_over_the_bound_and_calling_off_makes_room() -> None:
    slow = Slow()
    async with served(slow.opened, slow.let.wait) as client:
        await client.send(initialize("2025-11-25"))
        await client.send(*(request(id, "no/such", {}) for id in range(MOST_WITH_SDK)))
        slow.let.set()
        client.leave()
        told = await client.rest()
    assert len(told) == MOST_WITH_SDK + 1

    slow = Slow()
    async with served(slow.opened, slow.let.wait) as client:
        # Nothing was agreed, so that the SDK hears everything.
        await client.send(*(request(id, "tools/call", {"name": "who"}) for id in range(MOST_WITH_SDK + 1)))
        refused = await client.receive()
        await client.send(cancelled(0), request("again", "tools/list"))
        slow.let.set()
        client.leave()
        answers = {answer["id"] for answer in await client.rest()}
    assert (refused["id"], refused["error"]["code"]) == (MOST_WITH_SDK, BUSY)
    assert "nothing was done" in refused["error"]["message"]
    assert answers == {*range(1, MOST_WITH_SDK), "again"}


async def test_what_was_called_off_is_not_answered_and_its_id_is_free_at_once() -> None:
    slow = Slow()
    async with served(slow.opened) as client:
        await client.send(initialize("2025-11-25"), request(1, "tools/call", {}))
        await until(client, slow, 1)
        await client.send(cancelled("1"), request(1, "tools/call", {"size": 3}))
        slow.let.set()
        client.leave()
        answers = await client.rest()
    assert [answer["result"] for answer in answers if answer["id"] == 1] == [{"text": "xxx"}]
    assert slow.cancelled == 1


async def test_whoever_leaves_while_calls_run_gets_their_end_after_the_grace() -> None:
    slow = Slow()
    async with served(slow.opened, grace=0) as client:
        await client.send(initialize("2025-11-25"), request(1, "tools/call", {}))
        await until(client, slow, 1)
        client.leave()
        answers = await client.rest()
    assert answers[1:] == [{"jsonrpc": "2.0", "id": 1, "error": {"code": CLOSED, "message": "Connection closed"}}]


def _pipe() -> tuple[int, int]:
    return os.pipe()


def _sockets() -> tuple[int, int]:
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


@pytest.mark.parametrize("connect", [_pipe, _sockets])
async def test_a_long_line_waits_for_room_whole_whatever_leads_to_the_client(
    connect: Callable[[], tuple[int, int]],
) -> None:
    """Node gives its children sockets, Python pipes; neither becomes a descriptor that does not block."""
    reading, writing = connect()
    output, line, got = Output(Wire(reading, writing)), b"x" * 3_000_000 + b"\n", bytearray()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(output.write, line)
            group.start_soon(output.write, b"next\n")
            while len(got) < len(line) + 5:
                await anyio.wait_readable(reading)
                got += os.read(reading, 65536)
    assert bytes(got) == line + b"next\n"
    assert os.get_blocking(writing)
    os.close(reading)
    output = Output(Wire(reading, writing))
    with pytest.raises(ClientGone):
        await output.write(b"nobody reads this")
    os.close(writing)
