"""The network, opened when the first request needs it.

In: limits and a user agent. Out: a `Sender`. What speaks TLS and HTTP is loaded during the first call, and not before a client
gets its first answer.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

import anyio
import anyio.to_thread

from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.proxies import Proxies


@asynccontextmanager
async def open_network_late(limits: Limits, user_agent: str) -> AsyncIterator[Sender]:
    """Yield the `Sender` over the network.

    Raises:
        ConfigError: a proxy variable of the environment holds something that is no address.
    """
    proxies = Proxies.from_environment(os.environ)
    opening = anyio.Lock()
    opened: Sender | None = None

    async with AsyncExitStack() as stack:

        async def open_now() -> Sender:
            nonlocal opened
            async with opening:
                if opened is None:
                    # In a thread, so that the server stays responsive meanwhile.
                    network = await anyio.to_thread.run_sync(import_module, "flintt_mcp.rest.sending.network")
                    sender: Sender = await stack.enter_async_context(network.open_network(limits, user_agent, proxies))
                    opened = sender
                return opened

        async def send(request: UpstreamRequest) -> UpstreamResponse:
            return await (opened or await open_now())(request)

        yield send
