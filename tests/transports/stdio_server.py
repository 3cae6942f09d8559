"""Runs the fixture server over stdio, as a process of its own: `python -m tests...` is not needed, the path is enough."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent.parent))

from transports.fixture_app import fixture_server

from flintt_mcp.transports.stdio import serve_stdio

limit = int(sys.argv[1]) if len(sys.argv) > 1 else 4 * 1024 * 1024


async def main() -> None:
    await serve_stdio(fixture_server(), max_line_bytes=limit)


anyio.run(main)
