"""When the file is held by another process, or the disk is full: reads go on, and what failed is told in each API's shape.

A full disk is played by SQLite itself, which is told how large the file may get.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx2
import pytest

from flintt_mcp.sandbox.server import TABLES, Sandbox, open_sandbox
from flintt_mcp.sqlite import opening
from tests.sandbox.sandbox_client import headers_of

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
FULL = "The disk of the sandbox is full, so nothing was changed: make room, then try again"
HELD = "The sandbox's database is held by another process, so nothing was changed: try again in a moment"


def shaped(api: str, status: int, code: str, sentence: str) -> Any:
    """A failure of the sandbox as an API tells it."""
    if api == "flowmaticx":
        return {"ok": False, "error": {"code": code.upper(), "message": sentence, "status": status}}
    if api == "flextell":
        return {"error": code, "message": f"{sentence}."}
    return {"detail": sentence, "code": code}


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


def rows(connection: sqlite3.Connection) -> int:
    """How many rows there are in all."""
    return sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)


async def until_refused(client: httpx2.AsyncClient, sandbox: Sandbox, api: str) -> tuple[int, httpx2.Response]:
    """Change something until it does not go; answers how many rows there were before that, and the refusal."""
    path, body = CHANGES[api]
    for _ in range(80):
        before = await sandbox.database.read(rows)
        answer = await client.post(path, json=body, headers=headers_of(sandbox, api))
        if not answer.is_success:
            return before, answer
    raise AssertionError("the file took everything")


async def leave_room_for(sandbox: Sandbox, pages: int) -> None:
    """Let the file grow to so many pages at the most, or to what it has when that is more."""
    await sandbox.database.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}"))


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

    assert (refused.status_code, refused.headers["retry-after"], refused.headers["changed"]) == (503, "1", "no")
    assert refused.json() == shaped(api, 503, "storage_busy", HELD)
    assert (await client.post(path, json=body, headers=headers_of(sandbox, api))).is_success


@pytest.mark.parametrize("api", CHANGES)
async def test_a_change_that_finds_no_room_on_the_disk_is_told_so_changes_nothing_and_works_when_there_is(
    sandbox, client, api
):
    await leave_room_for(sandbox, 1)
    before, refused = await until_refused(client, sandbox, api)

    assert (refused.status_code, refused.headers["changed"]) == (507, "no")
    assert refused.json() == shaped(api, 507, "storage_full", FULL)
    assert await sandbox.database.read(rows) == before
    await leave_room_for(sandbox, 2**30)
    path, body = CHANGES[api]
    assert (await client.post(path, json=body, headers=headers_of(sandbox, api))).is_success


async def test_a_file_that_is_damaged_is_told_without_a_word_about_changes(sandbox, client):
    await sandbox.database.read(rows)
    sandbox.database.close()
    content = bytearray(sandbox.database.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    sandbox.database.path.write_bytes(content)

    answer = await client.get(READS["flowpilot"], headers=headers_of(sandbox, "flowpilot"))
    sentence = "The sandbox's database cannot be read or written: look at its data folder"
    assert (answer.status_code, answer.headers.get("changed")) == (500, None)
    assert answer.json() == shaped("flowpilot", 500, "storage_failed", sentence)


async def test_each_leaves_one_line_in_the_log_with_the_route_and_the_cause(sandbox, client, caplog):
    path, body = CHANGES["flintt"]
    with held(sandbox):
        await client.post(path, json=body, headers=headers_of(sandbox, "flintt"))
    await leave_room_for(sandbox, 1)
    await until_refused(client, sandbox, "flintt")

    assert [
        (record.levelname, record.getMessage()) for record in caplog.records if record.name.startswith("flintt")
    ] == [
        ("ERROR", "POST /v1/companies was answered with 503: another process holds the database"),
        ("ERROR", "POST /v1/companies was answered with 507: the disk is full"),
    ]
