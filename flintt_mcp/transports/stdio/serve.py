"""One client over stdio, from its first line to its last.

In: a `Service`, and this process's stdin and stdout. Out: every request answered. The first ones are answered before there is
an event loop, by a plain loop over lines: what the rest stands on is loaded beside the client's next message.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from threading import Thread
from types import FrameType
from typing import NoReturn

from flintt_mcp.transports.stdio.conversation import Conversation, Heard, Request
from flintt_mcp.transports.stdio.service import Service
from flintt_mcp.transports.stdio.wire import CHUNK, ClientGone, Lines, Wire, own_streams, write_now

MAX_LINE_BYTES = 4 * 1024 * 1024


def serve_stdio(service: Service, *, max_line_bytes: int = MAX_LINE_BYTES, eof_grace: float = 10.0) -> None:
    """Serve one client until it closes stdin, or SIGTERM or SIGINT.

    A line above `max_line_bytes` or no JSON-RPC message is answered with an error and skipped. After the end of stdin requests that
    are being worked on get `eof_grace` seconds, so that `printf ... | flintt-mcp` sees its answers.

    Raises:
        Exception: what kept the service from opening.
    """
    if sys.stdin is None or sys.stdout is None:
        return  # started with the descriptor closed: there is no client, and its number may be somebody else's by now
    with suppress(_Stopped, ClientGone), _stopped_by_signals(), own_streams() as wire:
        _serve(service, wire, Lines(max_line_bytes), eof_grace)


def _serve(service: Service, wire: Wire, lines: Lines, eof_grace: float) -> None:
    conversation, loading = Conversation(service.early, service.modern), _Loading(service.load)
    heard, at_end = _greeted(wire, lines, conversation, loading)
    loading.finish()
    import anyio

    from flintt_mcp.transports.stdio.talk import Talk

    async def talk() -> None:
        await Talk(wire, lines, conversation, service).run(heard, at_end=at_end, grace=eof_grace)

    anyio.run(talk)


def _greeted(wire: Wire, lines: Lines, conversation: Conversation, loading: _Loading) -> tuple[Iterator[Heard], bool]:
    """Answer what can be answered early. Returns what was heard then, and whether the input has ended."""
    while chunk := os.read(wire.read_from, CHUNK):
        heard = map(conversation.hear, lines.cut(chunk))
        for each in heard:
            if isinstance(each, Request):
                return chain([each], heard), False
            if isinstance(each, bytes):
                write_now(wire, each)
        if conversation.has_listed:
            loading.begin()
    return map(conversation.hear, lines.rest()), True


class _Loading:
    """What is loaded while the client reads the list of tools and thinks about it."""

    def __init__(self, load: Callable[[], None]) -> None:
        self._load = load
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Load in the background, once."""
        if self._thread is None:
            self._thread = Thread(target=self._quietly, daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Load what is not loaded yet."""
        if self._thread is None:
            self._quietly()
        else:
            self._thread.join()

    def _quietly(self) -> None:
        with suppress(Exception):  # whoever needs it meets the same again, and tells it
            self._load()


class _Stopped(BaseException):
    """A signal asked this process to end."""


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise _Stopped


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """End quietly at SIGTERM and SIGINT, also before an event loop sees to it."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, _stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
