"""What has no id is a notification, whatever its method says: without a session, too, it is taken and nothing is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from flintt_mcp.serving.asgi import mcp_over_http
from tests.fake_api import FakeApi, open_fake
from tests.transports.fixture_app import living

from .asked import NEW, request_of

pytestmark = pytest.mark.anyio

CALLS: list[dict[str, Any]] = [
    {"name": "create_company", "arguments": {"name": "X"}},
    {"name": "delete_signal", "arguments": {"signal_id": "s1"}},
    {"name": "delete_signal", "arguments": {"signal_id": "s1"}, "_meta": {"progressToken": 1}},
]


EITHER = "application/json, text/event-stream"


@pytest.mark.parametrize(
    ("version", "accept"),
    [(NEW, EITHER), *((version, "application/json") for version in (None, *HANDSHAKE_PROTOCOL_VERSIONS, NEW))],
)
async def test_a_call_without_an_id_and_without_a_session_reaches_no_api(
    version: str | None, accept: str, tmp_path: Path
) -> None:
    fake, statuses = FakeApi(), []
    fake.will_answer([{"id": "c1", "name": "Acme"}])
    async with open_fake(tmp_path, fake, toolsets=("default",)) as app:
        over_http = mcp_over_http(app)
        transport = httpx2.ASGITransport(over_http)
        async with (
            living(over_http),
            httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client,
        ):
            for params in (*CALLS, {"name": "list_companies"}):
                message, headers = request_of("tools/call", params, version or "2025-03-26")
                headers["accept"] = accept
                if version is None:
                    del headers["mcp-protocol-version"]
                if params in CALLS:
                    del message["id"]
                statuses.append((await client.post("/mcp", json=message, headers=headers)).status_code)
    assert statuses == [202, 202, 202, 200]
    assert [request.method for request in fake.requests] == ["GET"]
