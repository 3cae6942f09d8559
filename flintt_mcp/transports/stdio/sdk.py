"""The SDK at the client's end of the pipes: loaded when something needs it, and told what was agreed before it came.

In: messages that were not answered plainly, in their order. Out: its answers and whatever it asks or shows on the way, as lines. It
hears what decided the conversation first; that was answered already, so its own answer to it is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from anyio import to_thread

from flintt_mcp.transports.envelope import Envelope, RequestId
from flintt_mcp.transports.line_safe import line_safe
from flintt_mcp.transports.stdio.conversation import Opening

_MOST_HEARD = 1000
"""Messages that wait for the SDK: more than it may work on at once, so that only a flood of notifications comes so far."""
Say = Callable[[bytes, RequestId | None], Awaitable[None]]
"""Write a line; the id is that of the request it answers, None for anything else."""


class SdkSide:
    """The SDK's server over this client."""

    def __init__(self, opening: Opening, say: Say) -> None:
        self._opening = opening
        self._say = say
        self._heard: deque[Envelope] = deque()
        self._more, self._fewer = anyio.Event(), anyio.Event()
        self._at_end = False
        self._greeted = anyio.Event()

    async def hear(self, message: Envelope) -> None:
        """Take one message; waits while too many have come that nobody took yet."""
        while len(self._heard) >= _MOST_HEARD:
            self._fewer = anyio.Event()
            await self._fewer.wait()
        self._heard.append(message)
        self._more.set()

    def forget(self, key: str) -> bool:
        """Take a request back that nobody took yet."""
        found = next((one for one in self._heard if one.kind == "request" and str(one.id) == key), None)
        if found is not None:
            self._heard.remove(found)
        return found is not None

    async def run(self, build: Callable[[], Any]) -> None:
        """Serve, until `close` or cancelled. `build` makes the server; it loads the SDK, which takes a second."""
        server = await to_thread.run_sync(build, abandon_on_cancel=True)
        incoming, messages = anyio.create_memory_object_stream[Any](0)
        if self._opening.decided is None:
            self._greeted.set()
        async with anyio.create_task_group() as group:
            group.start_soon(self._feed, incoming)
            await server.run(messages, _Answers(self._answer), server.create_initialization_options())

    def close(self) -> None:
        """The client sends nothing more."""
        self._at_end = True
        self._more.set()

    async def _feed(self, incoming: Any) -> None:
        opening = self._opening
        async with incoming:
            for body in (*opening.before, *([opening.decided] if opening.decided else ()), *opening.ready):
                await incoming.send(_message(body))
                if body is opening.decided:
                    await self._greeted.wait()
            while self._heard or not self._at_end:
                while self._heard:
                    await incoming.send(_message(self._heard.popleft().body))
                    self._fewer.set()
                self._more = anyio.Event()
                if not self._at_end:
                    await self._more.wait()

    async def _answer(self, item: Any) -> None:
        from mcp_types import JSONRPCError, JSONRPCResponse

        message = item.message
        id = message.id if isinstance(message, JSONRPCResponse | JSONRPCError) else None
        if not self._greeted.is_set():
            self._greeted.set()
            return
        await self._say(line_safe(message.model_dump_json(by_alias=True, exclude_unset=True)).encode() + b"\n", id)


class _Answers:
    """The stream that the SDK writes to."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self.send = send

    async def aclose(self) -> None:
        return None

    async def __aenter__(self) -> _Answers:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def _message(body: bytes) -> Any:
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    return SessionMessage(jsonrpc_message_adapter.validate_json(body, by_name=False))
