"""`python -m tests.behaviour.fixture_server serve|stdio [--port N]`: the server on the sandbox, with the conformance fixtures."""

from __future__ import annotations

import argparse
import os

import anyio

from flintt_mcp.app import open_app
from flintt_mcp.serving.process import serve_http
from flintt_mcp.settings import load
from flintt_mcp.transports.stdio import serve_stdio
from tests.conformance.fixtures import conformance_additions


async def _stdio() -> None:
    async with open_app(load({"sandbox": True}, os.environ), os.environ, conformance_additions()) as app:
        await serve_stdio(app.server())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transport", choices=["serve", "stdio"])
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    if options.transport == "serve":
        return serve_http(
            load({"sandbox": True, "port": options.port}, os.environ), os.environ, conformance_additions()
        )
    anyio.run(_stdio)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
