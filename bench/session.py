"""Opens and closes a 2025-11-25 session, as a client does around its calls. Part of the driver process.

In: a port and the headers that carry the key. Out: a session id. The handshake is not timed: windows of load hold calls only.
"""

from __future__ import annotations

import asyncio
from typing import cast

from bench import wire
from bench.answer import Answer, AnswerReader

STALL_SECONDS = 20.0
"""No answer for this long is an error, here and on the connections under load."""


class _Once(asyncio.Protocol):
    """Sends a row of requests on one connection, one after the other; the answers arrive in `answers`."""

    def __init__(self) -> None:
        self._reader = AnswerReader()
        self._transport: asyncio.Transport
        self._waiting: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # TCP's can be written to

    def data_received(self, data: bytes) -> None:
        answer = self._reader.feed(data)
        if answer is not None and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> Answer:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await asyncio.wait_for(self._waiting, STALL_SECONDS)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def open_session(port: int, headers: dict[str, str]) -> str:
    """Does the 2025-11-25 handshake and returns the session id. Raises: RuntimeError when the server refuses."""
    host = f"127.0.0.1:{port}"
    _, talk = await asyncio.get_running_loop().create_connection(_Once, "127.0.0.1", port)
    try:
        answer = await talk.ask(wire.single(host, wire.INITIALIZE, headers))
        session = answer.header("mcp-session-id")
        if answer.status != 200 or not session:
            raise RuntimeError(f"initialize: status {answer.status}, session id {'present' if session else 'missing'}")
        ready = headers | {"Mcp-Session-Id": session, "MCP-Protocol-Version": wire.LEGACY}
        answer = await talk.ask(wire.single(host, wire.INITIALIZED, ready))
        if answer.status != 202:
            raise RuntimeError(f"notifications/initialized: status {answer.status}")
        return session
    finally:
        talk.close()


async def close_session(port: int, headers: dict[str, str], session: str) -> None:
    """Ends a session, as a good client does, so that sessions of one window do not burden the next."""
    head = "".join(f"{name}: {value}\r\n" for name, value in (headers | {"Mcp-Session-Id": session}).items())
    request = (
        f"DELETE {wire.PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nMCP-Protocol-Version: {wire.LEGACY}\r\n{head}\r\n"
    )
    _, talk = await asyncio.get_running_loop().create_connection(_Once, "127.0.0.1", port)
    try:
        await talk.ask(request.encode())
    finally:
        talk.close()
