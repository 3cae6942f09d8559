"""Exact hosts for an app without a gate: the sandbox's REST APIs by themselves."""

from __future__ import annotations

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from flintt_mcp.transports.http.exchanges.hosts import KnownHosts
from flintt_mcp.transports.http.exchanges.options import HttpOptions

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8002", 200),
        ("LOCALHOST:8002", 200),
        ("[::1]:8002", 200),
        ("box.example", 200),
        ("127.0.0.1:8002.evil.example", 421),
        ("127.0.0.1:9", 421),
        ("evil.example", 421),
        ("box.example:8002.evil.example", 421),
        ("", 421),
    ],
)
async def test_only_exact_hosts_reach_an_app_without_a_gate(host: str, status: int) -> None:
    app = KnownHosts(PlainTextResponse("in"), HttpOptions(port=8002, allowed_hosts=("box.example",)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://any") as client:
        assert (await client.get("/", headers={"host": host})).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9000", 200),
        ("LOCALHOST:9000", 200),
        ("localhost", 200),
        ("[::1]:9000", 200),
        ("localhost:", 421),
        ("localhost:9000.evil.example", 421),
        ("localhost:9000:1", 421),
        ("localhost:123456", 421),
        ("evil.localhost:9000", 421),
        ("evil.example:9000", 421),
    ],
)
async def test_a_host_with_a_star_for_its_port_may_have_any_port_and_no_other_name(host: str, status: int) -> None:
    options = HttpOptions(host="0.0.0.0", port=8000, allowed_hosts=("localhost:*", "[::1]:*"))
    app = KnownHosts(PlainTextResponse("in"), options)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://any") as client:
        assert (await client.get("/", headers={"host": host})).status_code == status
