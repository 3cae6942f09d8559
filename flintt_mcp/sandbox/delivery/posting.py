"""The way out for deliveries: POST through the network guard, which is opened when the first delivery goes.

In: a policy. Out: a `Post` for the dispatcher. A sandbox in which nobody registers a webhook never loads the HTTP library.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import anyio

from flintt_mcp.sandbox.delivery.attempt import Post
from flintt_mcp.sandbox.network.guard import Guard, open_guard
from flintt_mcp.sandbox.network.urls import Policy

SECONDS = 10.0
"""What both texts give a receiver to answer."""
KEEP = 1.0
"""How long a connection waits for the next delivery: through a backlog, and less than servers wait before they close one."""


@asynccontextmanager
async def guarded_post(policy: Policy) -> AsyncIterator[Post]:
    """A `Post` that reaches only what the policy allows; one attempt takes ten seconds at most."""
    async with AsyncExitStack() as stack:
        opening = anyio.Lock()
        opened: list[Guard] = []

        async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
            async with opening:
                if not opened:
                    opened.append(await stack.enter_async_context(open_guard(policy, seconds=SECONDS, keep=KEEP)))
            return (await opened[0].send("POST", url, headers, body)).status

        yield post
