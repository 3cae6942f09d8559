"""How tests speak to the FlowMaticX sandbox: over HTTP, in this process, and what a valid search looks like."""

from __future__ import annotations

from typing import Any

import httpx2
from starlette.types import ASGIApp

from flintt_mcp.sandbox.flowmaticx.keys import SANDBOX_KEYS

SEARCH = {"workflow_type": "GOOGLE_MAPS", "keyword": "plumber", "location": "Manchester, UK", "leads_requested": 50}


def talk(app: ASGIApp, workspace: str | None, base: str = "http://sandbox/flowmaticx/") -> httpx2.AsyncClient:
    """A client that sends the key of an example workspace, named by its slug."""
    headers = {} if workspace is None else {"Authorization": f"Bearer {SANDBOX_KEYS[workspace]}"}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=base, headers=headers)


async def data_of(client: httpx2.AsyncClient, path: str, **params: Any) -> Any:
    """The data of a success."""
    response = await client.get(path, params=params)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer.keys() == {"ok", "data"}
    assert answer["ok"] is True
    return answer["data"]


async def start(client: httpx2.AsyncClient, key: str | None = None, **changes: Any) -> dict[str, Any]:
    """The data of a job that was started."""
    headers = {} if key is None else {"Idempotency-Key": key}
    response = await client.post("jobs", json=SEARCH | changes, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def job_of(client: httpx2.AsyncClient, job_id: int) -> dict[str, Any]:
    """A job as the list shows it."""
    return next(job for job in (await data_of(client, "jobs", limit=100))["jobs"] if job["id"] == job_id)


def failure(response: httpx2.Response) -> tuple[int, str, str]:
    """Status, code and message of an answer that is not a success, in the documented envelope and in no other."""
    answer = response.json()
    assert answer.keys() == {"ok", "error"}
    assert answer["error"].keys() == {"code", "message", "status"}
    assert answer["ok"] is False
    assert answer["error"]["status"] == response.status_code
    return response.status_code, answer["error"]["code"], answer["error"]["message"]
