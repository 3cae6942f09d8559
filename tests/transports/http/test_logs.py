"""Whatever the log level, no key and no id of a session or stream is ever logged, by us or by anything below us."""

from __future__ import annotations

import logging
import re

import anyio
import httpx2
import pytest

from flintt_mcp.transports.http.app import HttpOptions
from tests.transports.fixture_app import (
    INITIALIZE,
    KEY,
    OTHER_KEY,
    call,
    modern,
    modern_headers,
    open_session,
    serving,
)
from tests.transports.http.test_sse import streaming

pytestmark = pytest.mark.anyio


async def _keys_everywhere(client: httpx2.AsyncClient) -> None:
    for spelling in (f"api_key={KEY}", f"%61pi_key={KEY}", f"first_api_key={KEY}"):
        await client.post(f"/mcp?{spelling}", json=modern("who"), headers=modern_headers("who"))
    for path in ("/mcp/", "/nothing", "/healthz", "/readyz", "/metrics", "/sse/x"):
        await client.get(f"{path}?api_key={KEY}")
    bearer = {**modern_headers("who"), "authorization": f"Bearer {KEY}"}
    await client.post("/mcp", json=modern("who"), headers=bearer)
    await client.post(f"/mcp?api_key={KEY}", json=modern("who"), headers={"host": "evil.example"})


async def _sessions(client: httpx2.AsyncClient) -> list[str]:
    """Sessions that are opened, used, stolen and ended; their ids."""
    headers = await open_session(client, KEY)
    ids = [headers["mcp-session-id"]]
    await client.post("/mcp", json=call("who"), headers=headers)
    await client.post("/mcp", json=call("who"), headers={**headers, "x-api-key": OTHER_KEY})
    await client.post("/mcp", content=b"{", headers=headers)
    await client.delete("/mcp", headers=headers)
    await client.post("/mcp", json=call("who"), headers=headers)
    ids.append("a-session-id-of-another-replica")
    await client.post("/mcp", json=call("who"), headers={**headers, "mcp-session-id": ids[-1]})
    return ids


async def _stream(client: httpx2.AsyncClient) -> str:
    """A legacy stream, used rightly and wrongly; its id."""
    async with streaming(client, f"/mcp?api_key={KEY}", None) as stream:
        id = stream.endpoint.split("session_id=")[1]
        await stream.post(INITIALIZE)
        await stream.message()
        await client.post(stream.endpoint, content=b"{", headers={"content-type": "application/json"})
        await client.post(f"/messages/?session_id={id}&api_key={OTHER_KEY}", json=call("who"))
    return id


async def test_no_key_and_no_session_id_is_logged_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        serving(options=HttpOptions(grace=0.1), log_level="debug") as running,
        httpx2.AsyncClient(base_url=running.url) as client,
    ):
        await _keys_everywhere(client)
        ids = [*await _sessions(client), await _stream(client)]
        await anyio.sleep(0.02)

    # The client of this test logs what it sends, in the same process; only the server is looked at.
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "mcp.client"))]
    text = "\n".join(logging.Formatter("%(name)s %(message)s %(exc_info)s").format(record) for record in ours)
    assert "uvicorn.access" in text
    assert len(ids) == 3
    assert [secret for secret in (KEY, OTHER_KEY, *ids) if secret in text] == []
    assert re.findall(r"api_key|session_id=", text) == []
    assert [record.getMessage() for record in ours if record.exc_info or record.levelno >= logging.ERROR] == []
