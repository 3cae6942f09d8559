"""`connect`: a client of the SDK, on each way in turn; `truth`: what the sandbox behind all of them really holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import anyio
import pytest
from mcp import Client

from flintt_mcp.sandbox.server import open_sandbox

from .ways import KEY, NEWEST, WAYS, WRONG_KEY, Servers, Truth, Way, connected

__all__ = ["NEWEST", "Connect", "Way"]

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="session", params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    home = tmp_path_factory.mktemp("behaviour")
    data = home / "data"

    async def seed() -> None:
        async with open_sandbox(data):
            pass

    anyio.run(seed)
    servers = Servers(home, data)
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def truth(servers: Servers) -> Truth:
    return Truth(servers.data / "sandbox.db")


@pytest.fixture(scope="session")
async def standing(way: Way, servers: Servers) -> AsyncIterator[Mapping[str | None, Client]]:
    """The connections that the tests of a way share, by key, where each new one would start a server."""
    async with AsyncExitStack() as stack:
        keys = (KEY, None, WRONG_KEY) if way.starts_server else ()
        yield {key: await stack.enter_async_context(connected(way, servers, key=key)) for key in keys}


@pytest.fixture
def connect(way: Way, servers: Servers, standing: Mapping[str | None, Client]) -> Connect:
    """`async with connect() as client`: with the sandbox's key unless another, or None, is given."""

    @asynccontextmanager
    async def connect(key: str | None = KEY) -> AsyncIterator[Client]:
        if key in standing:
            yield standing[key]
            return
        async with connected(way, servers, key=key) as client:
            yield client

    return connect
