"""The example treasury: what people who follow the documentation find."""

from __future__ import annotations

import pytest

from tests.sandbox.test_sandbox_folder import content_digest

pytestmark = pytest.mark.anyio

SEED_DIGEST = "f9ce40e876ba993aa85b6b564c4a7f94f1bcca891ce59daf47c67aa9cbd6d7df"


async def test_the_example_treasury_is_the_same_on_every_machine(seeded):
    # Change this line only together with the seed.
    assert content_digest(seeded, "flowpilot_") == SEED_DIGEST


async def test_it_has_the_promised_size_and_every_state_of_things(pilot):
    totals = {path: (await pilot.get(path)).json()["total"] for path in ("recipients", "runs", "transactions")}
    transactions = {}
    for status in ("SUCCESS", "PENDING", "FAILED"):
        transactions[status] = (await pilot.get("transactions", params={"status": status})).json()["total"]

    assert totals == {"recipients": 40, "runs": 24, "transactions": sum(transactions.values())}
    assert transactions == {"SUCCESS": 196, "PENDING": 1, "FAILED": 3}


async def test_runs_that_are_shown_in_passing_stay_where_they_are(pilot, clock):
    async def states():
        return [(run["id"], run["status"]) for run in (await pilot.get("runs")).json()["data"]]

    before = await states()
    clock.forward(days=400)
    assert await states() == before
