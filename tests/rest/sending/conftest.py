"""Fixtures of the tests of sending: one fault server per test, on both event loops and for both engines."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import truststore

from flintt_mcp.rest.sending import network
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.proxied import open_proxied
from flintt_mcp.rest.sending.proxies import Proxies

from .fault_server import FaultServer, open_fault_server


@pytest.fixture(scope="session", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both event loops: a server runs on uvloop where there is one, a command on the library's own."""
    return "asyncio", {"use_uvloop": request.param}


@asynccontextmanager
async def _as_through_a_proxy(limits: Limits, user_agent: str, proxies: Proxies) -> AsyncIterator[Sender]:
    trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with open_proxied(limits, user_agent, trust) as through:

        async def send(request: UpstreamRequest) -> UpstreamResponse:
            return await through(request, proxies.proxy_for(request.url))

        yield send


@pytest.fixture(params=["own", "library"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What sends: our own HTTP, or the library that calls go through where there is a proxy."""
    if request.param == "library":
        monkeypatch.setattr(network, "open_network", _as_through_a_proxy)
    return request.param


@pytest.fixture
async def api(engine: str) -> AsyncIterator[FaultServer]:
    async with open_fault_server() as server:
        yield server


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
