"""The same FlowMaticX job asked for twice is one job, whatever goes wrong between; a new intent or a new day makes another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

import flintt_mcp.app
import flintt_mcp.rest.sending.client
from flintt_mcp.app import App
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.once import AGAIN
from flintt_mcp.rest.sending.message import Sender, TransportFault, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.retry import Pace
from tests.apis.toolbox import ask, open_sandboxed
from tests.certain import structured, there
from tests.clock import SetClock
from tests.fake_api import SECRET

pytestmark = pytest.mark.anyio

CREATE = "flowmaticx_create_job"
JOB = {"workflow_type": "GOOGLE_MAPS", "keyword": "plumber", "location": "Leeds, UK", "leads_requested": 5}
OTHER_KEY = "lg_live_sandbox_scoped_key"
DAY = 86_400.0


async def create(app: App, **more: Any) -> int:
    """The id of the job that a call gives."""
    reply = await ask(app, CREATE, **{**JOB, **more})
    assert isinstance(reply, Done), reply
    return structured(reply)["job"]["job_id"]


async def jobs(app: App) -> int:
    reply = await ask(app, "flowmaticx_list_jobs", limit=1)
    assert isinstance(reply, Done)
    return structured(reply)["total"]


class Losing:
    """A sender that loses the first `losses` answers to a job that was asked for, after the API has acted."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.keys: list[str] = []

    def __call__(self, send: Sender) -> Sender:
        async def losing(request: UpstreamRequest) -> UpstreamResponse:
            answer = await send(request)
            if request.operation == CREATE:
                self.keys.append(request.headers["idempotency-key"])
                if len(self.keys) <= self.losses:
                    raise TransportFault("the connection was reset", sent=True)
            return answer

        return losing


async def test_the_same_call_again_returns_the_same_job_also_in_another_order_or_spelling(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        before = await jobs(app)
        first = await create(app)
        assert await create(app) == first
        again = {name: JOB[name] for name in reversed(JOB)} | {"leads_requested": "5", "ai_enabled": None}
        assert await create(app, **again) == first
        assert await jobs(app) == before + 1


async def test_a_default_that_is_written_out_is_the_same_job(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        before = await jobs(app)
        made = {await create(app, **more) for more in ({}, {"ai_enabled": True}, {"include_risky": "false"})}
        assert len(made) == 1
        assert await create(app, ai_enabled=False) not in made
        assert await jobs(app) == before + 2


async def test_calls_at_once_make_one_job(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        before, made = await jobs(app), []

        async def one() -> None:
            made.append(await create(app))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one)
        assert len(made) == 8
        assert len(set(made)) == 1
        assert await jobs(app) == before + 1


async def test_after_a_lost_answer_the_server_itself_asks_again_and_there_is_one_job(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flintt_mcp.rest.sending.client, "Pace", lambda: Pace(random=lambda: 0.0))
    losing = Losing(losses=2)
    async with open_sandboxed(data_dir, monkeypatch, wrap=losing) as app:
        before = await jobs(app)
        await create(app)
        assert len(losing.keys) == 3
        assert len(set(losing.keys)) == 1
        assert await jobs(app) == before + 1


async def test_a_call_whose_answer_is_lost_says_so_and_the_same_call_finds_the_job(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch, wrap=Losing(losses=1), attempts=1) as app:
        before = await jobs(app)
        lost = await ask(app, CREATE, **JOB)
        assert isinstance(lost, Refused)
        assert lost.error.changed == "unknown"
        assert "Make the same call again: it will not be done twice." in lost.error.advice
        assert await jobs(app) == before + 1
        found = await create(app)
        assert await jobs(app) == before + 1
    async with open_sandboxed(data_dir, monkeypatch) as app:
        assert await create(app) == found


async def test_another_intent_other_arguments_and_another_key_make_jobs_of_their_own(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        before = await jobs(app)
        made = [await create(app), await create(app, intent_id="again"), await create(app, leads_requested=6)]
        assert len(set(made)) == 3
        assert await create(app, intent_id="again") == made[1]
        assert await jobs(app) == before + 3


async def test_another_key_is_another_caller_and_a_key_of_another_api_beside_it_is_not(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing = Losing(losses=0)
    async with open_sandboxed(data_dir, monkeypatch, wrap=losing) as app:

        async def by(secrets: dict[str, str]) -> Reply:
            caller = app.credentials.with_secrets(secrets)
            return await app.pipeline.run(
                Call(there(app.inventory.get(CREATE)), {**JOB, "leads_requested": 1}, caller, QuietChannel())
            )

        key = app.caller.secrets["flowmaticx"]
        replies = [
            await by({"flowmaticx": key}),
            await by({"flowmaticx": key, "flintt": "flt_beside_it"}),
            await by({"flowmaticx": OTHER_KEY}),
        ]
        assert [AGAIN in reply.text for reply in replies if isinstance(reply, Done)] == [False, True, False]
        assert len(set(losing.keys)) == len(losing.keys) == 2


async def test_after_a_day_the_same_call_is_a_new_job(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    monkeypatch.setattr(flintt_mcp.app, "time", SimpleNamespace(time=clock.seconds, monotonic=clock.seconds))
    async with open_sandboxed(data_dir, monkeypatch, clock) as app:
        first = await create(app)
        clock.forward(seconds=DAY - 1)
        assert await create(app) == first
        clock.forward(seconds=2)
        assert await create(app) != first


def test_two_processes_on_one_data_folder_make_one_job(data_dir: Path) -> None:
    words = [f"--{name.replace('_', '-')}={value}" for name, value in JOB.items()]
    command = [sys.executable, "-m", "flintt_mcp", "call", CREATE, *words, "--sandbox", "--toolsets", "flowmaticx"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    environment = kept | {
        "FLINTT_MCP_DATA_DIR": str(data_dir),
        "FLINTT_MCP_SECRET": SECRET,
        "FLINTT_MCP_APPROVE": "none",
    }
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    ids = {line for out, _ in outputs for line in out.splitlines() if line.startswith("job_id: ")}
    assert len(ids) == 1
