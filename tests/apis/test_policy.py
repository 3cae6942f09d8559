"""A policy holds for the tools of all APIs: it stops, caps, lists who may be paid, and lets nothing out when it says no."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.calls.reply import Done, Refused
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

JOB = {"workflow_type": "GOOGLE_MAPS", "keyword": "plumber", "location": "Leeds, UK", "leads_requested": 50}
STARTED = {"ok": True, "data": {"job_id": 1, "status": "queued", "estimated_credits": 100, "credits_remaining": 850}}
RECIPIENT = {"name": "Ada", "account_number": "0123456789", "institution_code": "058"}
TO_DO = "tell the person; only the operator can change the policy"


def a_policy(folder: Path, text: str) -> str:
    path = folder / "policy.toml"
    path.write_text("approve = 'none'\n" + text, "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "tool", "arguments", "said"),
    [
        ("stop = true", "create_company", {"name": "Acme"}, "The operator has stopped all writes: nothing was sent"),
        ("test_mode_only = true", "flowmaticx_create_job", JOB, "The policy lets test keys write alone, and this moves real money: "
         "nothing was sent"),
        ("[tools.flowmaticx_create_job]\nmost_per_call = 49", "flowmaticx_create_job", JOB,
         "The policy allows at most 49 leads in one call: nothing was sent"),
        ("[tools.flowmaticx_create_job]\nmost_per_day = 49", "flowmaticx_create_job", JOB,
         "The policy allows at most 49 leads in 24 hours, of which 49 are left: nothing was sent"),
        ("[tools.flowpilot_create_recipient]\nonly.account_number = ['1']", "flowpilot_create_recipient", RECIPIENT,
         "account_number: its value is not among those that the policy allows; nothing was sent"),
    ],
)  # fmt: skip
async def test_what_the_policy_does_not_allow_is_not_sent(
    tmp_path: Path, text: str, tool: str, arguments: dict[str, Any], said: str
) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, policy=a_policy(tmp_path, text)) as app:
        reply = await call(app, tool, arguments)
    assert isinstance(reply, Refused)
    assert (reply.error.message, reply.error.changed, reply.error.advice) == (said, "no", TO_DO)
    assert fake.requests == []


async def test_what_it_allows_goes_out_until_the_day_is_full_and_a_repeat_costs_nothing(tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer(STARTED, STARTED)
    policy = a_policy(tmp_path, "[tools.flowmaticx_create_job]\nmost_per_day = 100")
    async with open_fake(tmp_path, fake, policy=policy) as app:
        replies = [await call(app, "flowmaticx_create_job", {**JOB, "keyword": word}) for word in ("a", "b", "b", "c")]
    assert [type(reply) for reply in replies] == [Done, Done, Done, Refused]
    assert isinstance(replies[3], Refused)
    assert (
        replies[3].error.message
        == "The policy allows at most 100 leads in 24 hours, of which 0 are left: nothing was sent"
    )
    assert len(fake.requests) == 2


async def test_of_many_calls_at_once_no_more_go_out_than_the_day_has(tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer(*[STARTED] * 2)
    policy = a_policy(tmp_path, "[tools.flowmaticx_create_job]\nmost_per_day = 100")
    replies: list[object] = []
    async with open_fake(tmp_path, fake, policy=policy) as app:

        async def ask(word: str) -> None:
            replies.append(await call(app, "flowmaticx_create_job", {**JOB, "keyword": word}))

        async with anyio.create_task_group() as group:
            for word in "abcdefghij":
                group.start_soon(ask, word)
    assert len([reply for reply in replies if isinstance(reply, Done)]) == len(fake.requests) == 2
    said = {reply.error.message for reply in replies if isinstance(reply, Refused)}
    assert said == {"The policy allows at most 100 leads in 24 hours, of which 0 are left: nothing was sent"}


async def test_a_recipient_on_the_list_is_saved(tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer({"id": "r1", **RECIPIENT}, status=201)
    policy = a_policy(tmp_path, "[tools.flowpilot_create_recipient]\nonly.account_number = ['0123456789']")
    async with open_fake(tmp_path, fake, policy=policy) as app:
        assert isinstance(await call(app, "flowpilot_create_recipient", RECIPIENT), Done)


async def test_the_switch_is_read_again_while_the_server_runs(tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer({"id": "c1", "name": "Acme"}, status=201)
    path = Path(a_policy(tmp_path, "stop = false"))
    async with open_fake(tmp_path, fake, policy=str(path)) as app:
        assert isinstance(await call(app, "create_company", {"name": "Acme"}), Done)
        a_policy(tmp_path, "stop = true # now")
        assert isinstance(await call(app, "create_company", {"name": "Bcme"}), Refused)
        os.unlink(path)
        reply = await call(app, "create_company", {"name": "Ccme"})
        assert isinstance(reply, Refused)
        assert reply.error.message == "The policy of this server cannot be read now, so nothing is written"
    assert len(fake.requests) == 1
