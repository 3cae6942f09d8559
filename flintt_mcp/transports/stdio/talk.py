"""Requests at work, side by side, from the first that needs the app until the client is gone.

In: what was heard so far, and the wire. Out: answers in whatever order they come. Plain requests are bounded by not reading on
while too many of them run; what the SDK works on may wait for the client itself, whose answer comes on the same wire, so that
there a request over the bound is refused instead.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable

import anyio
from anyio.abc import TaskGroup

from flintt_mcp.transports.envelope import Envelope, Malformed, RequestId
from flintt_mcp.transports.stdio.conversation import Conversation, Heard, Request, answer, refusal
from flintt_mcp.transports.stdio.flow import Output, read
from flintt_mcp.transports.stdio.sdk import SdkSide
from flintt_mcp.transports.stdio.service import Opened, Result, Service
from flintt_mcp.transports.stdio.wire import ClientGone, Lines, Wire

MOST_PLAIN = 100
"""Plain requests at work at once; the lines of others wait in the pipe. Fewer than one key may run, so that none is refused."""
MOST_WITH_SDK = 100
"""Requests that the SDK works on at once; each of them may wait for a person."""
BUSY, CLOSED, FAILED = -32005, -32000, -32603
_BUSY = f"More than {MOST_WITH_SDK} requests wait already: nothing was done. Send it again when some are answered"
_CLOSING_SECONDS = 2.0


class Talk:
    """One client, from the moment on from which more is needed than early answers."""

    def __init__(self, wire: Wire, lines: Lines, conversation: Conversation, service: Service) -> None:
        self._wire = wire
        self._lines = lines
        self._conversation = conversation
        self._service = service
        self._output = Output(wire)
        self._slots = anyio.Semaphore(MOST_PLAIN, fast_acquire=True)
        self._at_work: dict[str, anyio.CancelScope] = {}
        self._with_sdk: dict[str, RequestId | None] = {}
        self._sdk: SdkSide | None = None
        self._opened: Opened | None = None
        self._failure: Exception | None = None
        self._ready, self._over, self._said = anyio.Event(), anyio.Event(), anyio.Event()
        self._group = anyio.create_task_group()
        self._leaving = 0
        self._closing = False

    async def run(self, heard: Iterable[Heard], *, at_end: bool, grace: float) -> None:
        """Serve until the input ends (`at_end`: it has already) or a signal comes; at its end what runs gets `grace` seconds.

        Raises:
            Exception: what kept the service from opening; whoever waited was told.
        """
        async with anyio.create_task_group() as group:
            group.start_soon(self._open)
            try:
                await self._serve(heard, at_end=at_end, grace=grace)
            finally:
                self._over.set()
                if not self._ready.is_set():
                    group.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure

    async def _open(self) -> None:
        try:
            async with self._service.opened() as opened:
                self._opened, self._conversation.early = opened, opened.early
                self._ready.set()
                await self._over.wait()
        except Exception as error:
            if self._opened is not None:
                raise
            self._failure = error
            self._ready.set()

    async def _serve(self, heard: Iterable[Heard], *, at_end: bool, grace: float) -> None:
        async with self._group as group:
            group.start_soon(_stop_on_signal, group)
            with anyio.CancelScope() as reading:
                group.start_soon(self._until_failure, reading)
                for each in heard:
                    await self._take(each)
                if not at_end:
                    await self._listen()
                await self._ready.wait()
            with anyio.move_on_after(grace):
                await self._until_idle()
            await self._close()
            group.cancel_scope.cancel()

    async def _until_failure(self, reading: anyio.CancelScope) -> None:
        await self._ready.wait()
        if self._failure is not None:
            reading.cancel()

    async def _listen(self) -> None:
        while chunk := await read(self._wire):
            for line in self._lines.cut(chunk):
                await self._take(self._conversation.hear(line))
        for line in self._lines.rest():
            await self._take(self._conversation.hear(line))

    async def _take(self, heard: Heard) -> None:
        match heard:
            case None:
                pass
            case bytes():
                await self._say(heard)
            case Request(version=""):
                await self._hand_over(heard)
            case Request():
                await self._slots.acquire()
                self._group.start_soon(self._work, heard)
            case _:
                await self._pass_on(heard)

    async def _work(self, request: Request) -> None:
        """Answer one request plainly, or hand it over; a client that called it off hears nothing more of it."""
        id = request.envelope.id
        try:
            with anyio.CancelScope() as scope:
                result = await self._result(request, scope)
            if scope.cancelled_caught and self._closing:
                await self._refuse(id, CLOSED, "Connection closed")
            elif scope.cancel_called and not self._closing:
                pass
            elif result is not None:
                await self._say(answer(id, result), id)
            elif self._failure is not None:
                await self._refuse(id, FAILED, self._service.reason(self._failure))
            else:
                await self._hand_over(request)
        finally:
            self._slots.release()

    async def _result(self, request: Request, scope: anyio.CancelScope) -> Result | None:
        message, key = request.envelope, str(request.envelope.id)
        self._at_work[key] = scope
        try:
            await self._ready.wait()
            if self._opened is None:
                return None
            params = (message.whole or {}).get("params") or {}
            return await self._opened.plain(message.method, params, request.version, self._conversation.client)
        finally:
            # A client that called it off may use the id again before this ends.
            if self._at_work.get(key) is scope:
                del self._at_work[key]

    async def _hand_over(self, request: Request) -> None:
        """Let the SDK answer."""
        message = request.envelope
        if len(self._with_sdk) >= MOST_WITH_SDK:
            await self._refuse(message.id, BUSY, _BUSY)
            return
        self._with_sdk[str(message.id)] = message.id
        if self._sdk is None:
            self._sdk = SdkSide(self._conversation.opening, self._say)
            self._group.start_soon(self._run_sdk, self._sdk)
        await self._sdk.hear(message)

    async def _run_sdk(self, sdk: SdkSide) -> None:
        await self._ready.wait()
        if self._opened is not None:
            await sdk.run(self._opened.server)
        elif self._failure is not None:
            for id in list(self._with_sdk.values()):
                await self._refuse(id, FAILED, self._service.reason(self._failure))

    async def _pass_on(self, message: Envelope) -> None:
        """Hand a notification or a response to whoever it is for."""
        if message.cancels is not None:
            key = str(message.cancels)
            self._conversation.ended(key)
            self._with_sdk.pop(key, None)
            if (scope := self._at_work.get(key)) is not None:
                scope.cancel()
                return
            if self._sdk is not None and self._sdk.forget(key):
                return
        if self._sdk is not None:
            await self._sdk.hear(message)

    async def _refuse(self, id: RequestId | None, code: int, sentence: str) -> None:
        await self._say(refusal(Malformed(code, sentence, id)), id)

    async def _say(self, line: bytes, id: RequestId | None = None) -> None:
        """Write a line; with an id it is the answer to that request, which ends with the first byte of it."""
        if id is not None:
            self._conversation.ended(id)
            self._with_sdk.pop(str(id), None)
        self._leaving += 1
        try:
            await self._output.write(line)
        except ClientGone:
            self._group.cancel_scope.cancel()
        finally:
            self._leaving -= 1
        self._said.set()

    async def _until_idle(self) -> None:
        """Until nobody waits for an answer; a listener waits for ever."""
        while self._leaving or any(method != "subscriptions/listen" for method in self._conversation.running.values()):
            self._said = anyio.Event()
            await self._said.wait()

    async def _close(self) -> None:
        """Answer what still runs with its end."""
        self._closing = True
        for scope in list(self._at_work.values()):
            scope.cancel()
        if self._sdk is not None:
            self._sdk.close()
        with anyio.move_on_after(_CLOSING_SECONDS):
            await self._until_idle()


async def _stop_on_signal(group: TaskGroup) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            group.cancel_scope.cancel()
            return
