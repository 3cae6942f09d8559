"""A client that posts and does not read is held up before it costs much."""

from __future__ import annotations

from typing import Any

import anyio
import mcp_types as types
import msgspec
import pytest
from mcp.shared.message import SessionMessage

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.http.gate import Gate
from flintt_mcp.transports.http.legacy_stream import MAX_IN_FLIGHT, MAX_UNREAD, Event, LegacyStream
from flintt_mcp.transports.http.options import HttpOptions
from tests.transports.fixture_app import CREDENTIALS

pytestmark = pytest.mark.anyio

UNREAD = "Too many answers of this stream have not been read; nothing was done. Read the stream, then send it again"


def _stream() -> LegacyStream:
    scope: dict[str, Any] = {"query_string": b"", "headers": []}
    Gate(CREDENTIALS, HttpOptions()).enter(scope)
    return LegacyStream(Caller("caller"), scope["user"], 1800.0)


def _refused(stream: LegacyStream, id: int) -> tuple[int, str] | None:
    answer = stream.begin(id)
    return None if answer is None else (answer.status_code, msgspec.json.decode(answer.body)["error"]["message"])


def _answer(id: int, size: int = 1) -> SessionMessage:
    return SessionMessage(types.JSONRPCResponse(jsonrpc="2.0", id=id, result={"text": "x" * size}))


async def test_only_so_many_calls_are_in_flight_and_one_ends_when_its_answer_has_gone_out() -> None:
    stream = _stream()
    assert [_refused(stream, id) for id in range(MAX_IN_FLIGHT)] == [None] * MAX_IN_FLIGHT
    answer = Event(b"data", 0)
    stream.answering(answer)
    assert _refused(stream, 1000) == (429, UNREAD)
    stream.sent(answer)
    assert _refused(stream, 0) is None
    assert _refused(stream, 1000) == (429, UNREAD)
    stream.close()


async def test_no_call_is_taken_while_much_that_was_answered_is_unread() -> None:
    stream = _stream()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            assert _refused(stream, 1) is None
            group.start_soon(stream.send, _answer(1, MAX_UNREAD))
            await anyio.wait_all_tasks_blocked()
            assert _refused(stream, 2) == (429, UNREAD)
            event = await stream.events.receive()
            assert _refused(stream, 2) == (429, UNREAD)
            stream.answering(event)
            stream.sent(event)
            assert _refused(stream, 2) is None
    stream.close()


async def test_a_refused_call_and_one_that_was_cancelled_count_no_more() -> None:
    stream = _stream()
    assert _refused(stream, 1) is None
    assert _refused(stream, 1) == (409, "A request with this id is still running in this session")
    await stream.unanswered(1)
    stream.end()
    assert stream.scope.cancel_called
    stream.close()


async def test_an_ending_stream_ends_once_the_last_answer_has_gone_out() -> None:
    stream = _stream()
    stream.begin(1)
    stream.end()
    stream.answering(Event(b"data", 1))
    assert not stream.scope.cancel_called
    stream.sent(Event(b"data", 1))
    assert stream.scope.cancel_called
    stream.close()
