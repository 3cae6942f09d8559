"""A server whose APIs are down is ready, says which are, and serves what does not need them."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from flintt_mcp.serving.asgi import service
from flintt_mcp.settings import Settings
from tests import wire
from tests.rest.sending.fault_server import closed_port, open_fault_server
from tests.transports.fixture_app import living

pytestmark = pytest.mark.anyio


async def test_an_api_that_is_down_takes_neither_documentation_nor_other_apis_out(tmp_path: Path) -> None:
    async with open_fault_server() as flowpilot:
        down = {"FLINTT_API_URL": f"http://127.0.0.1:{closed_port()}", "FLOWPILOT_API_URL": flowpilot.url}
        settings = Settings(data_dir=str(tmp_path), toolsets=("flintt", "flowpilot", "docs"))
        async with living(service(settings, down)) as app:
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                ready = await client.get("/readyz")
                docs = await client.post("/mcp", json=wire.message("list_docs"), headers=wire.headers("list_docs"))
    assert (ready.status_code, ready.json()) == (
        200,
        {
            "ready": True,
            "apis": {"flintt": {"reachable": False, "reason": "connection refused"}, "flowpilot": {"reachable": True}},
        },
    )
    assert (docs.status_code, docs.json()["result"]["isError"]) == (200, False)
