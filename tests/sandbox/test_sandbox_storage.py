"""When the file is held by another process: reads go on, and a change is refused with the time to wait, in each API's shape."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx2
import pytest

from flintt_mcp.sandbox.server import Sandbox, open_sandbox
from flintt_mcp.sqlite import opening

pytestmark = pytest.mark.anyio

FLOWMATICX_JOB = {"workflow_type": "GOOGLE_MAPS", "keyword": "florist", "location": "Leeds", "leads_requested": 5}
CHANGES = {
    "flintt": ("flintt/v1/companies", {"name": "Acme"}),
    "flintt-management": ("flintt/api/api-keys", {"name": "Acme"}),
    "flowpilot": ("flowpilot/public/runs", {"objective": "Rent", "budget_cap": 1}),
    "flowmaticx": ("flowmaticx/jobs", FLOWMATICX_JOB),
    "flextell": ("flextell/contacts", {"name": "Acme"}),
}
READS = {
    "flintt": "flintt/v1/companies",
    "flintt-management": "flintt/api/api-keys",
    "flowpilot": "flowpilot/public/runs",
    "flowmaticx": "flowmaticx/jobs",
    "flextell": "flextell/contacts",
}
HELD = "The sandbox's database is held by another process, so nothing was changed: try again in a moment"


def shaped(api: str, status: int, code: str, sentence: str) -> Any:
    """A failure of the sandbox as an API tells it."""
    if api == "flowmaticx":
        return {"ok": False, "error": {"code": code.upper(), "message": sentence, "status": status}}
    if api == "flextell":
        return {"error": code, "message": f"{sentence}."}
    return {"detail": sentence, "code": code}


def headers_of(sandbox: Sandbox, api: str) -> dict[str, str]:
    return {
        "flintt": {"X-API-Key": sandbox.flintt_key},
        "flintt-management": {"Authorization": f"Bearer {sandbox.session_for(sandbox.flintt_key)}"},
        "flowpilot": {"X-API-Key": sandbox.flowpilot_key},
        "flowmaticx": {"Authorization": f"Bearer {sandbox.flowmaticx_key}"},
        "flextell": {"Authorization": f"Bearer {sandbox.flextell_token}"},
    }[api]


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox/") as opened:
        yield opened


@pytest.fixture
async def sandbox(data_dir, clock, monkeypatch) -> AsyncIterator[Sandbox]:
    """One that does not wait long for its turn."""
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    async with open_sandbox(data_dir, clock=clock) as opened:
        yield opened


@contextmanager
def held(sandbox: Sandbox) -> Iterator[None]:
    """Another process is writing."""
    with closing(sqlite3.connect(sandbox.database.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("api", READS)
async def test_a_read_needs_no_lock_also_with_a_key_that_was_not_used_for_long(sandbox, client, clock, api):
    clock.forward(hours=1)
    with held(sandbox):
        assert (await client.get(READS[api], headers=headers_of(sandbox, api))).status_code == 200


async def test_the_use_of_a_key_is_noted_when_nobody_holds_the_file(sandbox, client, clock):
    def noted(connection: sqlite3.Connection) -> str | None:
        return connection.execute("SELECT last_used_at FROM flintt_api_keys ORDER BY rowid").fetchone()[0]

    with held(sandbox):
        await client.get(READS["flintt"], headers=headers_of(sandbox, "flintt"))
        assert await sandbox.database.read(noted) is None
    await client.get(READS["flintt"], headers=headers_of(sandbox, "flintt"))
    assert await sandbox.database.read(noted) == "2026-09-30T09:00:00Z"


@pytest.mark.parametrize("api", CHANGES)
async def test_a_change_is_refused_with_the_time_to_wait_and_works_afterwards(sandbox, client, api):
    path, body = CHANGES[api]
    with held(sandbox):
        refused = await client.post(path, json=body, headers=headers_of(sandbox, api))

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json() == shaped(api, 503, "storage_busy", HELD)
    assert (await client.post(path, json=body, headers=headers_of(sandbox, api))).is_success
