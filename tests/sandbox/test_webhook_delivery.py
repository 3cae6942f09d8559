"""Events and their deliveries: written with the change, signed, tried again, given up, and never lost or doubled."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging

import anyio
import pytest

from flintt_mcp.sandbox.delivery.scheme import DELAYS
from flintt_mcp.sandbox.flintt.events import tell
from flintt_mcp.sandbox.flowpilot.events import EVENTS as FLOWPILOT_EVENTS
from flintt_mcp.sandbox.flowpilot.events import FLOWPILOT_WEBHOOKS
from flintt_mcp.sandbox.flowpilot.events import tell as tell_flowpilot
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.network.guard import Failed
from flintt_mcp.sandbox.network.urls import Refused
from tests.sandbox.webhook_bench import URL, Receiver, dispatcher, hook, rows, run_until_idle, user_id

pytestmark = pytest.mark.anyio

DAY = 86_400


def verify_flintt_signature(body: bytes, secret: str, header: str) -> bool:
    """Letter for letter from the reference."""
    expected = "sha256=" + hmac.new(
        secret.encode(), body, hashlib.sha256
    ).hexdigest()  # fmt: skip
    return hmac.compare_digest(expected, header)


def standard_signature(secret: str, headers, body: bytes) -> str:
    """As the specification of Standard Webhooks says it."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


async def test_a_new_company_is_told_in_the_documented_envelope_with_both_proofs(sandbox, flintt, clock):
    endpoint = await hook(sandbox)
    company = (await flintt.post("companies", json={"name": "Acme", "domain": "acme.example"})).json()
    receiver = Receiver()

    assert await dispatcher(sandbox, receiver, clock).round() == 1

    [(url, headers, body)] = receiver.got
    envelope = json.loads(body)
    assert url == URL
    assert envelope == {
        "event": "company.created",
        "delivery_id": headers["webhook-id"],
        "timestamp": "2026-09-30T09:00:00Z",
        "data": company,
    }
    assert list(envelope) == ["event", "delivery_id", "timestamp", "data"]
    assert verify_flintt_signature(body, endpoint["signing_secret"], headers["X-Flintt-Signature"])
    assert headers["Authorization"] == f"Bearer {endpoint['auth_token']}"
    assert headers["webhook-timestamp"] == str(int(clock().timestamp()))
    assert headers["webhook-signature"] == standard_signature(endpoint["signing_secret"], headers, body)
    assert (headers["Content-Type"], headers["User-Agent"]) == ("application/json", "Flintt-Webhooks/1.0")


async def test_a_new_prospect_is_told_as_a_list_would_show_it(sandbox, flintt, clock):
    await hook(sandbox)
    prospect = (await flintt.post("prospects", json={"name": "Ada", "estimated_value": 12.5})).json()
    receiver = Receiver()
    await dispatcher(sandbox, receiver, clock).round()

    assert [(one["event"], one["data"]) for one in receiver.envelopes] == [("prospect.created", prospect)]


async def test_only_what_an_endpoint_asked_for_reaches_it_and_only_from_its_owner(sandbox, flintt, other, clock):
    await hook(sandbox, events=("prospect.created",))
    await flintt.post("companies", json={"name": "Not asked for"})
    await other.post("prospects", json={"name": "Somebody else's"})
    await flintt.post("prospects", json={"name": "Mine"})
    receiver = Receiver()
    await dispatcher(sandbox, receiver, clock).round()

    assert [one["data"]["name"] for one in receiver.envelopes] == ["Mine"]
    assert len(await rows(sandbox, "webhook_deliveries")) == 1


async def test_a_change_that_is_undone_tells_nothing(sandbox, clock):
    await hook(sandbox)
    owner = await user_id(sandbox)

    def change(connection):
        tell(connection, owner, "company.created", {"name": "Never"}, clock())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await sandbox.database.write(change)

    assert await rows(sandbox, "webhook_deliveries") == []


async def test_an_event_that_is_not_documented_cannot_be_told(sandbox, clock):
    with pytest.raises(ValueError, match=r"company\.sold"):
        await sandbox.database.write(tell, "somebody", "company.sold", {}, clock())


async def test_a_failed_delivery_is_tried_ten_times_with_growing_waits_and_the_same_bytes(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    receiver = Receiver(answers=[Failed("no complete answer in time"), 302, 400, *[503] * 7])
    sender = dispatcher(sandbox, receiver, clock)
    waits = []
    for delay in (*DELAYS, DAY):
        assert await sender.round() == 1
        clock.forward(seconds=delay - 1)
        assert await sender.round() == 0
        clock.forward(seconds=1)
        waits.append(delay)

    assert len({body for _, _, body in receiver.got}) == 1
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in receiver.got}) == 10
    [delivery] = await rows(sandbox, "webhook_deliveries")
    assert (delivery["state"], delivery["tries"]) == ("failed", 10)
    attempts = await rows(sandbox, "webhook_attempts")
    assert [(one["status"], one["error"]) for one in attempts[:3]] == [
        (None, "no complete answer in time"),
        (302, "answered 302, a redirect, which is not followed"),
        (400, "answered 400"),
    ]
    assert waits == sorted(waits)
    [endpoint] = await rows(sandbox, "webhook_endpoints")
    assert (endpoint["active"], endpoint["off_reason"]) == (0, "every attempt failed for 3 days")


async def test_chance_lengthens_a_wait_by_a_fifth_at_most(sandbox, flintt, clock):
    assert [sandbox and FLOWPILOT_WEBHOOKS.wait(1, chance) for chance in (0.0, 0.5, 1.0)] == [5.0, 5.5, 6.0]


async def test_a_delivery_that_goes_through_later_ends_the_count_of_failures(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    receiver = Receiver(answers=[500])
    sender = dispatcher(sandbox, receiver, clock)
    await sender.round()
    clock.forward(seconds=6)
    await sender.round()

    [endpoint] = await rows(sandbox, "webhook_endpoints")
    [delivery] = await rows(sandbox, "webhook_deliveries")
    assert (endpoint["failures"], endpoint["failing_since"], endpoint["active"]) == (0, None, 1)
    assert (delivery["state"], delivery["ended_at"]) == ("delivered", "2026-09-30T09:00:06Z")


async def test_410_switches_the_endpoint_off_at_once_and_what_waits_goes_when_a_person_switches_it_on(
    sandbox, flintt, clock
):
    endpoint = await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    receiver = Receiver(answers=[410])
    sender = dispatcher(sandbox, receiver, clock)
    await sender.round()
    clock.forward(days=1)
    await flintt.post("companies", json={"name": "Nobody listens"})

    assert await sender.round() == 0
    assert (await rows(sandbox, "webhook_endpoints"))[0]["off_reason"] == "it answered 410 Gone"

    def on(connection):
        connection.execute("UPDATE webhook_endpoints SET active = 1 WHERE id = ?", (endpoint["id"],))

    await sandbox.database.write(on)
    assert await sender.round() == 1
    assert [one["data"]["name"] for one in receiver.envelopes] == ["Acme", "Acme"]


async def test_a_destination_that_the_guard_refuses_counts_as_a_failure(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    await dispatcher(sandbox, Receiver(answers=[Refused("an address that is not public")]), clock).round()

    [attempt] = await rows(sandbox, "webhook_attempts")
    assert (attempt["status"], attempt["error"]) == (None, "not sent: an address that is not public")


async def test_of_two_dispatchers_on_one_folder_one_delivers(sandbox, flintt, clock):
    await hook(sandbox)
    first, second = Receiver(), Receiver()
    one, two = dispatcher(sandbox, first, clock), dispatcher(sandbox, second, clock)
    for number in range(5):
        await flintt.post("companies", json={"name": f"Acme {number}"})
        assert (await one.round(), await two.round()) == (1, 0)
    clock.forward(seconds=31)
    await flintt.post("companies", json={"name": "After the lease"})

    assert (await two.round(), await one.round()) == (1, 0)
    assert (len(first.got), len(second.got)) == (5, 1)


async def test_what_a_killed_process_held_is_sent_again_when_its_lease_is_over(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    begun = anyio.Event()

    async def hang(_url, _headers, _body):
        begun.set()
        await anyio.sleep_forever()

    killed = dispatcher(sandbox, hang, clock)
    async with anyio.create_task_group() as group:
        group.start_soon(killed.round)
        await begun.wait()
        group.cancel_scope.cancel()
    receiver = Receiver()
    sender = dispatcher(sandbox, receiver, clock)

    assert await sender.round() == 0
    clock.forward(seconds=31)
    assert await sender.round() == 1
    assert (await rows(sandbox, "webhook_deliveries"))[0]["state"] == "delivered"


async def test_a_process_that_comes_back_late_changes_nothing(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    receiver = Receiver()

    async def slow(_url, _headers, _body):
        clock.forward(seconds=31)
        assert await dispatcher(sandbox, receiver, clock).round() == 1
        return 500

    await dispatcher(sandbox, slow, clock).round()

    [delivery] = await rows(sandbox, "webhook_deliveries")
    assert (delivery["state"], len(receiver.got)) == ("delivered", 1)
    assert [one["status"] for one in await rows(sandbox, "webhook_attempts")] == [200]


async def test_a_dispatcher_that_is_stopped_gives_its_leases_back(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    begun = anyio.Event()

    async def hang(_url, _headers, _body):
        begun.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(dispatcher(sandbox, hang, clock).run)
        await begun.wait()
        group.cancel_scope.cancel()

    assert await rows(sandbox, "webhook_lease") == []
    assert await dispatcher(sandbox, Receiver(), clock).round() == 1


async def test_what_a_process_may_not_reach_is_left_to_one_that_may(sandbox, flintt, clock):
    await hook(sandbox, url="http://127.0.0.1:8080/")
    await flintt.post("companies", json={"name": "Acme"})
    outside, inside = Receiver(), Receiver()

    assert await dispatcher(sandbox, outside, clock, reaches=lambda url: "127.0.0.1" not in url).round() == 0
    assert await rows(sandbox, "webhook_lease") == []
    assert await dispatcher(sandbox, inside, clock).round() == 1
    assert (outside.got, len(inside.got)) == ([], 1)


async def test_a_dispatcher_with_nothing_left_lets_another_deliver_at_once(sandbox, flintt, clock):
    await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    receiver = Receiver()

    await run_until_idle(dispatcher(sandbox, receiver, clock))

    assert len(receiver.got) == 1
    assert await rows(sandbox, "webhook_lease") == []


async def test_a_running_dispatcher_sends_what_comes_and_one_slow_endpoint_does_not_hold_up_another(
    sandbox, flintt, clock
):
    await hook(sandbox, events=("company.created",), url="https://slow.example/")
    await hook(sandbox, events=("prospect.created",), url="https://quick.example/")
    arrived = anyio.Event()
    slow = []

    async def post(url, _headers, _body):
        if "slow" in url:
            slow.append(url)
            await anyio.sleep_forever()
        arrived.set()
        return 200

    for number in range(20):
        await flintt.post("companies", json={"name": f"Acme {number}"})
    async with anyio.create_task_group() as group:
        group.start_soon(dispatcher(sandbox, post, clock).run)
        await flintt.post("prospects", json={"name": "Ada"})
        with anyio.fail_after(5):
            await arrived.wait()
        group.cancel_scope.cancel()

    assert len(slow) <= 16


async def test_an_idle_dispatcher_writes_nothing(sandbox, flintt, clock):
    await hook(sandbox)
    before = await sandbox.database.read(lambda connection: connection.execute("PRAGMA data_version").fetchone()[0])
    sender = dispatcher(sandbox, Receiver(), clock)
    for _ in range(3):
        await sender.round()

    assert await rows(sandbox, "webhook_lease") == []
    assert before == await sandbox.database.read(
        lambda connection: connection.execute("PRAGMA data_version").fetchone()[0]
    )


async def test_no_secret_is_stored_and_none_is_logged(sandbox, flintt, clock, data_dir, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint = await hook(sandbox)
    await flintt.post("companies", json={"name": "Acme"})
    await dispatcher(sandbox, Receiver(answers=[500]), clock).round()
    secrets = (endpoint["signing_secret"], endpoint["signing_secret"].removeprefix("whsec_"), endpoint["auth_token"])

    for file in data_dir.iterdir():
        assert not any(secret.encode() in file.read_bytes() for secret in secrets)
    assert "answered 500" in caplog.text
    assert not any(secret in caplog.text for secret in (*secrets, URL))


async def organisation_id(sandbox) -> str:
    return (await rows(sandbox, "flowpilot_organisations"))[0]["id"]


async def test_flowpilot_has_its_own_envelope_and_headers_and_a_test_event_on_registration(sandbox, clock):
    owner = await organisation_id(sandbox)
    endpoint = await hook(sandbox, owner, FLOWPILOT_EVENTS, FLOWPILOT_WEBHOOKS)
    data = {"run_id": "a1b2c3d4", "approved_count": 48}
    await sandbox.database.write(tell_flowpilot, "run.completed", owner, data, stamp(clock()))
    receiver = Receiver()
    await dispatcher(sandbox, receiver, clock).round()

    test, completed = receiver.envelopes
    assert test["event"] == "webhook.test"
    assert test["timestamp"] == "2026-09-30T09:00:00.000Z"
    assert (completed["event"], completed["data"]) == ("run.completed", data)
    assert completed["timestamp"] == test["timestamp"]
    _, headers, body = receiver.got[1]
    assert {name: headers[name] for name in ("X-FlowPilot-Event", "X-FlowPilot-Delivery", "User-Agent")} == {
        "X-FlowPilot-Event": "run.completed",
        "X-FlowPilot-Delivery": completed["delivery_id"],
        "User-Agent": "FlowPilot-Webhooks/1.0",
    }
    assert verify_flintt_signature(body, endpoint["signing_secret"], headers["X-FlowPilot-Signature"])
    assert "Authorization" not in headers


async def test_flowpilot_switches_an_endpoint_off_after_five_failures_in_a_row(sandbox, clock):
    owner = await organisation_id(sandbox)
    await hook(sandbox, owner, FLOWPILOT_EVENTS, FLOWPILOT_WEBHOOKS)
    sender = dispatcher(sandbox, Receiver(answers=[*[500] * 3, 200, *[500] * 9]), clock)
    active = []
    for _ in range(9):
        await sandbox.database.write(tell_flowpilot, "payout.failed", owner, {}, stamp(clock()))
        await sandbox.database.write(_only_newest)
        await sender.round()
        active.append((await rows(sandbox, "webhook_endpoints"))[0]["active"])

    assert active == [1] * 8 + [0]
    assert (await rows(sandbox, "webhook_endpoints"))[0]["off_reason"] == "5 attempts in a row failed"


def _only_newest(connection):
    """Leave one delivery, so that each round is one attempt."""
    connection.execute(
        "DELETE FROM webhook_deliveries WHERE rowid < (SELECT max(rowid) FROM webhook_deliveries)",
    )
