"""What spends is refused at a hosted API, with the amount, unless the operator allowed it; play money passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused
from scripts.handbook.pages import all_tools
from tests.apis.toolbox import ask, case_arguments, open_sandboxed
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

SPENDERS = [tool for tools in all_tools().values() for tool in tools if tool.effect is Effect.SPEND]
LIVE = {"flowpilot": "fp_live_of_somebody", "flowmaticx": "lg_live_of_somebody"}
WOULD_SPEND: dict[str, tuple[dict[str, Any], str]] = {
    "flowpilot_create_run": ({"objective": "Field agents", "budget_cap": "250000.00"}, "up to 250000.00 NGN"),
    "flowmaticx_create_job": (
        {"workflow_type": "LINKEDIN", "keyword": "cfo", "location": "Lyon", "leads_requested": 40},
        "credits for up to 40 leads",
    ),
}
ANSWERS: dict[str, Any] = {
    "flowpilot": {"id": "r1", "status": "pending"},
    "flowmaticx": {"ok": True, "data": {"job_id": 1, "status": "queued"}},
}

each_spender = pytest.mark.parametrize("tool", SPENDERS, ids=lambda tool: tool.name)


def test_the_tools_that_spend_are_known_here() -> None:
    assert {tool.name for tool in SPENDERS} == set(WOULD_SPEND)


@each_spender
async def test_a_refusal_says_what_would_have_been_spent_and_sends_nothing(tool: Any, tmp_path: Path) -> None:
    arguments, amount = WOULD_SPEND[tool.name]
    fake = FakeApi()
    async with open_fake(tmp_path, fake, allow_spend=False) as app:
        reply = await call(app, tool.name, arguments, app.credentials.with_secrets(LIVE))
    assert isinstance(reply, Refused)
    assert isinstance(reply.error, CallRefused)
    assert reply.error.changed == "no"
    assert amount in reply.error.message
    assert "--allow-spend" in reply.error.advice
    assert fake.requests == []


@each_spender
async def test_with_allow_spend_it_is_sent(tool: Any, tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer(ANSWERS[tool.api])
    async with open_fake(tmp_path, fake, allow_spend=True) as app:
        reply = await call(app, tool.name, WOULD_SPEND[tool.name][0], app.credentials.with_secrets(LIVE))
    assert isinstance(reply, Done)
    assert reply.changed == "yes"


async def test_a_test_key_spends_nothing_real_and_passes(tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer(ANSWERS["flowpilot"], status=201)
    async with open_fake(tmp_path, fake, allow_spend=False, allow_live=False) as app:
        caller = app.credentials.with_secrets({"flowpilot": "fp_test_of_somebody"})
        assert isinstance(await call(app, "flowpilot_create_run", WOULD_SPEND["flowpilot_create_run"][0], caller), Done)


@each_spender
async def test_the_sandbox_spends_play_money(tool: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        assert isinstance(await ask(app, tool.name, **WOULD_SPEND[tool.name][0]), Done)


LIVE_APIS = [api for api in APIS if api.live_prefix]


async def test_a_live_key_is_used_only_where_the_operator_allows_it_for_reads_as_well(tmp_path: Path) -> None:
    assert [api.name for api in LIVE_APIS] == ["flowpilot"]
    for tool in all_tools()["flowpilot"]:
        fake = FakeApi()
        async with open_fake(tmp_path, fake, allow_live=False, allow_spend=True) as app:
            reply = await call(app, tool.name, case_arguments(tool.name), app.credentials.with_secrets(LIVE))
        assert isinstance(reply, Refused)
        assert isinstance(reply.error, CallRefused)
        assert "--allow-live" in reply.error.advice
        assert fake.requests == []


async def test_allow_live_alone_does_not_let_anything_be_spent(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, allow_live=True, allow_spend=False) as app:
        caller = app.credentials.with_secrets(LIVE)
        reply = await call(app, "flowpilot_create_run", WOULD_SPEND["flowpilot_create_run"][0], caller)
        assert isinstance(reply, Refused)
        fake.will_answer({"balance": 1, "currency": "NGN"})
        assert isinstance(await call(app, "flowpilot_get_wallet_balance", {}, caller), Done)


async def test_a_key_of_no_known_kind_counts_as_live_money(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, allow_spend=False) as app:
        caller = app.credentials.with_secrets({"flowpilot": "unknown_kind"})
        reply = await call(app, "flowpilot_create_run", WOULD_SPEND["flowpilot_create_run"][0], caller)
    assert isinstance(reply, Refused)
    assert fake.requests == []
