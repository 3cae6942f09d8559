"""One answer at a time for each id of a session, and an id that is free as soon as its answer can be read."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flintt_mcp.transports.http.running_ids import RunningIds
from tests.transports.fixture_app import Bench, call, living, make_app, open_session, serving

pytestmark = pytest.mark.anyio


@dataclass
class _Slow:
    """An app whose answers can be read a while before it notices that they went out."""

    app: ASGIApp
    readable: anyio.Event = field(default_factory=anyio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def slow(message: Message) -> None:
            await send(message)
            if b'"result"' in message.get("body", b""):
                self.readable.set()
                for _ in range(50):
                    await anyio.lowlevel.checkpoint()

        await self.app(scope, receive, slow)


async def test_an_id_is_free_again_as_soon_as_its_answer_can_be_read() -> None:
    async with living(make_app()) as app:
        slow = _Slow(app)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(slow), base_url="http://127.0.0.1:8000") as client:
            headers = await open_session(client)
            slow.readable = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(_post, client, call("who", id=1), headers)
                await slow.readable.wait()
                again = await client.post("/mcp", json=call("who", id=1), headers=headers)
    assert (again.status_code, "result" in again.text) == (200, True)


async def test_an_id_is_free_again_for_a_client_that_hangs_up_once_it_has_its_answer() -> None:
    hung_up = anyio.Event()

    async def hang_up(scope: Scope, receive: Receive, send: Send) -> None:
        """The client's side of one request: it reads up to the answer and closes."""

        async def close(message: Message) -> None:
            if b'"result"' in message.get("body", b""):
                hung_up.set()

        async def body_and_gone() -> Message:
            if sent:
                return sent.pop()
            await hung_up.wait()
            return {"type": "http.disconnect"}

        sent = [{"type": "http.request", "body": await Request(scope, receive).body()}]
        await app(scope, body_and_gone, close)

    async with living(make_app()) as app:
        transport, base = httpx2.ASGITransport(app), "http://127.0.0.1:8000"
        async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
            headers = await open_session(client)
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hang_up), base_url=base) as fleeting:
                with contextlib.suppress(Exception):
                    await fleeting.post("/mcp", json=call("who", id=1), headers=headers)
            assert hung_up.is_set()
            assert await _status_of(client, headers, 1) == 200


@pytest.mark.parametrize(("first", "second"), [(7, 7), (7, "7"), ("a", "a")])
async def test_a_second_request_with_a_running_id_is_refused_and_the_first_is_answered(
    first: int | str, second: int | str
) -> None:
    bench = Bench()
    async with serving(bench) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await open_session(client)
        answers: list[httpx2.Response] = []

        async def slow() -> None:
            answers.append(await client.post("/mcp", json=call("slow", id=first), headers=headers))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(slow)
                await bench.entered.wait()
                refused = await client.post("/mcp", json=call("who", id=second), headers=headers)
                other = await client.post("/mcp", json=call("who", id=8), headers=headers)
                bench.release.set()
            again = await client.post("/mcp", json=call("who", id=second), headers=headers)
    assert refused.status_code == 409
    assert refused.json() == {
        "jsonrpc": "2.0",
        "id": second,
        "error": {"code": -32600, "message": "A request with this id is still running in this session"},
    }
    assert "done" in answers[0].text
    assert (other.status_code, again.status_code) == (200, 200)


async def test_the_id_of_an_answer_that_nobody_collected_stays_taken() -> None:
    """The call may still run, and its late answer would be given to the new request."""
    bench = Bench()
    async with serving(bench) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await open_session(client)
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(_post, client, call("slow", id=7), headers)
                await bench.entered.wait()
                group.cancel_scope.cancel()
            statuses = [await _status_of(client, headers, 7), await _status_of(client, headers, 8)]
            bench.release.set()
    assert statuses == [409, 200]


async def _post(client: httpx2.AsyncClient, message: Any, headers: dict[str, str]) -> None:
    await client.post("/mcp", json=message, headers=headers)


async def _status_of(client: httpx2.AsyncClient, headers: dict[str, str], id: int) -> int:
    return (await client.post("/mcp", json=call("who", id=id), headers=headers)).status_code


async def test_an_answer_that_nobody_reads_holds_up_the_next_request_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flintt_mcp.transports.http.running_ids._PATIENCE", 0.01)
    ids = RunningIds({"s"})
    stuck = await ids.begin("s", 1)
    assert stuck is not None
    stuck.answered = True
    assert await ids.begin("s", 1) is None


async def test_ids_whose_answers_nobody_collects_do_not_pile_up() -> None:
    open_sessions = {"s"}
    ids = RunningIds(open_sessions)
    for id in range(1100):
        run = await ids.begin("s", id)
        assert run is not None
        ids.end("s", id, run)
    taken = [id for id in range(1100) if await ids.begin("s", id) is None]
    assert taken == list(range(100, 1100))
    open_sessions.clear()
    ids.forget_ended_sessions()
    assert ids._runs == {}
