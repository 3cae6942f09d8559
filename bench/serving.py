"""Serves an ASGI app the same way for every contender of the bench that is not the product.

uvicorn with one worker, httptools, uvloop, no access log and no proxy headers, on a free loopback port that is announced on stdout.
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from bench.process import announce

POOL = 16
"""Connections to the stub for the contenders on httpx2: at 64 calls at a time 16 were 5-20 % faster than 64, 100 or 256."""


class _Server(uvicorn.Server):
    """Says its port once it is ready, that is, after the app's lifespan start."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            announce(sockets[0].getsockname()[1])


def serve(app: Any) -> None:
    """Serves `app` until the process is ended."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=512,
        timeout_graceful_shutdown=2,
    )
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    _Server(config).run(sockets=[listener])


def main(
    description: str, make: Callable[[argparse.Namespace], Any], stdio: Callable[[str], None] | None = None
) -> None:
    """Command line of a contender: --upstream URL and --stateful; --stdio where it has that transport."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--upstream", required=True, help="base URL of the stub")
    parser.add_argument("--stateful", action="store_true", help="2025-11-25 with sessions")
    parser.add_argument("--stdio", action="store_true", help="serve stdin and stdout instead of HTTP")
    arguments = parser.parse_args()
    if arguments.stdio and stdio is not None:
        stdio(arguments.upstream)
    else:
        serve(make(arguments))
