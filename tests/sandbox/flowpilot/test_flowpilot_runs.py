"""Payment runs: how one is created, how it moves by the clock alone, and what it plans to pay."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import anyio
import pytest

from flintt_mcp.sandbox.flowpilot.pulse import move_on

pytestmark = pytest.mark.anyio

VENDORS = {"objective": "Vendor payment batch — supplier invoices", "risk_tolerance": 0.30, "budget_cap": 1_000_000.00}


async def test_a_new_run_is_pending_and_answers_the_four_documented_fields(pilot, clock):
    answer = await pilot.post("runs", json=VENDORS)
    run = answer.json()

    assert answer.status_code == 201
    assert run == {
        "id": run["id"],
        "status": "pending",
        "objective": VENDORS["objective"],
        "created_at": "2026-09-30T09:00:00Z",
    }
    assert (await pilot.get(f"runs/{run['id']}")).json() == {
        **run,
        "risk_tolerance": 0.3,
        "budget_cap": 1000000.0,
        "candidate_count": 0,
        "updated_at": "2026-09-30T09:00:00Z",
    }


async def test_a_run_moves_through_its_states_by_the_clock_alone(pilot, clock):
    run_id = (await pilot.post("runs", json=VENDORS)).json()["id"]
    seen = []
    for _ in range(5):
        run = (await pilot.get(f"runs/{run_id}")).json()
        seen.append((run["status"], run["candidate_count"], run["updated_at"][-3:-1]))
        clock.forward(seconds=2)

    assert seen == [
        ("pending", 0, "00"),
        ("planning", 0, "02"),
        ("scoring", 11, "04"),
        ("awaiting_approval", 11, "06"),
        ("awaiting_approval", 11, "06"),
    ]


async def test_who_looks_late_sees_the_same_as_who_looked_all_the_time(pilot, clock):
    run_ids = []
    for is_watched in (True, False):
        run_id = (await pilot.post("runs", json=VENDORS)).json()["id"]
        for _ in range(60):
            clock.forward(seconds=1)
            if is_watched:
                await pilot.get(f"runs/{run_id}")
        run_ids.append(run_id)

    watched, unwatched = [(await pilot.get("audit", params={"run_id": each})).json()["data"] for each in run_ids]
    assert [event["created_at"][-3:] for event in watched] == [event["created_at"][-3:] for event in unwatched]
    assert [event["action"] for event in watched] == [event["action"] for event in unwatched]


async def test_many_who_look_at_once_move_a_run_once(pilot, clock):
    run_id = (await pilot.post("runs", json=VENDORS)).json()["id"]
    clock.forward(seconds=60)
    async with anyio.create_task_group() as tasks:
        for path in ("runs", f"runs/{run_id}", "audit", "wallet/balance", f"runs/{run_id}/candidates") * 3:
            tasks.start_soon(pilot.get, path)

    actions = [event["action"] for event in (await pilot.get("audit", params={"run_id": run_id})).json()["data"]]
    assert [actions.count(name) for name in ("created_run", "planned_candidates", "requested_approval")] == [1, 1, 1]


async def test_a_run_moves_on_without_anybody_looking_when_webhooks_are_delivered(pilot, sandbox, clock):
    await pilot.post("runs", json=VENDORS)
    clock.forward(seconds=6)

    assert [await move_on(sandbox.database, clock) for _ in range(2)] == [True, False]

    def newest(connection):
        return connection.execute("SELECT status FROM flowpilot_runs ORDER BY rowid DESC LIMIT 1").fetchone()["status"]

    assert await sandbox.database.read(newest) == "awaiting_approval"


async def test_the_plan_names_suppliers_and_stays_within_the_budget(pilot, start):
    run_id = await start(VENDORS["objective"], 1_000_000)
    page = (await pilot.get(f"runs/{run_id}/candidates")).json()

    notes = {row["account_number"]: row["narration_note"] for row in await every_recipient(pilot)}
    assert {notes[row["account_number"]] for row in page["data"]} == {"Supplier invoice"}
    assert 0 < sum(Decimal(str(row["amount"])) for row in page["data"]) <= 1_000_000


async def test_an_objective_that_names_somebody_pays_nobody_else(pilot, start):
    run_id = await start("Please pay ADAEZE OKONKWO and Musa  Abdullahi for September")

    candidates = (await pilot.get(f"runs/{run_id}/candidates")).json()["data"]
    assert [row["beneficiary_name"] for row in candidates] == ["Adaeze Okonkwo", "Musa Abdullahi"]


async def test_a_candidate_has_the_documented_fields(pilot, start):
    run_id = await start("Pay Adaeze Okonkwo", 250_000.50)
    candidate = (await pilot.get(f"runs/{run_id}/candidates")).json()["data"][0]

    assert candidate == {
        "id": candidate["id"],
        "run_id": run_id,
        "beneficiary_name": "Adaeze Okonkwo",
        "account_number": "0123456789",
        "institution_code": "058",
        "amount": 250000.5,
        "currency": "NGN",
        "risk_score": candidate["risk_score"],
        "risk_decision": "auto_approved",
        "approval_status": "approved",
        "execution_status": "pending",
    }
    assert 0 <= candidate["risk_score"] <= 0.3


async def test_risk_above_the_tolerance_waits_for_a_person_and_high_risk_is_flagged(pilot, start):
    run_id = await start("Pay Adaeze Okonkwo and Blessing Ekpo", risk_tolerance=0)

    decisions = (await pilot.get(f"runs/{run_id}/candidates", params={"approval_status": "pending"})).json()["data"]
    assert [row["risk_decision"] for row in decisions] == ["manual_review", "flagged"]
    assert decisions[1]["risk_score"] == 0.95


async def test_the_same_words_give_the_same_plan(pilot, start):
    plans = []
    for _ in range(2):
        rows = (await pilot.get(f"runs/{await start(VENDORS['objective'])}/candidates")).json()["data"]
        plans.append([(row["account_number"], row["amount"], row["risk_score"]) for row in rows])

    assert plans[0] == plans[1]


async def test_a_budget_too_small_for_anybody_fails_in_planning(pilot, start):
    run_id = await start("Vendor payments", 0.01)

    run = (await pilot.get(f"runs/{run_id}")).json()
    event = (await pilot.get("audit", params={"run_id": run_id, "action": "failed_run"})).json()["data"][0]
    assert (run["status"], run["candidate_count"]) == ("failed", 0)
    assert event["detail"] == {"reason": "no_candidates"}


async def test_a_run_takes_one_ai_credit(pilot, start):
    before = (await pilot.get("wallet/balance")).json()["ai_credit_balance"]
    await start()

    assert (await pilot.get("wallet/balance")).json()["ai_credit_balance"] == before - 1


async def test_amounts_come_back_to_the_last_kobo_with_two_decimals(pilot):
    for sent, back in (("9999999999999999.99", "9999999999999999.99"), ("5", "5.00"), ("1.5e3", "1500.00")):
        body = '{"objective": "Exact", "budget_cap": ' + sent + "}"
        run = await pilot.post("runs", content=body, headers={"Content-Type": "application/json"})
        assert f'"budget_cap":{back},' in (await pilot.get(f"runs/{run.json()['id']}")).text


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"budget_cap": 0}, "budget_cap: must be more than 0 and less than 10000000000000000"),
        ({"budget_cap": 1e16}, "budget_cap: must be more than 0 and less than 10000000000000000"),
        ({"budget_cap": 1.001}, "budget_cap: must have at most two decimals"),
        ({"budget_cap": "100.00"}, "budget_cap: must be a number"),
        ({"budget_cap": True}, "budget_cap: must be a number"),
        ({"budget_cap": None}, "budget_cap: must be a number"),
        ({"risk_tolerance": 1.01}, "risk_tolerance: must be from 0 to 1"),
        ({"risk_tolerance": "0.3"}, "risk_tolerance: must be a number"),
        ({"objective": ""}, "objective: must be one line of text that is not blank, without control characters"),
        ({"objective": "a\nb"}, "objective: must be one line of text that is not blank, without control characters"),
        ({"currency": "USD"}, "currency: is not a field of this request"),
    ],
)
async def test_a_field_that_does_not_fit_is_named_with_what_it_takes(pilot, change, detail):
    answer = await pilot.post("runs", json=VENDORS | change)

    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"{", "The body is not valid JSON"),
        (b'{"budget_cap": NaN}', "The body is not valid JSON"),
        (b'{"budget_cap": 1e99999999999999999999}', "The body is not valid JSON"),
        (b"[" * 100_000, "The body is not valid JSON"),
        (b"[]", "The body must be a JSON object, sent with Content-Type: application/json"),
        (b"", "The body must be a JSON object, sent with Content-Type: application/json"),
        (b"{}", "objective: is required; budget_cap: is required"),
        (
            b'{"objective": "x", "budget_cap": 1e-999999}',
            "budget_cap: must have at most two decimals",
        ),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_422_in_words(pilot, content, detail):
    answer = await pilot.post("runs", content=content, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


async def test_pages_are_exact_and_the_largest_is_200(pilot):
    pages = [(await pilot.get("runs", params={"limit": 10, "offset": offset})).json() for offset in (0, 10, 20, 30)]

    assert [(len(page["data"]), page["total"], page["has_more"]) for page in pages] == [
        (10, 24, True),
        (10, 24, True),
        (4, 24, False),
        (0, 24, False),
    ]
    assert {name: pages[2][name] for name in ("limit", "offset")} == {"limit": 10, "offset": 20}
    whole = (await pilot.get("runs")).json()
    assert (whole["limit"], whole["offset"]) == (50, 0)
    assert [row["id"] for page in pages for row in page["data"]] == [row["id"] for row in whole["data"]]
    assert (await pilot.get("runs", params={"limit": 200})).status_code == 200
    for wrong in ({"limit": 201}, {"limit": 0}, {"offset": -1}, {"limit": "x"}, {"status": "done"}):
        assert (await pilot.get("runs", params=wrong)).status_code == 422


async def test_the_status_filter_finds_each_state(pilot):
    totals = {}
    for status in ("pending", "planning", "scoring", "awaiting_approval", "completed", "failed"):
        page = (await pilot.get("runs", params={"status": status})).json()
        assert {row["status"] for row in page["data"]} == {status}
        totals[status] = page["total"]

    assert totals == {"pending": 1, "planning": 1, "scoring": 1, "awaiting_approval": 2, "completed": 16, "failed": 3}


async def test_a_run_that_is_not_there_is_a_404_and_no_id_at_all_a_422(pilot):
    for path in (f"runs/{uuid4()}", f"runs/{uuid4()}/candidates"):
        answer = await pilot.get(path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Run not found."})
    assert (await pilot.get("runs/latest")).status_code == 422


async def every_recipient(client):
    return (await client.get("recipients", params={"limit": 200})).json()["data"]
