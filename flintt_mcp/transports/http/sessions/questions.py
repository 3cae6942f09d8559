"""Questions to clients that wait for their answers.

In: a question, asked on the stream of a request. Out: what the client answered, which comes in by a request of its own. An answer
counts only in the session in which it was asked for; one that nobody waits for here is told to the other workers. With its
session a question ends: nobody could answer it any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT

from flintt_mcp.transports.envelope import RequestId

SECONDS = 600.0
"""How long a person may take."""
MOST = 1000
"""How many may wait at once: a client that leaves does not end its question."""
_LARGEST = 2**52
"""Ids are integers that every client can hold exactly, and of chance, so that workers need not agree about them."""
_Key = tuple[bytes, str]
Tell = Callable[[Mapping[str, Any]], Awaitable[None]]


class _Waiting:
    """One question, and its answer once that is there."""

    __slots__ = ("answer", "answered")

    def __init__(self) -> None:
        self.answered = anyio.Event()
        self.answer: Mapping[str, Any] = {}


class Questions:
    """All questions of one process."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, _Waiting] = {}

    async def ask(self, session: bytes, tell: Tell, method: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask with `tell`, and wait for the result.

        Raises:
            MCPError: the client answered with an error or not in time, its session ended, or too many questions wait already.
        """
        if len(self._waiting) >= MOST:
            raise MCPError(INTERNAL_ERROR, "Too many questions wait for their answers on this server; nobody was asked")
        id = secrets.randbelow(_LARGEST)
        question = {"jsonrpc": "2.0", "id": id, "method": method} | ({} if params is None else {"params": dict(params)})
        waiting = self._waiting[session, str(id)] = _Waiting()
        try:
            await tell(question)
            with anyio.move_on_after(SECONDS):
                await waiting.answered.wait()
        finally:
            del self._waiting[session, str(id)]
        if not waiting.answered.is_set():
            raise MCPError(REQUEST_TIMEOUT, f"The client gave no answer within {SECONDS / 60:.0f} minutes")
        if "error" in waiting.answer:
            error = waiting.answer["error"]
            raise MCPError(error["code"], error["message"], error.get("data"))
        return waiting.answer["result"]

    def answer(self, session: bytes, id: RequestId | None, answer: Mapping[str, Any]) -> bool:
        """Give the answer to whoever waits for it; False where nobody does. Of two answers the first counts."""
        waiting = self._waiting.get((session, str(id)))
        if waiting is not None and not waiting.answered.is_set():
            waiting.answer = answer
            waiting.answered.set()
        return waiting is not None

    def end(self, session: bytes) -> None:
        """End what a session was asked."""
        error = {"code": CONNECTION_CLOSED, "message": "The session ended before its client answered"}
        for asked, id in list(self._waiting):
            if asked == session:
                self.answer(session, id, {"error": error})
