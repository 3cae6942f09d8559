"""A sandbox that is served over loopback HTTP, and a client of the product's own to reach it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx2
import pytest
import uvicorn

from flintt_mcp.oauth.registration import OAuthSettings
from flintt_mcp.oauth.source import TokenSource
from flintt_mcp.oauth.token_store import FileStore
from flintt_mcp.rest.sending.client import UpstreamClient, open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.sandbox.flextell.seed import CLIENT
from flintt_mcp.sandbox.server import open_sandbox
from tests.clock import SetClock


@pytest.fixture
async def url(seeded: Path, tmp_path: Path, clock: SetClock) -> AsyncIterator[str]:
    """The address of a fresh copy of the sandbox."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    folder = shutil.copytree(seeded, tmp_path / "sandbox")
    async with open_sandbox(folder, clock=clock) as sandbox, anyio.create_task_group() as group:
        server = uvicorn.Server(
            uvicorn.Config(sandbox.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        )
        group.start_soon(server._serve, [listening])  # `serve` would take over this process's signals
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True


@pytest.fixture
async def client() -> AsyncIterator[UpstreamClient]:
    async with open_client(Limits(attempts=1)) as opened:
        yield opened


@pytest.fixture
def settings(url: str) -> OAuthSettings:
    oauth = f"{url}/flextell-oauth"
    return OAuthSettings(
        authorize_url=f"{oauth}/authorize", token_url=f"{oauth}/token", client_id=CLIENT, scopes="read write"
    )


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "data" / "flextell.tokens.json")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "data" / "flextell.lock"


@pytest.fixture
def source(
    settings: OAuthSettings, store: FileStore, client: UpstreamClient, lock: Path, clock: SetClock
) -> TokenSource:
    return TokenSource(settings, store, client.send, lock, clock=clock.seconds)


@pytest.fixture
async def status(url: str) -> AsyncIterator:
    """What the resource API says to a token."""
    async with httpx2.AsyncClient(base_url=f"{url}/flextell/") as browser:

        async def ask(token: str) -> int:
            return (await browser.get("companies", headers={"Authorization": f"Bearer {token}"})).status_code

        yield ask
