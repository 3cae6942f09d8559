"""What is told to webhooks: which events, in which order, with which data, inside the transaction of the change."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from flintt_mcp.sandbox.delivery.endpoints import NewEndpoint, Owner, register
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.events import EVENTS, FLOWPILOT_WEBHOOKS
from flintt_mcp.sandbox.flowpilot.lifecycle import catch_up, start
from flintt_mcp.sandbox.flowpilot.money import to_json
from flintt_mcp.sandbox.flowpilot.payouts import approve, reject
from flintt_mcp.sandbox.ground.clock import stamp

pytestmark = pytest.mark.anyio


@pytest.fixture
def played(sandbox, clock):
    """Plays one run of the first organisation to its end and answers what was told."""

    async def played(objective, budget, decision=approve, tolerance=0.3):
        told = []

        def play(connection):
            owner = connection.execute("SELECT id FROM flowpilot_organisations ORDER BY rowid").fetchone()["id"]

            def keep(_connection, event, to, data, _moment):
                told.append((event, to == owner, data))

            books = Books(connection, owner, tell_with=keep)
            run_id = start(books, stamp(clock()), objective, tolerance, budget)
            clock.forward(minutes=1)
            catch_up(books, stamp(clock()))
            decision(books, books.rows("SELECT * FROM flowpilot_runs WHERE id = ?", run_id)[0], stamp(clock()))
            clock.forward(minutes=10)
            catch_up(books, stamp(clock()))
            return run_id

        run_id = await sandbox.database.write(play)
        assert all(is_own and event in EVENTS for event, is_own, _ in told)
        return run_id, [(event, data) for event, _, data in told]

    return played


async def test_a_run_that_is_approved_tells_every_step(played):
    run_id, told = await played("Pay Adaeze Okonkwo and Blessing Ekpo", 200_000_00)
    told = dict(told)
    paid, flagged = told["payout.succeeded"], told["candidate.flagged"]
    run = {"run_id": run_id, "objective": "Pay Adaeze Okonkwo and Blessing Ekpo"}

    assert list(told) == [
        "candidate.flagged",
        "approval.requested",
        "approval.completed",
        "payout.succeeded",
        "run.completed",
    ]
    assert flagged == {
        "run_id": run_id,
        "candidate_id": flagged["candidate_id"],
        "beneficiary_name": "Blessing Ekpo",
        "amount": flagged["amount"],
        "currency": "NGN",
        "risk_score": 0.95,
    }
    assert told["approval.requested"] == run | {
        "status": "awaiting_approval",
        "candidate_count": 2,
        "total": Decimal("200000.00"),
        "currency": "NGN",
    }
    assert told["approval.completed"] == run | {"decision": "approved", "approved_count": 1, "rejected_count": 1}
    assert paid == {
        "run_id": run_id,
        "candidate_id": paid["candidate_id"],
        "beneficiary_name": "Adaeze Okonkwo",
        "amount": paid["amount"],
        "currency": "NGN",
        "reference": "FP-20260930-00002",
        "status": "SUCCESS",
    }
    assert told["run.completed"] == run | {"status": "completed", "approved_count": 1}
    assert f'"amount":{paid["amount"]},'.encode() in to_json(paid)


async def test_a_rejected_run_tells_that_it_failed(played):
    run_id, told = await played("Pay Adaeze Okonkwo", 100_000_00, reject)

    assert [event for event, _ in told] == ["approval.requested", "approval.completed", "run.failed"]
    assert told[-1][1] == {
        "run_id": run_id,
        "objective": "Pay Adaeze Okonkwo",
        "status": "failed",
        "reason": "rejected",
    }


async def test_declined_and_slow_transfers_are_told_when_it_is_known(played):
    _, declined = await played("Pay Eko Pallet Hire", 100_000_00, tolerance=1)
    _, slow = await played("Pay Sadiq Lawal", 100_000_00, tolerance=1)

    assert [event for event, _ in declined][-2:] == ["payout.failed", "run.completed"]
    assert declined[-2][1].items() >= {"status": "FAILED", "reason": "declined_by_bank"}.items()
    assert [event for event, _ in slow][-2:] == ["run.completed", "payout.succeeded"]


async def test_a_change_that_is_undone_tells_nothing_that_lasts(sandbox, clock):
    def break_off(connection):
        owner = connection.execute("SELECT id FROM flowpilot_organisations").fetchone()["id"]

        def tell(inside, event, to, data, _moment):
            inside.execute("INSERT INTO flowpilot_organisations VALUES (?, ?, ?)", (event, to, "now"))

        books = Books(connection, owner, tell_with=tell)
        books.tell("webhook.test", {}, stamp(clock()))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await sandbox.database.write(break_off)

    query = "SELECT count(*) FROM flowpilot_organisations"
    assert await sandbox.database.read(lambda connection: connection.execute(query).fetchone()[0]) == 2


async def test_an_event_is_dated_when_it_happened_by_the_clock_of_the_sandbox(sandbox, clock, start, pilot):
    def register_endpoint(connection):
        owner = connection.execute("SELECT id FROM flowpilot_organisations ORDER BY rowid").fetchone()["id"]
        new = NewEndpoint(name="All", url="https://hooks.example.com/", events=EVENTS)
        register(connection, Owner(FLOWPILOT_WEBHOOKS, owner), sandbox.ground.digester, new, clock())

    await sandbox.database.write(register_endpoint)
    await start()
    clock.forward(hours=3)
    assert (await pilot.get("runs")).status_code == 200

    def bodies(connection):
        return [json.loads(row["body"]) for row in connection.execute("SELECT body FROM webhook_deliveries")]

    told = {body["event"]: body["timestamp"] for body in await sandbox.database.read(bodies)}
    assert told == {
        "webhook.test": "2026-09-30T09:00:00.000Z",
        "approval.requested": "2026-09-30T09:00:06.000Z",
    }
