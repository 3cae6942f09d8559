"""The door to the network: opens `network.py`, at once or when the first request needs it.

In: limits and a user agent. Out: a `Sender`. Loading the HTTP library takes about as long as loading the rest of the
server, so a stdio server, which a client waits for, does it during its first call and not before its first answer.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

import anyio
import anyio.to_thread

from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.proxies import Proxies


@dataclass(frozen=True, slots=True)
class NetworkLimits:
    """What one attempt may take.

    Seconds to get a connection (from the pool or a new one), seconds in all, connections at a time (those for reads and
    those for writes are counted apart), bytes of a decoded body.
    """

    connect_timeout: float
    attempt_timeout: float
    max_connections: int
    max_response_bytes: int


@asynccontextmanager
async def open_wire(limits: NetworkLimits, user_agent: str, *, eager: bool) -> AsyncIterator[Sender]:
    """Yield the `Sender` over the network; `eager` loads the HTTP library now instead of during the first request.

    Raises:
        ConfigError: a proxy variable of the environment holds something that is no address.
    """
    proxies = Proxies.from_environment(os.environ)
    opening = anyio.Lock()
    opened: Sender | None = None

    async with AsyncExitStack() as stack:

        async def opened_network() -> Sender:
            nonlocal opened
            async with opening:
                if opened is not None:
                    return opened
                # In a thread, so that the server stays responsive for the fifth of a second that this takes.
                network = await anyio.to_thread.run_sync(import_module, "flintt_mcp.rest.sending.network")
                sender: Sender = await stack.enter_async_context(network.open_network(limits, user_agent, proxies))
                opened = sender
                return sender

        async def send(request: UpstreamRequest) -> UpstreamResponse:
            return await (opened or await opened_network())(request)

        yield await opened_network() if eager else send
