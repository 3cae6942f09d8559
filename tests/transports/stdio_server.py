"""The fixture server over stdio, as a process of its own: `python -m transports.stdio_server [LIMIT]` in tests/."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from flintt_mcp.transports.stdio.serve import MAX_LINE_BYTES, serve_stdio
from flintt_mcp.transports.stdio.service import Opened, Service

from .fixture_app import MODERN, fixture_server


def nothing(method: str, params: Any, version: str) -> None:
    """No early answer: the SDK sees every message."""


async def no_answer(method: str, params: Any, version: str, client: str) -> None:
    """No plain answer either."""


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    yield Opened(nothing, no_answer, fixture_server)


def main() -> None:
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else MAX_LINE_BYTES
    service = Service(frozenset({MODERN}), nothing, lambda: None, opened, str)
    serve_stdio(service, max_line_bytes=limit)


if __name__ == "__main__":
    main()
