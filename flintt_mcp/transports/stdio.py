"""The stdio transport: one JSON-RPC message a line, in on stdin, out on stdout.

In: the process's own stdin and stdout. Out: the SDK's `Server` run over them until the client closes stdin or a signal
comes. The SDK writes and keeps stray prints off the wire; reading is ours, because its reader has no line limit, says
nothing to a line that is no message, and sits in a thread that no signal can wake.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from anyio.abc import TaskGroup

from flintt_mcp.transports.envelope import INVALID_REQUEST, Envelope, Malformed, read_envelope
from flintt_mcp.transports.line_safe import line_safe

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.shared.message import SessionMessage

MAX_LINE_BYTES = 4 * 1024 * 1024
_CHUNK = 65536


async def serve_stdio(server: Server[Any], *, max_line_bytes: int = MAX_LINE_BYTES, eof_grace: float = 10.0) -> None:
    """Serves one client until it closes stdin, or SIGTERM or SIGINT.

    A line above `max_line_bytes` or no JSON-RPC message is answered with an error and skipped. After the end of stdin
    requests that are being worked on get `eof_grace` seconds, so that `printf ... | flintt-mcp` sees its answers.
    """
    if sys.stdin is None or sys.stdout is None:
        return  # started with the descriptor closed: there is no client, and its number may be somebody else's by now
    try:
        with _own_stdin() as fd:
            async with anyio.create_task_group() as group:
                group.start_soon(_stop_on_signal, group)
                await _serve(server, _Lines(fd, max_line_bytes), eof_grace)
                group.cancel_scope.cancel()
    except* (BrokenPipeError, ConnectionResetError):
        pass  # the client is gone; there is nobody to tell


async def _serve(server: Server[Any], lines: _Lines, eof_grace: float) -> None:
    # Loading the SDK loads its HTTP transports too, whoever asks; what reads lines does without.
    from mcp.server.stdio import stdio_server

    messages = _Messages(lines, eof_grace)
    async with stdio_server(stdin=messages) as (read, write):  # type: ignore[arg-type]  # it only iterates
        messages.answers = _Answers(write, messages)
        try:
            await server.run(read, messages.answers, server.create_initialization_options())
        finally:
            # What somebody printed waits in a buffer; once the SDK gives descriptor 1 back, that would go to the client.
            sys.stdout.flush()


class _Lines:
    """Lines of a descriptor as bytes; None stands for a line above the limit, of which nothing is kept."""

    def __init__(self, fd: int, limit: int) -> None:
        self._fd = fd
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes | None]:
        kept = bytearray()
        skipping = False
        while chunk := await _read(self._fd):
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                line = None if skipping or len(kept) + len(end) > self._limit else bytes(kept + end)
                kept.clear()
                skipping = False
                yield line
            skipping = skipping or len(kept) + len(rest) > self._limit
            if skipping:
                kept.clear()
            else:
                kept += rest
        if skipping or kept:
            yield None if skipping else bytes(kept)


class _Messages:
    """The well-formed messages of a client, as the SDK's stdio server reads them; the others are answered here."""

    def __init__(self, lines: _Lines, eof_grace: float) -> None:
        self._lines = lines
        self._eof_grace = eof_grace
        self._running: dict[str, str] = {}
        self._leaving = 0
        self._idle = anyio.Event()
        self._at_end = False
        self.answers: _Answers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for line in self._lines:
            if line is not None and not line.strip():
                continue
            found = _too_long() if line is None else self._taken(read_envelope(line))
            if isinstance(found, Malformed):
                await self.answers.refuse(found)
            else:
                yield found.body
        self._at_end = True
        if not self._is_idle():
            with anyio.move_on_after(self._eof_grace):
                await self._idle.wait()

    def _taken(self, message: Envelope | Malformed) -> Envelope | Malformed:
        """A message that goes on; a second request with an id that still runs does not, since both answers would look alike."""
        if isinstance(message, Malformed):
            return message
        if message.cancels is not None:
            self._running.pop(str(message.cancels), None)  # it will not be answered
        if message.kind == "request":
            if str(message.id) in self._running:
                return Malformed(INVALID_REQUEST, "A request with the same id is still running; this one was skipped")
            self._running[str(message.id)] = message.method
        return message

    @contextmanager
    def answering(self, id: types.RequestId | None) -> Iterator[None]:
        """While an answer goes out. From its beginning the client may know it and use the id again."""
        self._running.pop(str(id), None)
        self._leaving += 1
        try:
            yield
        finally:
            self._leaving -= 1
        if self._at_end and self._is_idle():
            self._idle.set()

    def _is_idle(self) -> bool:
        """Whether nobody waits for an answer; a listener waits for ever."""
        return not self._leaving and all(method == "subscriptions/listen" for method in self._running.values())


class _Answers:
    """The SDK's write stream, watched for answers."""

    def __init__(self, write: Any, messages: _Messages) -> None:
        self._write = write
        self._messages = messages

    async def send(self, item: SessionMessage) -> None:
        message = item.message
        line: Any = replace(item, message=_OnOneLine(message))  # type: ignore[arg-type]  # the SDK only has it write itself
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            with self._messages.answering(message.id):
                await self._write.send(line)
        else:
            await self._write.send(line)

    async def refuse(self, malformed: Malformed) -> None:
        from mcp.shared.message import SessionMessage

        error = types.ErrorData(code=malformed.code, message=malformed.message)
        await self._write.send(SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=malformed.id, error=error)))

    async def aclose(self) -> None:
        await self._write.aclose()

    async def __aenter__(self) -> _Answers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _OnOneLine:
    """A message as the SDK writes it, in a line that nobody takes for two."""

    def __init__(self, message: types.JSONRPCMessage) -> None:
        self._message = message

    def model_dump_json(self, **how: Any) -> str:
        return line_safe(self._message.model_dump_json(**how))


def _too_long() -> Envelope | Malformed:
    return Malformed(INVALID_REQUEST, "The line is longer than this server takes; it was skipped")


async def _read(fd: int) -> bytes:
    """The next bytes, b"" at the end. Waits in the event loop where it can watch the descriptor, so a signal gets through."""
    if sys.platform != "win32":
        try:
            await anyio.wait_readable(fd)
        except (OSError, ValueError):
            # A regular file cannot be watched, but it is always readable.
            await anyio.lowlevel.checkpoint()
        return os.read(fd, _CHUNK)
    return await anyio.to_thread.run_sync(os.read, fd, _CHUNK, abandon_on_cancel=True)


@contextmanager
def _own_stdin() -> Iterator[int]:
    """The wire on a descriptor of our own, while fd 0 is the null device for everybody else, children included."""
    wire = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(null, 0)
        yield wire
    finally:
        os.dup2(wire, 0)
        os.close(null)
        os.close(wire)


async def _stop_on_signal(group: TaskGroup) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            group.cancel_scope.cancel()
            return
