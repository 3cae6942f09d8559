"""What may be spent: play money always, real money only where the operator said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.errors import CallRefused
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

JOB = {"workflow_type": "LINKEDIN", "keyword": "x", "location": "y", "leads_requested": 5}
STARTED = {"ok": True, "data": {"job_id": 1, "status": "queued", "estimated_credits": 10, "credits_remaining": 90}}
LOOPBACK = {"FLOWMATICX_API_URL": "http://127.0.0.1:9/out"}


async def test_a_url_on_this_machine_alone_does_not_make_it_play_money(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, LOOPBACK, allow_spend=False) as app:
        reply = await call(app, "flowmaticx_create_job", JOB)
    assert isinstance(reply, Refused)
    assert type(reply.error) is CallRefused
    assert reply.error.message.startswith("Nothing was sent: this would have spent credits for up to 5 leads")
    assert fake.requests == []


async def test_a_sandbox_on_this_machine_takes_its_public_key(tmp_path: Path) -> None:
    fake = FakeApi()
    fake.will_answer(STARTED)
    async with open_fake(tmp_path, fake, LOOPBACK, allow_spend=False) as app:
        caller = app.credentials.with_secrets({"flowmaticx": "lg_live_sandbox_key"})
        reply = await call(app, "flowmaticx_create_job", JOB, caller)
    assert isinstance(reply, Done)
    assert len(fake.requests) == 1
