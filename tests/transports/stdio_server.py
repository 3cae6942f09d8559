"""The fixture server over stdio, as a process of its own: `python -m transports.stdio_server [LIMIT]` in tests/."""

from __future__ import annotations

import sys

import anyio

from flintt_mcp.transports.stdio import MAX_LINE_BYTES, serve_stdio

from .fixture_app import fixture_server


async def main() -> None:
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else MAX_LINE_BYTES
    await serve_stdio(fixture_server(), max_line_bytes=limit)


if __name__ == "__main__":
    anyio.run(main)
