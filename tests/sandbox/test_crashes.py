"""A process that is killed while it writes and delivers loses nothing that it acknowledged, and no event.

FLINTT_CRASHES says how often (`make soak`: 50); a few times otherwise.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from flintt_mcp.sandbox.delivery.dispatcher import Pace
from flintt_mcp.sandbox.server import deliver_webhooks, open_sandbox, webhook_for
from flintt_mcp.webhooks import Delivery, verify_flintt
from tests.sandbox import crash_child
from tests.sandbox.webhook_bench import rows, served

pytestmark = pytest.mark.anyio

CRASHES = int(os.environ.get("FLINTT_CRASHES", "5"))
ROOT = Path(__file__).parents[2]


class Receiver:
    """Verifies deliveries over real HTTP and keeps every one, repeats too."""

    def __init__(self) -> None:
        self.secret = ""
        self.got: list[tuple[bytes, Delivery]] = []

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:  # killed in the middle of a request
            return
        self.got.append((body, verify_flintt(body, self.secret, request.headers, tolerance=60)))
        await Response(status_code=204)(scope, receive, send)


async def crash(folder: Path, moment: float) -> list[str]:
    """Run the child, kill it `moment` seconds after its first acknowledged write, and answer what it acknowledged."""
    command = [sys.executable, "-W", "error", "-m", crash_child.__name__, str(folder)]
    async with await anyio.open_process(command, stderr=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        told = bytearray()
        with anyio.fail_after(60):
            while b"\n" not in told:
                told += await child.stdout.receive()
        with anyio.move_on_after(moment):
            while True:
                told += await child.stdout.receive()
        child.send_signal(signal.SIGKILL)
        async for chunk in child.stdout:
            told += chunk
        assert await child.wait() == -signal.SIGKILL
    return told.decode().rpartition("\n")[0].split("\n")


def is_sound(folder: Path) -> bool:
    connection = sqlite3.connect(folder / "sandbox.db")
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sound and connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


async def deliver_the_rest(sandbox) -> None:
    """Deliver in this process until nothing waits any more."""

    async def pending() -> int:
        query = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"
        return await sandbox.database.read(lambda connection: connection.execute(query).fetchone()[0])

    emptied = anyio.Event()

    async def look(seconds: float) -> None:
        if not await pending():
            emptied.set()
        await anyio.sleep(min(seconds, 0.02))

    async with anyio.create_task_group() as group:
        group.start_soon(deliver_webhooks, sandbox, Pace(poll=0.02, lease=0.4, sleep=look))
        with anyio.fail_after(60):
            await emptied.wait()
        group.cancel_scope.cancel()


async def test_no_acknowledged_write_and_no_event_is_lost_when_the_process_is_killed(data_dir):
    receiver, chance = Receiver(), random.Random(os.environ.get("FLINTT_CRASH_SEED"))
    acknowledged: list[str] = []
    async with served(receiver) as url, open_sandbox(data_dir, loopback_webhooks=True) as sandbox:
        seeded = {row["id"] for row in await rows(sandbox, "flintt_companies")}
        async with webhook_for(sandbox, "flintt", url) as endpoint:
            receiver.secret = endpoint["signing_secret"]
            for _ in range(CRASHES):
                acknowledged += await crash(data_dir, chance.uniform(0, 0.4))
                assert is_sound(data_dir)
            await deliver_the_rest(sandbox)
            made = {row["id"] for row in await rows(sandbox, "flintt_companies")} - seeded
            deliveries = await rows(sandbox, "webhook_deliveries")

    bodies: dict[str, set[bytes]] = {}
    for body, delivery in receiver.got:
        bodies.setdefault(delivery.delivery_id, set()).add(body)
    effects = {delivery.delivery_id: delivery.data["id"] for _, delivery in receiver.got}
    assert len(acknowledged) >= CRASHES
    assert set(acknowledged) <= made
    assert {row["state"] for row in deliveries} == {"delivered"}
    assert set(effects) == {row["id"] for row in deliveries}
    assert all(len(same) == 1 for same in bodies.values())
    assert sorted(effects.values()) == sorted(made)
    repeats = len(receiver.got) - len(effects)
    print(
        f"\nwrites and deliveries: {CRASHES} kills; {len(acknowledged)} acknowledged writes, all there; {len(effects)} events, all "
        f"delivered, each under one delivery_id, with {repeats} repeats"
    )
