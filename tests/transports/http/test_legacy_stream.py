"""A client that posts and does not read is held up before it costs much."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from starlette.types import Message

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.http.exchanges.events import EventStream
from flintt_mcp.transports.http.exchanges.gate import Gate
from flintt_mcp.transports.http.exchanges.options import HttpOptions
from flintt_mcp.transports.http.legacy_stream import MAX_IN_FLIGHT, MAX_UNREAD, LegacyStream
from tests.transports.fixture_app import CREDENTIALS

pytestmark = pytest.mark.anyio


class _Slow:
    """A client that reads when it is let."""

    def __init__(self) -> None:
        self.reads = anyio.Event()
        self.started = self.finished = False

    async def send(self, message: Message) -> None:
        self.started = True
        await self.reads.wait()


def _stream() -> LegacyStream:
    scope: dict[str, Any] = {"query_string": b"", "headers": []}
    Gate(CREDENTIALS, HttpOptions()).enter(scope)
    return LegacyStream("h0-1", Caller("caller"), scope["user"], 1800.0)


async def test_only_so_many_calls_are_in_flight() -> None:
    stream = _stream()
    for _ in range(MAX_IN_FLIGHT):
        assert not stream.is_full()
        stream.begin()
    assert stream.is_full()
    stream.settle()
    assert not stream.is_full()


async def test_no_call_is_taken_while_much_that_was_answered_is_unread() -> None:
    stream, client = _stream(), _Slow()
    stream.events = EventStream(client)
    turns: list[bool] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(stream.tell, {"text": "x" * MAX_UNREAD}, lambda: turns.append(stream.is_full()))
            await anyio.wait_all_tasks_blocked()
            assert (stream.is_full(), turns) == (True, [True])
            client.reads.set()
    assert not stream.is_full()


async def test_an_ending_stream_ends_once_the_last_answer_has_gone_out() -> None:
    stream = _stream()
    stream.begin()
    stream.end()
    assert not stream.scope.cancel_called
    stream.settle()
    assert stream.scope.cancel_called
