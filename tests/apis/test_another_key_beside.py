"""A key for another API beside it changes nothing: what is kept for a caller of an API is bound to the key of that API alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from tests.apis.toolbox import case_arguments
from tests.certain import structured, there
from tests.fake_api import KEYS, FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

ROWS = [{"id": f"r{number}"} for number in range(3)]
LISTS: dict[str, Any] = {
    "list_companies": ROWS,
    "list_prospects": ROWS,
    "list_webhooks": ROWS,
    "get_run": {"run": {"id": "r"}, "validation_results": ROWS, "raw_results": []},
    "flowpilot_list_runs": {"data": ROWS[:1], "total": 3, "has_more": True},
    "flowmaticx_list_jobs": {"ok": True, "data": {"jobs": ROWS[:1], "total": 3}},
    "flextell_list": {"data": ROWS, "meta": {"cursor": None, "has_more": False, "total": 3}},
}
"""One list of each kind of paging and of each API, and what the API answers."""


def keys_beside(app: App, name: str) -> list[dict[str, str]]:
    """The key for a tool's own API: alone, with one more, with all others, and beside other keys of theirs."""
    own = there(there(app.inventory.get(name)).api)
    others = {api: key for api, key in KEYS.items() if api != own}
    some = dict(list(others.items())[:1])
    return [{own: KEYS[own], **more} for more in ({}, some, others, {api: key + "2" for api, key in others.items()})]


async def paged(app: App, name: str, caller: Caller, **arguments: Any) -> Any:
    """The result of one page of two rows, or the error."""
    wanted = {**case_arguments(name), "limit": 2, **arguments}
    wanted.pop("signal_id", None)
    reply = await call(app, name, wanted, caller)
    return reply.error if isinstance(reply, Refused) else structured(reply)


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_goes_on_with_and_without_keys_of_other_apis(name: str, tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer(*[LISTS[name]] * 20)
    async with open_fake(tmp_path, fake) as app:
        callers = [app.credentials.with_secrets(secrets) for secrets in keys_beside(app, name)]
        cursors = [(await paged(app, name, caller))["next_cursor"] for caller in callers]
        pages = [await paged(app, name, caller, cursor=cursor) for caller in callers for cursor in cursors]
    assert [page for page in pages if page != pages[0]] == []
    assert pages[0]["complete"] in (True, False)


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_of_another_key_of_its_own_api_is_refused_whatever_stands_beside(
    name: str, tmp_path: Path
) -> None:
    fake = FakeApi()
    fake.will_answer(*[LISTS[name]] * 5)
    async with open_fake(tmp_path, fake) as app:
        own = there(there(app.inventory.get(name)).api)
        cursor = (await paged(app, name, app.credentials.with_secrets(KEYS)))["next_cursor"]
        for secrets in ({own: KEYS[own] + "2"}, {**KEYS, own: KEYS[own] + "2"}):
            error = await paged(app, name, app.credentials.with_secrets(secrets), cursor=cursor)
            assert error.message == "cursor: does not belong to this tool with these filters and this key"
    assert len(fake.requests) == 1


async def test_a_tool_that_a_key_has_no_scope_for_stays_hidden(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, hide_unscoped=True) as app:
        alone, beside = ({"flowpilot": KEYS["flowpilot"], **more} for more in ({}, {"flintt": KEYS["flintt"]}))
        fake.will_answer({"detail": "no scope for that"}, status=403)
        await call(app, "flowpilot_get_wallet_balance", {}, app.credentials.with_secrets(alone))
        shown = {tool.name for tool in app.inventory.visible_to(app.credentials.with_secrets(beside))}
    assert "flowpilot_get_wallet_balance" not in shown
    assert "flowpilot_list_runs" in shown


async def test_invented_keys_of_other_apis_make_no_room_for_more_calls_at_once(tmp_path: Path) -> None:
    fake, opened = FakeApi(), anyio.Event()
    fake.will_answer(*[[]] * 3)

    async def slow(request: UpstreamRequest) -> UpstreamResponse:
        await opened.wait()
        return await fake(request)

    replies: list[Any] = []
    async with open_fake(tmp_path, slow, calls_per_key=2) as app:

        async def one(number: int) -> None:
            caller = app.credentials.with_secrets({"flintt": KEYS["flintt"], "flowpilot": f"fp_test_{number}"})
            replies.append(await call(app, "list_companies", {}, caller))

        async with anyio.create_task_group() as group:
            for number in range(4):
                group.start_soon(one, number)
            await anyio.wait_all_tasks_blocked()
            opened.set()
    assert [type(reply) for reply in replies] == [Refused, Refused, Done, Done]
    assert len(fake.requests) == 2
