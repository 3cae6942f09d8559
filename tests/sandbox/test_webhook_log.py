"""The delivery log stays short: what ended long ago is forgotten with its attempts, what waits is not."""

from __future__ import annotations

import anyio
import pytest

from flintt_mcp.sandbox.delivery import pruning
from flintt_mcp.sandbox.delivery.endpoints import Owner
from flintt_mcp.sandbox.delivery.log import resend
from flintt_mcp.sandbox.delivery.pruning import forget_old
from flintt_mcp.sandbox.flintt.events import FLINTT_WEBHOOKS
from flintt_mcp.sandbox.server import deliver_webhooks
from tests.sandbox.webhook_bench import Receiver, dispatcher, hook, rows

pytestmark = pytest.mark.anyio


@pytest.fixture
def told(sandbox, flintt, clock):
    """Tells of new companies; the receiver gives these answers, else 200."""
    receiver = Receiver()
    sender = dispatcher(sandbox, receiver, clock)

    async def tell(*names: str, answers=()):
        for name in names:
            await flintt.post("companies", json={"name": name})
        receiver.answers[:] = answers
        await sender.round()

    return tell


async def logged(sandbox) -> list[str]:
    query = "SELECT body -> 'data' ->> 'name' AS name FROM webhook_deliveries ORDER BY rowid"
    return await sandbox.database.read(lambda connection: [row["name"] for row in connection.execute(query)])


async def test_what_ended_more_than_30_days_ago_is_forgotten_with_its_attempts(sandbox, told, clock):
    await hook(sandbox)
    await told("Delivered")
    clock.forward(days=1)
    await told("Waits", answers=[500])
    clock.forward(days=29)
    assert await forget_old(sandbox.database, clock) == 0

    clock.forward(seconds=1)
    assert await forget_old(sandbox.database, clock) == 1
    assert await logged(sandbox) == ["Waits"]
    clock.forward(days=400)
    assert await forget_old(sandbox.database, clock) == 0
    assert [row["status"] for row in await rows(sandbox, "webhook_attempts")] == [500]


async def test_of_each_endpoint_the_newest_stay(sandbox, told, clock):
    await hook(sandbox)
    await told("One", "Two", "Three")
    await hook(sandbox, url="https://other.example/")
    await told("Four")

    assert await forget_old(sandbox.database, clock, rows=2) == 2
    assert await logged(sandbox) == ["Three", "Four", "Four"]


async def test_what_is_old_is_looked_for_once_however_much_it_is(sandbox, told, clock, monkeypatch):
    await hook(sandbox)
    await told(*(f"Acme {number}" for number in range(9)))
    looks = []
    read = sandbox.database.read

    async def counting(*args):
        looks.append(args)
        return await read(*args)

    monkeypatch.setattr(sandbox.database, "read", counting)
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    assert await forget_old(sandbox.database, clock, rows=2) == 7

    assert len(looks) == 1
    monkeypatch.undo()
    assert await logged(sandbox) == ["Acme 7", "Acme 8"]


async def test_a_delivery_that_is_sent_again_stays_though_it_is_old(sandbox, told, clock):
    endpoint = await hook(sandbox)
    await told("Acme")
    clock.forward(days=31)
    [delivery] = await rows(sandbox, "webhook_deliveries")
    owner = Owner(FLINTT_WEBHOOKS, delivery["owner_id"])
    await sandbox.database.write(resend, owner, endpoint["id"], delivery["id"])

    assert await forget_old(sandbox.database, clock) == 0


async def test_whoever_delivers_shortens_the_log(sandbox, told, clock):
    await hook(sandbox)
    await told(*(f"Acme {number}" for number in range(3)))
    clock.forward(days=31)

    async with anyio.create_task_group() as group:
        group.start_soon(deliver_webhooks, sandbox)
        with anyio.fail_after(10):
            while await logged(sandbox):  # noqa: ASYNC110 - told by nobody
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()
