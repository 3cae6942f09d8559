"""A key that is revoked while its call is under way opens nothing any more: it is looked up in the transaction of the work."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import HTTPException

from flintt_mcp.sandbox.flintt.companies import select_companies
from flintt_mcp.sandbox.flintt.door import open_workspace
from tests.sandbox.sandbox_client import headers_of

pytestmark = pytest.mark.anyio

REVOKED = "UPDATE {} SET revoked_at = '2026-09-30T09:00:00Z'"
JOB = {"workflow_type": "GOOGLE_MAPS", "keyword": "florist", "location": "Leeds", "leads_requested": 5}
CALLS: dict[str, tuple[str, str, Any, str]] = {
    "flintt": ("POST", "flintt/v1/companies", {"name": "Acme"}, REVOKED.format("flintt_api_keys")),
    "flintt-management": ("POST", "flintt/api/api-keys", {"name": "Acme"}, "DELETE FROM flintt_users WHERE rowid = 1"),
    "flowpilot": (
        "POST",
        "flowpilot/public/runs",
        {"objective": "Rent", "budget_cap": 1},
        REVOKED.format("flowpilot_api_keys"),
    ),
    "flowmaticx": ("POST", "flowmaticx/jobs", JOB, REVOKED.format("flowmaticx_api_keys")),
    "flextell": ("PATCH", "flextell/contacts/res_013", {"name": "Acme"}, REVOKED.format("flextell_tokens")),
}
ANSWERS = {
    "flintt": {"detail": "Invalid API key."},
    "flintt-management": {"detail": "Invalid or expired session token."},
    "flowpilot": {"detail": "Invalid or expired API key."},
    "flowmaticx": {"ok": False, "error": {"code": "UNAUTHORIZED", "message": "Invalid API key", "status": 401}},
    "flextell": {"error": "unauthorized", "message": "The access token is missing or invalid."},
}


@pytest.mark.parametrize("api", CALLS)
async def test_a_call_whose_key_is_revoked_while_its_body_is_on_the_way_changes_nothing(sandbox, api):
    method, path, body, revoke = CALLS[api]
    text = json.dumps(body).encode()
    contents: list[list[str]] = []

    def dump(connection: sqlite3.Connection) -> None:
        contents.append(list(connection.iterdump()))

    async def halves() -> AsyncIterator[bytes]:
        yield text[:5]
        await sandbox.database.write(lambda connection: connection.execute(revoke).rowcount)
        await sandbox.database.read(dump)
        yield text[5:]

    transport = httpx2.ASGITransport(app=sandbox.app)
    headers = headers_of(sandbox, api) | {"Content-Type": "application/json"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox/") as client:
        answer = await client.request(method, path, content=halves(), headers=headers)

    assert (answer.status_code, answer.json()) == (401, ANSWERS[api])
    await sandbox.database.read(dump)
    assert contents[0] == contents[1]


async def test_a_read_looks_the_key_up_as_well(sandbox):
    workspace = await open_workspace(sandbox.ground, sandbox.flintt_key)
    assert len(await workspace.read(select_companies, "")) == 200

    await sandbox.database.write(lambda connection: connection.execute(REVOKED.format("flintt_api_keys")).rowcount)
    with pytest.raises(HTTPException) as refused:
        await workspace.read(select_companies, "")
    assert (refused.value.status_code, refused.value.detail) == (401, "Invalid API key.")
