"""What a person's decision does to candidates, wallet, transactions and audit trail."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from flintt_mcp.errors import CallRefused
from flintt_mcp.sandbox.flowpilot.approvals import Outcome

pytestmark = pytest.mark.anyio


async def balance(client) -> Decimal:
    return Decimal(str((await client.get("wallet/balance")).json()["balance"]))


async def rows(client, path, **params):
    return (await client.get(path, params={"limit": 200, **params})).json()["data"]


async def test_an_approval_pays_each_candidate_once_and_debits_the_wallet(pilot, start, decide, clock):
    before = await balance(pilot)
    run_id = await start("Pay Adaeze Okonkwo and Grace Effiong", 300_000.10)
    outcome = await decide(run_id)

    candidates = await rows(pilot, f"runs/{run_id}/candidates")
    transactions = await rows(pilot, "transactions", run_id=run_id)
    assert outcome == Outcome(
        run_id, "Pay Adaeze Okonkwo and Grace Effiong", "completed", None, 2, 0, before - await balance(pilot)
    )
    assert {(row["approval_status"], row["execution_status"]) for row in candidates} == {("approved", "success")}
    assert sorted(row["amount"] for row in transactions) == sorted(row["amount"] for row in candidates)
    assert sum(Decimal(str(row["amount"])) for row in transactions) == outcome.paid
    assert (await pilot.get(f"runs/{run_id}")).json()["status"] == "completed"


async def test_a_transaction_has_the_documented_fields_and_references_count_up_each_day(pilot, start, decide, clock):
    for _ in range(2):
        run_id = await start()
        await decide(run_id)
    clock.forward(days=1)
    tomorrow = await start()
    await decide(tomorrow)

    newest = await rows(pilot, "transactions")
    assert newest[1] == {
        "id": newest[1]["id"],
        "run_id": run_id,
        "reference": "FP-20260930-00003",
        "amount": 100000.0,
        "currency": "NGN",
        "direction": "debit",
        "status": "SUCCESS",
        "channel": "NIP",
        "created_at": "2026-09-30T09:00:12Z",
    }
    assert [row["reference"] for row in newest[:4]] == [
        "FP-20261001-00001",
        "FP-20260930-00003",
        "FP-20260930-00002",
        "FP-20260930-00001",
    ]


async def test_the_audit_trail_tells_every_step_of_a_run(pilot, start, decide):
    run_id = await start("Pay Adaeze Okonkwo and Blessing Ekpo", 200_000, risk_tolerance=0.65)
    await decide(run_id)
    events = (await rows(pilot, "audit", run_id=run_id))[::-1]

    assert [(event["agent_type"], event["action"]) for event in events] == [
        ("human", "created_run"),
        ("planner", "started_planning"),
        ("planner", "planned_candidates"),
        ("risk", "approved_candidate"),
        ("risk", "flagged_candidate"),
        ("risk", "scored_candidates"),
        ("approval", "requested_approval"),
        ("human", "rejected_candidate"),
        ("human", "approved_run"),
        ("execution", "executed_payout"),
        ("execution", "completed_run"),
    ]
    assert events[5]["detail"] == {"candidates_scored": 2, "flagged": 1}
    assert await rows(pilot, "audit", run_id=run_id, action="scored_candidates") == [events[5]]
    assert await rows(pilot, "audit", run_id=run_id, action="no_such_action") == []


async def test_flagged_candidates_are_left_out_unless_they_are_asked_for(pilot, start, decide):
    objective = "Pay Adaeze Okonkwo and Blessing Ekpo"
    careful = await decide(await start(objective))
    bold = await decide(await start(objective), include_flagged=True)

    assert (careful.approved_count, careful.rejected_count) == (1, 1)
    assert (bold.approved_count, bold.rejected_count) == (2, 0)
    left_out = (await rows(pilot, f"runs/{careful.run_id}/candidates", approval_status="rejected"))[0]
    assert (left_out["risk_decision"], left_out["execution_status"]) == ("flagged", "cancelled")


async def test_a_rejected_run_fails_and_pays_nothing(pilot, start, decide):
    before = await balance(pilot)
    run_id = await start("Pay Adaeze Okonkwo and Grace Effiong")
    outcome = await decide(run_id, False)

    candidates = await rows(pilot, f"runs/{run_id}/candidates")
    assert (outcome.status, outcome.failure, outcome.paid) == ("failed", "rejected", Decimal("0.00"))
    assert {(row["approval_status"], row["execution_status"]) for row in candidates} == {("rejected", "cancelled")}
    assert await rows(pilot, "transactions", run_id=run_id) == []
    assert await balance(pilot) == before


async def test_a_wallet_that_cannot_cover_all_of_a_run_pays_none_of_it(pilot, start, decide):
    before = await balance(pilot)
    run_id = await start("Bonus for everyone in the book", 60_000_000, risk_tolerance=1)
    outcome = await decide(run_id)

    assert (outcome.status, outcome.failure, outcome.paid) == ("failed", "insufficient_funds", Decimal("0.00"))
    assert await rows(pilot, "transactions", run_id=run_id) == []
    assert {row["execution_status"] for row in await rows(pilot, f"runs/{run_id}/candidates")} == {"cancelled"}
    assert await balance(pilot) == before


async def test_an_account_that_its_bank_declines_leaves_a_failed_transaction_and_the_money(pilot, start, decide):
    before = await balance(pilot)
    run_id = await start("Pay Eko Pallet Hire", risk_tolerance=1)
    outcome = await decide(run_id)

    assert (outcome.status, outcome.paid) == ("completed", Decimal("0.00"))
    assert [row["status"] for row in await rows(pilot, "transactions", run_id=run_id, status="FAILED")] == ["FAILED"]
    assert [row["execution_status"] for row in await rows(pilot, f"runs/{run_id}/candidates")] == ["failed"]
    assert await balance(pilot) == before


async def test_a_slow_transfer_is_set_aside_at_once_and_debited_when_it_arrives(pilot, start, decide, clock):
    before = await balance(pilot)
    run_id = await start("Pay Sadiq Lawal", 50_000, risk_tolerance=1)
    await decide(run_id)
    pending = await rows(pilot, "transactions", run_id=run_id)
    meanwhile = await balance(pilot)
    clock.forward(minutes=10)

    assert [row["status"] for row in pending] == ["PENDING"]
    assert meanwhile == before
    assert await balance(pilot) == before - 50_000
    assert [row["status"] for row in await rows(pilot, "transactions", run_id=run_id)] == ["SUCCESS"]
    assert [row["execution_status"] for row in await rows(pilot, f"runs/{run_id}/candidates")] == ["success"]


async def test_a_run_is_decided_once_and_only_when_it_asks(pilot, start, decide, clock):
    early = (await pilot.post("runs", json={"objective": "Pay Adaeze Okonkwo", "budget_cap": 1})).json()["id"]
    with pytest.raises(CallRefused, match="is pending, not awaiting_approval"):
        await decide(early)
    run_id = await start()
    await decide(run_id)
    for again in (True, False):
        with pytest.raises(CallRefused, match="is completed, not awaiting_approval"):
            await decide(run_id, again)
    with pytest.raises(CallRefused, match="no FlowPilot run with that id"):
        await decide(str(uuid4()))

    assert len(await rows(pilot, "transactions", run_id=run_id)) == 1


async def test_deleting_a_recipient_leaves_planned_and_past_runs_as_they_are(pilot, start, decide):
    run_id = await start("Pay Adaeze Okonkwo")
    planned = await rows(pilot, f"runs/{run_id}/candidates")
    recipient = (await rows(pilot, "recipients", search="adaeze"))[0]
    assert (await pilot.delete(f"recipients/{recipient['id']}")).json() == {
        "status": "deleted",
        "id": recipient["id"],
    }

    assert await rows(pilot, f"runs/{run_id}/candidates") == planned
    assert (await decide(run_id)).paid == Decimal("100000.00")


async def test_a_recipient_that_is_deleted_after_planning_was_due_had_been_planned(pilot, clock):
    run_id = (await pilot.post("runs", json={"objective": "Pay Adaeze Okonkwo", "budget_cap": 9})).json()["id"]
    recipient = (await rows(pilot, "recipients", search="adaeze"))[0]
    clock.forward(seconds=30)
    await pilot.delete(f"recipients/{recipient['id']}")

    assert [row["beneficiary_name"] for row in await rows(pilot, f"runs/{run_id}/candidates")] == ["Adaeze Okonkwo"]
