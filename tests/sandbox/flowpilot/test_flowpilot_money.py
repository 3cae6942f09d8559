"""The law: money is conserved, whatever is created, approved, rejected, saved, deleted, in whatever order and time.

Opening balance less successful debits is the balance; each executed candidate has exactly one transaction; no run plans more
than its budget; and all amounts are exact number tokens with two decimals, compared here as text.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from flintt_mcp.errors import CallRefused
from flintt_mcp.sandbox.flowpilot.app import flowpilot_app
from flintt_mcp.sandbox.flowpilot.approvals import approve_run
from flintt_mcp.sandbox.flowpilot.seed import sow
from flintt_mcp.sandbox.ground.doors import Ground
from flintt_mcp.sandbox.ground.folder import open_folder
from flintt_mcp.sandbox.server import MIGRATIONS
from flintt_mcp.sqlite import Database
from tests.certain import there
from tests.clock import SetClock
from tests.sandbox.flowpilot.flowpilot_client import talk_to

KEY = "fp_test_property"
AMOUNT = re.compile(r'"(?:amount|balance|budget_cap|total)":([^,}]*\.[^,}]*|[^,}]*e[^,}]*)', re.IGNORECASE)
EXECUTED = ("success", "processing", "failed")

budgets = st.one_of(st.integers(1, 10_000), st.integers(10**8, 4 * 10**9)).map(
    lambda kobo: f"{kobo // 100}.{kobo % 100:02}"
)
tolerances = st.integers(0, 100).map(lambda part: part / 100)
objectives = st.sampled_from(
    [
        "Payroll Lagos",
        "Supplier invoices",
        "Pay Sadiq Lawal and Eko Pallet Hire",
        "Consulting",
        "Everybody",
        "Pay Late Comer",
    ]
)
create = st.tuples(st.just("create"), objectives, budgets, tolerances)
decide = st.tuples(st.just("decide"), st.integers(0, 9), st.sampled_from([True, True, False]), st.booleans())
wait = st.tuples(st.just("wait"), st.sampled_from([1, 2, 6, 6, 7, 700]))
others = st.one_of(
    st.tuples(st.just("delete"), st.integers(0, 60)),
    st.tuples(st.just("save"), st.sampled_from(["0001", "0002", "0003", "0009"])),
)
decide_it = st.tuples(st.just("decide"), st.just(0), st.sampled_from([True, True, True, False]), st.booleans())
whole_run = st.tuples(create, st.just(("wait", 6)), decide_it)
steps = st.one_of(whole_run, create, whole_run, decide, whole_run, wait, others)


@settings(max_examples=there(settings.default).max_examples // 5)
@given(st.lists(steps, min_size=4, max_size=8))
def test_money_is_conserved_over_any_sequence_of_events(sequence: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(_play, Path(folder), sequence)


async def _play(folder: Path, sequence: list[tuple[Any, ...]]) -> None:
    seed = partial(sow, key=KEY, second_key="fp_test_other")
    database, digester = await open_folder(folder, MIGRATIONS, {"flowpilot": seed})
    world = World(database)
    try:
        async with talk_to(flowpilot_app(Ground(database, digester, world.clock)), KEY) as client:
            client.base_url = "http://sandbox/public/"
            for step in sequence:
                for one in [step] if isinstance(step[0], str) else step:
                    await world.take(client, *one)
                await world.hold_the_law(client)
            world.clock.forward(hours=1)
            await world.hold_the_law(client)
    finally:
        database.close()


class World:
    """A treasury under way: its clock, the runs of this sequence and the budgets they were given."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = SetClock()
        self.budgets: dict[str, Decimal] = {}

    async def take(self, client: Any, kind: str, *how: Any) -> None:
        """One step of a sequence."""
        match kind:
            case "create":
                await self._create(client, *how)
            case "decide" if self.budgets:
                await self._decide(*how)
            case "delete":
                page = (await client.get("recipients", params={"limit": 200})).json()["data"]
                if page:
                    await client.delete(f"recipients/{page[how[0] % len(page)]['id']}")
            case "save":
                account = f"900000{how[0]}"
                body = {"name": "Late Comer", "account_number": account, "institution_code": "058"}
                assert (await client.post("recipients", json=body)).status_code == 201
            case "wait":
                self.clock.forward(seconds=how[0])

    async def _create(self, client: Any, objective: str, budget: str, tolerance: float) -> None:
        body = f'{{"objective": "{objective}", "budget_cap": {budget}, "risk_tolerance": {tolerance}}}'
        answer = await client.post("runs", content=body, headers={"Content-Type": "application/json"})
        run = answer.json()["id"]
        self.budgets[run] = Decimal(budget)
        assert f'"budget_cap":{Decimal(budget):.2f},' in (await client.get(f"runs/{run}")).text

    async def _decide(self, back: int, is_approved: bool, include_flagged: bool) -> None:
        run = list(self.budgets)[-1 - back % len(self.budgets)]
        with suppress(CallRefused):
            await approve_run(self.database, run, is_approved, self.clock, include_flagged=include_flagged)

    async def hold_the_law(self, client: Any) -> None:
        """Everything that must be true after every step, as a client and as the books see it."""
        wallet = (await client.get("wallet/balance")).text
        transactions = await _every_row(client, "transactions")
        debits = sum(row["amount"] for row in transactions if row["status"] == "SUCCESS")
        balance = Decimal(AMOUNT.findall(wallet)[0])
        assert await self.database.read(_opening) - debits == balance >= 0
        assert len({row["reference"] for row in transactions}) == len(transactions)
        for run, budget in self.budgets.items():
            candidates = await _every_row(client, f"runs/{run}/candidates")
            assert sum(row["amount"] for row in candidates) <= budget
            paid = [row["amount"] for row in candidates if row["execution_status"] in EXECUTED]
            assert sorted(paid) == sorted(row["amount"] for row in transactions if row["run_id"] == run)
        assert await self.database.read(_unpaired) == []


async def _every_row(client: Any, path: str) -> list[dict[str, Any]]:
    """All rows of a list with exact amounts, every page, each amount checked as the text it is."""
    found: list[dict[str, Any]] = []
    while True:
        text = (await client.get(path, params={"limit": 200, "offset": len(found)})).text
        assert all(re.fullmatch(r"\d+\.\d\d", token) for token in AMOUNT.findall(text))
        page = _exact(text)
        found += page["data"]
        if not page["has_more"]:
            return found


def _exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _opening(connection: Any) -> Decimal:
    query = "SELECT opening_kobo FROM flowpilot_wallets ORDER BY rowid LIMIT 1"
    return Decimal(connection.execute(query).fetchone()[0]).scaleb(-2)


def _unpaired(connection: Any) -> list[Any]:
    """Candidates that were executed without exactly one transaction of their amount, approved and in the same run."""
    query = """SELECT candidate.id FROM flowpilot_candidates AS candidate
        LEFT JOIN flowpilot_transactions AS paid ON paid.candidate_id = candidate.id
            AND paid.amount_kobo = candidate.amount_kobo AND paid.run_id = candidate.run_id
        GROUP BY candidate.id
        HAVING count(paid.id) != (candidate.execution_status IN ('success', 'processing', 'failed'))
            OR (count(paid.id) = 1 AND candidate.approval_status != 'approved')"""
    return connection.execute(query).fetchall()
