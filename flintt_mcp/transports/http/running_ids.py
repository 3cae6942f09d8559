"""One answer at a time for each request id of a session.

In: a session, an id, and the parts of an answer as they go out. Out: leave to run, at once or as soon as the answer before has
left, or none. The SDK files answers by id, and two requests with one id would take each other's. Many clients send one id for
ever, one request after the other, so an id counts as free before its answer can be read.
"""

from __future__ import annotations

import re
from collections.abc import Container

import anyio
from starlette.types import Message, Send

from flintt_mcp.transports.envelope import RequestId

_MOST_LOST = 1000
"""How many ids of a session stay taken because nobody collected their answers."""
_PATIENCE = 5.0
"""Seconds for an answer to leave: it takes a few turns of the loop where somebody reads it."""
_IS_ANSWER = re.compile(
    rb'event: message\r\ndata: \{"jsonrpc":"2\.0","id":(?:-?\d+|"(?:[^"\\]|\\.)*+"),"(result|error)":'
)
"""An event that answers a request, as the SDK writes it; its own requests and notifications look otherwise."""


class Run:
    """One request while it runs. `succeeded` says that its answer was a result."""

    __slots__ = ("answered", "ended", "succeeded")

    def __init__(self) -> None:
        self.answered = False
        self.succeeded = False
        self.ended = anyio.Event()

    def watched(self, send: Send) -> Send:
        """A `send` that knows the answer when it passes, and frees the id ahead of it."""

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.body":
                answer = _IS_ANSWER.match(message.get("body", b""))
                self.succeeded = self.succeeded or (answer is not None and answer[1] == b"result")
                self.answered = self.answered or answer is not None or not message.get("more_body", False)
            await send(message)

        return watching


class RunningIds:
    """The ids that run in each of the open sessions; `sessions` says which are open."""

    def __init__(self, sessions: Container[str]) -> None:
        self._sessions = sessions
        self._runs: dict[str, dict[str, Run]] = {}

    async def begin(self, session: str, id: RequestId) -> Run | None:
        """Takes an id, or gives None while another request holds it. 1 and "1" are one id, as they are for the SDK."""
        run = Run()
        if session not in self._sessions:
            return run
        runs = self._runs.setdefault(session, {})
        while (before := runs.get(str(id))) is not None:
            if not before.answered:
                return None
            with anyio.move_on_after(_PATIENCE) as waiting:
                await before.ended.wait()
            if waiting.cancelled_caught:
                return None  # its answer is on its way, and nobody takes it
        runs[str(id)] = run
        return run

    def end(self, session: str, id: RequestId, run: Run) -> None:
        """Gives an id back. When its answer was not collected the call may still run, and the id stays taken."""
        run.ended.set()
        runs = self._runs.get(session, {})
        if runs.get(str(id)) is not run:
            return
        if run.answered:
            del runs[str(id)]
        lost = [key for key, other in runs.items() if other.ended.is_set()]
        for oldest in lost[: max(0, len(lost) - _MOST_LOST)]:
            del runs[oldest]
        if not runs:
            del self._runs[session]

    def forget_ended_sessions(self) -> None:
        """Drops what was kept for sessions that are no more."""
        for session in [session for session in self._runs if session not in self._sessions]:
            del self._runs[session]
