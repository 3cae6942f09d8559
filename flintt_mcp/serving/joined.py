"""A transport on which what is written in one turn of the event loop goes out together.

In: the transport of a connection. Out: the same, with fewer calls of the system: uvicorn writes the head of an answer and its body
apart, and each call costs about a twentieth of all the work of a request. Nothing waits longer than that turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

_MOST = 64 * 1024
"""Bytes that are held at most: beyond, the transport itself has to know, so that it can tell whoever writes to wait."""


class JoinedWrites:
    """What uvicorn needs of a transport, over that transport."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._soon: Callable[..., Any] = loop.call_soon
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Sends this with whatever else is written in this turn."""
        if not self._held:
            self._soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > _MOST:
            self._flush()

    def close(self) -> None:
        """Ends the connection once everything is out."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()
            self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
