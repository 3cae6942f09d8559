"""A backlog of webhooks: a turn costs what it takes, not what waits, and a dead receiver holds up no healthy one.

FLINTT_BACKLOG says how many deliveries wait (`make soak`: 5,000, where times and rates are shown); a few otherwise.
"""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flintt_mcp.sandbox.delivery.dispatcher import Pace
from flintt_mcp.sandbox.delivery.outbox import write_delivery
from flintt_mcp.sandbox.delivery.queue import Claim, Taken, take, waiting
from flintt_mcp.sandbox.delivery.settling import Ended, Outcome, settle
from flintt_mcp.sandbox.flintt.events import FLINTT_WEBHOOKS
from flintt_mcp.sandbox.server import SCHEMES, Sandbox, deliver_webhooks, open_sandbox
from tests.sandbox.webhook_bench import Receiver, dispatcher, hook, rows, run_until_idle, user_id

pytestmark = pytest.mark.anyio

BACKLOG = int(os.environ.get("FLINTT_BACKLOG", "200"))
DEAD = "https://dead.example/"


async def backlog(sandbox: Sandbox, endpoint: dict[str, Any], count: int) -> None:
    """Let so many deliveries wait for an endpoint."""
    owner, now = await user_id(sandbox), sandbox.ground.clock()

    def write(connection: sqlite3.Connection) -> None:
        for number in range(count):
            data = {"number": number}
            write_delivery(connection, FLINTT_WEBHOOKS, owner, endpoint["id"], "company.created", data, now)

    await sandbox.database.write(write)


def counted(connection: sqlite3.Connection, steps: list[int], work: Callable[..., Any], *args: Any) -> Any:
    """Do some work, and add how many instructions SQLite carried out for it."""
    carried_out = 0

    def step() -> None:
        nonlocal carried_out
        carried_out += 1

    connection.set_progress_handler(step, 1)
    try:
        return work(connection, *args)
    finally:
        connection.set_progress_handler(None, 1)
        steps.append(carried_out)


def one_turn(connection: sqlite3.Connection, now: float) -> list[Taken]:
    """What a dispatcher does in a turn: take sixteen, note them."""
    [endpoint] = waiting(connection, now)
    taken = take(connection, Claim("me", now, 30.0), {endpoint.id: 16})
    for one in taken[:8]:
        settle(connection, SCHEMES, "me", Ended(one, Outcome(now, 0.0, 200), 0.0))
    for one in taken[8:]:
        settle(connection, SCHEMES, "me", Ended(one, Outcome(now, 0.0, 500, "answered 500"), 0.0))
    return taken


async def test_the_work_of_a_turn_does_not_grow_with_what_waits(sandbox, clock):
    endpoint = await hook(sandbox)
    steps: list[int] = []
    for more in (BACKLOG, 9 * BACKLOG):
        await backlog(sandbox, endpoint, more)
        began = time.perf_counter()
        taken = await sandbox.database.write(counted, steps, one_turn, clock().timestamp())
        print(f"\nwebhooks: {more} more due, a turn of 16 took {(time.perf_counter() - began) * 1000:.1f} ms", end="")
        assert len(taken) == 16

    few, many = steps
    assert many < few * 1.2


async def test_what_ends_is_written_down_in_batches(sandbox, clock, monkeypatch):
    await backlog(sandbox, await hook(sandbox), 160)
    writes = []
    write = sandbox.database.write

    async def counting(*args: Any) -> Any:
        writes.append(args)
        return await write(*args)

    monkeypatch.setattr(sandbox.database, "write", counting)
    assert await dispatcher(sandbox, Receiver(), clock).round() == 160

    assert len(writes) == 11
    assert {row["state"] for row in await rows(sandbox, "webhook_deliveries")} == {"delivered"}


async def delivered(sandbox: Sandbox, endpoint: dict[str, Any]) -> int:
    query = "SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = ? AND state = 'delivered'"
    return await sandbox.database.read(lambda connection: connection.execute(query, (endpoint["id"],)).fetchone()[0])


async def test_an_endpoint_that_never_answers_holds_up_no_other(sandbox, clock):
    dead = await hook(sandbox, url=DEAD)
    await backlog(sandbox, dead, 300)
    well = await hook(sandbox)
    await backlog(sandbox, well, 300)
    begun, done, ended = [], [], anyio.Event()

    async def post(url: str, _headers: object, _body: bytes) -> int:
        if url == DEAD:
            begun.append(url)
            await anyio.sleep_forever()
        done.append(url)
        if len(done) == 300:
            ended.set()
        return 200

    async with anyio.create_task_group() as group:
        group.start_soon(dispatcher(sandbox, post, clock).run)
        with anyio.fail_after(20):
            await ended.wait()
        group.cancel_scope.cancel()

    assert len(begun) <= 16
    assert (await delivered(sandbox, dead), await delivered(sandbox, well)) == (0, 300)


async def test_after_a_failure_one_delivery_at_a_time_finds_out_whether_the_receiver_is_back(sandbox, clock):
    await backlog(sandbox, await hook(sandbox), 100)
    at_once, most = 0, []

    async def post(_url: str, _headers: object, _body: bytes) -> int:
        nonlocal at_once
        at_once += 1
        await checkpoint()
        most.append(at_once)
        at_once -= 1
        return 503 if len(most) <= 20 else 200

    assert await dispatcher(sandbox, post, clock).round() == 100

    assert most[:16] == [16 - number for number in range(16)]
    assert most[16:20] == [1, 1, 1, 1]
    assert max(most[21:]) == 16


async def test_an_attempt_that_cannot_be_written_down_keeps_its_place_and_is_not_made_again(
    sandbox, clock, monkeypatch, caplog
):
    await backlog(sandbox, await hook(sandbox), 40)
    receiver, write = Receiver(), sandbox.database.write

    async def full(*args: Any) -> Any:
        if len(receiver.got) == 16:
            clock.forward(seconds=31)
            monkeypatch.undo()
            raise sqlite3.OperationalError("database or disk is full")
        return await write(*args)

    monkeypatch.setattr(sandbox.database, "write", full)
    await run_until_idle(dispatcher(sandbox, receiver, clock))

    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == len(receiver.got) == 40
    assert len(await rows(sandbox, "webhook_attempts")) == 40
    assert "webhook deliveries wait: database or disk is full" in caplog.text


async def test_what_ended_before_a_stop_is_written_down_and_not_sent_again(sandbox, clock):
    await backlog(sandbox, await hook(sandbox), 3)
    sent: list[str] = []

    async with anyio.create_task_group() as group:

        async def post(_url: str, headers: Mapping[str, str], _body: bytes) -> int:
            sent.append(headers["webhook-id"])
            if len(sent) == 3:
                group.cancel_scope.cancel()
            return 200

        group.start_soon(dispatcher(sandbox, post, clock).run)
    receiver = Receiver()

    assert await dispatcher(sandbox, receiver, clock).round() == 0
    assert {row["id"] for row in await rows(sandbox, "webhook_deliveries") if row["state"] == "delivered"} == set(sent)


async def test_what_an_older_version_wrote_or_held_is_sent(sandbox, clock):
    await backlog(sandbox, await hook(sandbox), 2)
    now = clock().timestamp()

    def as_before(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE webhook_deliveries SET due_at = NULL")
        connection.execute(
            "UPDATE webhook_deliveries SET holder = 'killed', lease_until = ? WHERE rowid = 1", (now + 30.0,)
        )

    await sandbox.database.write(as_before)
    sender = dispatcher(sandbox, Receiver(), clock)

    assert await sender.round() == 1
    clock.forward(seconds=31)
    assert await sender.round() == 1


class Quick(asyncio.Protocol):
    """A receiver that answers at once, and does nothing else."""

    got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and length and len(body) >= int(length[1]):
            self.got = b""
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@asynccontextmanager
async def listening(protocol: Callable[[], asyncio.Protocol]) -> AsyncIterator[str]:
    """Serve a protocol on a free port of loopback."""
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def test_a_backlog_reaches_a_quick_receiver_over_http_beside_a_silent_one(data_dir):
    emptied = anyio.Event()
    async with (
        listening(Quick) as quick,
        listening(asyncio.Protocol) as silent,
        open_sandbox(data_dir, loopback_webhooks=True) as sandbox,
    ):
        for url in (silent, quick):
            endpoint = await hook(sandbox, url=url)
            await backlog(sandbox, endpoint, BACKLOG)

        async def rest(_seconds: float) -> None:
            if await delivered(sandbox, endpoint) == BACKLOG:
                emptied.set()
            await anyio.sleep(0.1)

        began, cpu = time.perf_counter(), time.process_time()
        async with anyio.create_task_group() as group:
            group.start_soon(deliver_webhooks, sandbox, Pace(sleep=rest))
            with anyio.fail_after(20 + BACKLOG / 50):
                await emptied.wait()
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            group.cancel_scope.cancel()
        attempts = await rows(sandbox, "webhook_attempts")

    assert [one["status"] for one in attempts if one["status"]] == [204] * BACKLOG
    print(
        f"\nwebhooks: {BACKLOG} for each of two receivers, one silent: {BACKLOG / took:,.0f} a second to the other, "
        f"{cpu / BACKLOG * 1000:.2f} ms of CPU each, the receiver's included"
    )
