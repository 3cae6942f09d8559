"""An amount is the same decimal all the way: as a caller writes it, as a number token to the API, and back as text."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flintt_mcp.calls.reply import Done, Refused, objects_of
from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse
from scripts.handbook.pages import all_tools
from tests.apis.toolbox import ask, open_sandboxed
from tests.certain import structured, there

MONEY = {"budget_cap", "amount", "balance"}
PLAIN_NOT = ("1e3", "1,000", "-5", "+5", "05", "1.234", ".5", "5.", "NaN", "Infinity", "", " 1", "١", True, [1])

kobo = st.integers(1, 10**18 - 1)
amounts = st.one_of(
    kobo.map(lambda value: f"{value // 100}.{value % 100:02d}"),
    st.integers(1, 10**16 - 1).map(str),
    st.tuples(st.integers(0, 10**16 - 1), st.integers(1, 9)).map(lambda parts: f"{parts[0]}.{parts[1]}"),
)
"""Every amount that FlowPilot's sandbox takes: more than nothing, less than 10^16 NGN, at most two decimals."""


class Overheard:
    """Keeps the number token of every budget that goes to the API, and of every one that comes back."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.came: list[str] = []

    def __call__(self, send: Sender) -> Sender:
        async def overhearing(request: UpstreamRequest) -> UpstreamResponse:
            self.sent += tokens(request.body)
            answer = await send(request)
            self.came += tokens(answer.body)
            return answer

        return overhearing


def tokens(body: bytes | None) -> list[str]:
    return re.findall(r'"budget_cap": ?("[^"]*"|[^,}\s]+)', (body or b"").decode())


def floats(value: Any) -> list[float]:
    """Every float inside a result."""
    if isinstance(value, dict | list):
        return [one for item in (value.values() if isinstance(value, dict) else value) for one in floats(item)]
    return [value] if isinstance(value, float) else []


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(amounts, min_size=1, max_size=10))
@example(wanted=["0.01", "0.1", "0.3", "1", "9007199254740993", "9999999999999999.99", "123456789012345.67", "4.35"])
def test_any_amount_arrives_as_that_very_number_and_comes_back_as_the_same_decimal(
    wanted: list[str], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overheard = Overheard()

    async def send_and_read() -> None:
        async with open_sandboxed(data_dir, monkeypatch, wrap=overheard) as app:
            for amount in wanted:
                run = {"objective": "Pay suppliers", "budget_cap": amount, "intent_id": uuid4().hex}
                made = await ask(app, "flowpilot_create_run", **run)
                assert isinstance(made, Done), made
                read = await ask(app, "flowpilot_get_run", run_id=structured(made)["run"]["id"])
                assert isinstance(read, Done)
                back = structured(read)["run"]["budget_cap"]
                assert isinstance(back, str)
                assert Decimal(back) == Decimal(amount)
                assert f"budget_cap: {back}\n" in read.text
                run = {name: value for name, value in structured(read)["run"].items() if name != "risk_tolerance"}
                assert floats(run) == []

    anyio.run(send_and_read)
    assert overheard.sent == wanted
    assert [Decimal(token) for token in overheard.came] == [Decimal(amount) for amount in wanted]


async def _all_money(app: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for tool, rows, name in (
        ("flowpilot_list_runs", "runs", "budget_cap"),
        ("flowpilot_list_transactions", "transactions", "amount"),
        ("flowpilot_get_wallet_balance", "wallet", "balance"),
    ):
        reply = await ask(app, tool)
        assert isinstance(reply, Done)
        part = structured(reply)[rows]
        found[tool] = [row[name] for row in (objects_of(part) if "columns" in part else [part])]
    runs = await ask(app, "flowpilot_list_runs", status="completed", limit=1)
    candidates = await ask(app, "flowpilot_list_candidates", run_id=objects_of(structured(runs)["runs"])[0]["id"])
    found["flowpilot_list_candidates"] = [row["amount"] for row in objects_of(structured(candidates)["candidates"])]
    return found


@pytest.mark.anyio
async def test_every_amount_of_every_list_is_a_decimal_in_a_string(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        for tool, values in (await _all_money(app)).items():
            assert values, tool
            assert [value for value in values if not re.fullmatch(r"\d+\.\d\d", value)] == [], tool


@pytest.mark.anyio
@pytest.mark.parametrize("amount", PLAIN_NOT)
async def test_what_is_no_plain_amount_is_refused_before_anything_is_sent(
    amount: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overheard = Overheard()
    async with open_sandboxed(data_dir, monkeypatch, wrap=overheard) as app:
        reply = await ask(app, "flowpilot_create_run", objective="Pay suppliers", budget_cap=amount)
    assert isinstance(reply, Refused)
    assert reply.error.message.startswith("budget_cap: ")
    assert overheard.sent == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "token",
    ["1234567890123456.78", "999999999999999.99", "10000000000000.01", "10000000000000", "9007199254740993", "1e400"],
)
async def test_a_number_that_may_have_been_rounded_before_it_came_is_refused_with_the_way_to_send_it(
    token: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overheard = Overheard()
    async with open_sandboxed(data_dir, monkeypatch, wrap=overheard) as app:
        reply = await ask(app, "flowpilot_create_run", objective="Pay suppliers", budget_cap=json.loads(token))
    assert isinstance(reply, Refused)
    assert reply.error.message == (
        'budget_cap: a number this large may have been rounded on its way; send the amount as a string, e.g. "1250.00"'
    )
    assert overheard.sent == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("number", "token"),
    [(5, "5"), (250000.5, "250000.5"), (0.1, "0.1"), (9999999999999.99, "9999999999999.99"), (1e12, "1000000000000.0")],
)
async def test_a_client_that_sends_a_number_is_understood_as_it_wrote_it(
    number: Any, token: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overheard = Overheard()
    async with open_sandboxed(data_dir, monkeypatch, wrap=overheard) as app:
        await ask(app, "flowpilot_create_run", objective="Pay suppliers", budget_cap=number)
    assert overheard.sent == [token]


def test_every_amount_a_tool_takes_or_gives_is_a_string_in_its_schema() -> None:
    for tool in all_tools()["flowpilot"]:
        parts = [tool.arguments.schema, *there(tool.output_schema)["properties"].values()]
        fields = [part.get("items", part).get("properties", {}) for part in parts]
        kinds = {schema.get("type") for field in fields for name, schema in field.items() if name in MONEY}
        assert kinds <= {"string"}, tool.name
