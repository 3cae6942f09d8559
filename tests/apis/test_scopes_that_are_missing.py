"""A tool whose scope a key is known to lack can be left out of that caller's list, and comes back when it works again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import Caller, Credentials
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.scopes import REMEMBERED_SECONDS, Scopes
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import Forbidden, NotFound
from tests.apis.toolbox import case_arguments
from tests.certain import of_kind, there
from tests.clock import SetClock
from tests.fake_api import KEYS, FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

SCOPED = ["flowpilot_create_run", "flowpilot_get_wallet_balance", "flowmaticx_create_job", "flowmaticx_list_leads"]
REFUSALS: dict[str, Any] = {
    "flowpilot": {"detail": "Your key has not the scope that this takes."},
    "flowmaticx": {"ok": False, "error": {"code": "FORBIDDEN", "message": "Key lacks required scope", "status": 403}},
}


def names(app: Any, caller: Caller) -> set[str]:
    return {tool.name for tool in app.inventory.visible_to(caller)}


@pytest.mark.parametrize("name", SCOPED)
async def test_a_tool_whose_scope_the_key_lacks_leaves_that_callers_list_and_no_other(
    name: str, tmp_path: Path
) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, hide_unscoped=True) as app:
        tool = there(app.inventory.get(name))
        api = there(tool.api)
        one = app.credentials.with_secrets(KEYS)
        other = app.credentials.with_secrets({**KEYS, api: f"{KEYS[api]}_of_somebody_else"})
        everything = names(app, one)
        same_scope = {other.name for other in app.inventory if (other.api, other.scopes) == (tool.api, tool.scopes)}
        fake.will_answer(REFUSALS[api], status=403)
        reply = await call(app, name, case_arguments(name), one)
        assert of_kind(Refused, reply).error.message.endswith(f"it needs the scope {tool.scopes[0]}")
        assert everything - names(app, one) == same_scope
        assert names(app, other) == everything


async def test_without_the_setting_nothing_is_hidden(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        caller = app.credentials.with_secrets(KEYS)
        before = names(app, caller)
        fake.will_answer(REFUSALS["flowpilot"], status=403)
        await call(app, "flowpilot_get_wallet_balance", {}, caller)
        assert names(app, caller) == before


async def test_a_hidden_tool_can_be_called_and_a_call_that_passes_shows_it_again(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, hide_unscoped=True) as app:
        caller = app.credentials.with_secrets(KEYS)
        before = names(app, caller)
        fake.will_answer(REFUSALS["flowpilot"], status=403)
        await call(app, "flowpilot_get_wallet_balance", {}, caller)
        assert "flowpilot_get_wallet_balance" not in names(app, caller)
        fake.will_answer({"balance": 1, "currency": "NGN"})
        assert isinstance(await call(app, "flowpilot_get_wallet_balance", {}, caller), Done)
        assert names(app, caller) == before


@pytest.mark.parametrize(
    ("name", "status", "answer"),
    [
        ("flowpilot_get_wallet_balance", 401, {"detail": "Invalid or expired API key."}),
        ("flowpilot_get_run", 404, {"detail": "Not found."}),
        ("flowpilot_get_wallet_balance", 403, "<html>a firewall on the way</html>"),
        (
            "flowmaticx_get_credits",
            403,
            {"ok": False, "error": {"code": "PLAN_FEATURE_LOCKED", "message": "Agency only"}},
        ),
        ("list_companies", 403, {"detail": "no"}),
    ],
)
async def test_only_a_refusal_that_is_about_a_scope_hides_a_tool(
    name: str, status: int, answer: Any, tmp_path: Path
) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, hide_unscoped=True) as app:
        caller = app.credentials.with_secrets(KEYS)
        before = names(app, caller)
        fake.will_answer(answer, status=status)
        reply = await call(app, name, case_arguments(name), caller)
        assert "needs the scope" not in of_kind(Refused, reply).error.message
        assert names(app, caller) == before


NOTHING = Arguments("nothing", ())


async def refused(call: Call) -> Reply:
    error = Forbidden("no", operation=call.tool.name)
    error.scopes = call.tool.scopes
    raise error


async def not_found(call: Call) -> Reply:
    raise NotFound("no", operation=call.tool.name)


def scoped(*scopes: str) -> Tool:
    return Tool("one", "One", "One.", Effect.READ, "set", NOTHING, refused, api="flowpilot", scopes=scopes)


def holder(key: str) -> Caller:
    """Whoever holds this key of FlowPilot."""
    return Credentials(APIS, bytes(32)).with_secrets({"flowpilot": key})


async def lacking(scopes: Scopes, tool: Tool, key: str) -> None:
    with pytest.raises(Forbidden):
        await scopes(Call(tool, {}, holder(key)), refused)


async def test_what_is_remembered_ends_after_some_minutes() -> None:
    clock, tool = SetClock(), scoped("runs:read")
    scopes = Scopes(clock.seconds)
    await lacking(scopes, tool, "a")
    clock.forward(seconds=REMEMBERED_SECONDS - 1)
    assert scopes.hides(tool, holder("a"))
    clock.forward(seconds=1)
    assert not scopes.hides(tool, holder("a"))


async def test_no_more_than_so_many_are_remembered_and_the_oldest_make_room() -> None:
    scopes, tool = Scopes(SetClock().seconds, most=3), scoped("runs:read")
    for who in ("a", "b", "c", "a", "d"):
        await lacking(scopes, tool, who)
    assert len(scopes) == 3
    assert {who for who in "abcd" if scopes.hides(tool, holder(who))} == {"a", "c", "d"}


async def test_an_equal_scope_of_another_api_is_another_scope() -> None:
    scopes, tool = Scopes(SetClock().seconds), scoped("runs:read")
    await lacking(scopes, tool, "a")
    elsewhere = Tool("two", "Two", "Two.", Effect.READ, "set", NOTHING, refused, api="other", scopes=("runs:read",))
    assert not scopes.hides(elsewhere, holder("a"))


async def test_of_several_scopes_nobody_knows_which_is_missing_and_other_errors_say_nothing() -> None:
    scopes, two = Scopes(SetClock().seconds), scoped("runs:read", "runs:write")
    await lacking(scopes, two, "a")
    with pytest.raises(NotFound):
        await scopes(Call(scoped("runs:read"), {}, holder("a")), not_found)
    assert len(scopes) == 0
