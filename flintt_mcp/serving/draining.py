"""uvicorn, told to end streams first.

In: a uvicorn configuration whose app is an `HttpApp`, however wrapped. Out: a server whose shutdown begins with the app's
`drain`. Stock uvicorn waits for open streams before it tells the app that it is over, so a stream holds it for good.
"""

from __future__ import annotations

import socket

import sse_starlette.sse
import uvicorn

from flintt_mcp.transports.http.app import DRAIN


class DrainingServer(uvicorn.Server):
    """A uvicorn server for an `HttpApp`. Set `timeout_graceful_shutdown` above `HttpOptions.grace`."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # Left to itself, sse-starlette cuts every SDK stream at once, answers of running calls included.
        sse_starlette.sse.AppStatus.disable_automatic_graceful_drain()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drain = self.lifespan.state.get(DRAIN)
        if drain is not None:
            drain()
        await super().shutdown(sockets)
