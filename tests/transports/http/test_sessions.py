"""Sessions: who may use them, how long, on which worker, and what runs, asks and listens in them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from flintt_mcp.app import Additions, open_app
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.serving.asgi import mcp_over_http
from flintt_mcp.settings import Settings
from flintt_mcp.transports.bus.bus import Hub
from flintt_mcp.transports.bus.sockets import Neighbours
from flintt_mcp.transports.http.app import HttpApp, HttpOptions, Keeping
from tests.certain import of_kind
from tests.transports.fixture_app import (
    BOTH,
    INITIALIZE,
    KEY,
    OTHER_KEY,
    Bench,
    call,
    calling,
    living,
    make_app,
    open_session,
    serving,
)

pytestmark = pytest.mark.anyio

RUNNING = "A request with this id is still running in this session"


class Workers:
    """Two apps that share a key, a list of what has ended, and a bus, as the workers of one server do."""

    def __init__(self, bench: Bench | None = None) -> None:
        hub, keeping = Hub(), Keeping()
        self.apps = [make_app(bench=bench, keeping=replace(keeping, bus=hub.join())) for _ in range(2)]

    @asynccontextmanager
    async def clients(self) -> AsyncIterator[list[httpx2.AsyncClient]]:
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(_client(app)) for app in self.apps]


@asynccontextmanager
async def _client(app: HttpApp) -> AsyncIterator[httpx2.AsyncClient]:
    async with living(app) as alive:
        transport = httpx2.ASGITransport(app=alive)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


async def _statuses(client: httpx2.AsyncClient, *sessions: dict[str, str]) -> list[int]:
    return [(await client.post("/mcp", json=call("who"), headers=headers)).status_code for headers in sessions]


async def test_a_session_works_on_every_worker_and_after_a_restart_until_it_is_ended_on_one() -> None:
    workers = Workers()
    async with workers.clients() as (one, two):
        headers = await open_session(one, KEY)
        other = await open_session(two, KEY)
        assert await _statuses(two, headers) + await _statuses(one, other) == [200, 200]
        ended = [(await client.delete("/mcp", headers=headers)).status_code for client in (two, one)]
        assert ended == [200, 404]
        assert await _statuses(one, headers, other) + await _statuses(two, headers, other) == [404, 200] * 2


async def test_a_server_with_another_secret_knows_none_of_them() -> None:
    async with calling() as one, calling() as two:
        headers = await open_session(one, KEY)
        assert (await _statuses(one, headers), await _statuses(two, headers)) == ([200], [404])


async def test_a_session_that_has_lasted_its_time_is_none_any_more() -> None:
    clock = [1000.0]
    async with calling(keeping=Keeping(lifetime=60, now=lambda: clock[0])) as client:
        headers = await open_session(client)
        clock[0] += 59.0
        before = await _statuses(client, headers)
        clock[0] += 1.0
        assert (before, await _statuses(client, headers)) == ([200], [404])


@pytest.mark.parametrize("key", [OTHER_KEY, None])
async def test_another_caller_cannot_use_a_session(key: str | None) -> None:
    async with calling() as client:
        headers = await open_session(client, KEY)
        stolen = {**headers, "x-api-key": key} if key else {n: v for n, v in headers.items() if n != "x-api-key"}
        stranger = await client.post("/mcp", json=call("who"), headers=stolen)
        unknown = await client.post("/mcp", json=call("who"), headers={**stolen, "mcp-session-id": "0" * 32})
        assert (stranger.status_code, stranger.text) == (unknown.status_code, unknown.text) == (404, unknown.text)
        assert (await client.delete("/mcp", headers=stolen)).status_code == 404
        assert await _statuses(client, headers) == [200]


async def test_handshakes_leave_nothing_behind() -> None:
    """Forty of them without a key locked everybody out for half an hour, when a session was a place in memory."""
    app = make_app()
    async with _client(app) as client:
        for _ in range(200):
            assert (await client.post("/mcp", json=INITIALIZE, headers=BOTH)).status_code == 200
    sessions = app._sessions
    assert (sessions.running._runs, sessions.questions._waiting, sessions._listening) == ({}, {}, {})
    assert len(sessions._ended._names) == 0


async def test_a_handshake_that_fails_opens_no_session() -> None:
    async with calling() as client:
        failed = await client.post("/mcp", json={**INITIALIZE, "params": {"protocolVersion": 5}}, headers=BOTH)
    assert (failed.status_code, failed.json()["error"]["code"]) == (200, -32602)
    assert "mcp-session-id" not in failed.headers


async def test_the_stream_of_a_session_counts_against_the_limit_and_ends_with_its_session() -> None:
    options = HttpOptions(max_streams_per_caller=1, grace=0.1)
    async with serving(options=options) as running, httpx2.AsyncClient(base_url=running.url) as client:
        one, two = await open_session(client, KEY), await open_session(client, KEY)
        with anyio.fail_after(5):
            async with client.stream("GET", "/mcp", headers=one) as stream:
                assert stream.status_code == 200
                refused = await client.get("/mcp", headers=two)
                assert (await client.delete("/mcp", headers=one)).status_code == 200
                assert [line async for line in stream.aiter_lines() if line.startswith(("event", "data"))] == []
    assert (refused.status_code, "for this caller" in refused.json()["error"]["message"]) == (503, True)


async def test_the_stream_of_a_session_ends_when_another_worker_ends_it() -> None:
    workers = Workers()
    async with workers.clients() as (one, two), anyio.create_task_group() as group:
        headers = await open_session(one)
        answers: list[httpx2.Response] = []

        async def listen() -> None:
            answers.append(await one.get("/mcp", headers=headers))

        group.start_soon(listen)
        with anyio.fail_after(5):
            while not workers.apps[0]._sessions._listening:  # noqa: ASYNC110 (told by nobody)
                await anyio.sleep(0.005)
            assert (await two.delete("/mcp", headers=headers)).status_code == 200
    assert answers[0].status_code == 200


async def test_a_client_that_asks_for_what_it_missed_gets_the_stream_as_it_goes_on() -> None:
    """Nothing is kept to be sent again; clients send the header on every reconnect."""
    async with serving(options=HttpOptions(grace=0.1)) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await open_session(client)
        async with client.stream("GET", "/mcp", headers={**headers, "last-event-id": "7"}) as stream:
            assert (stream.status_code, stream.headers["content-type"].split(";")[0]) == (200, "text/event-stream")


@pytest.mark.parametrize(("first", "second"), [(7, 7), (7, "7"), ("a", "a")])
async def test_a_second_request_with_a_running_id_is_refused_and_the_first_is_answered(
    first: int | str, second: int | str
) -> None:
    bench = Bench()
    async with calling(bench=bench) as client:
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
    assert refused.json() == {"jsonrpc": "2.0", "id": second, "error": {"code": -32600, "message": RUNNING}}
    assert "done" in answers[0].text
    assert (other.status_code, again.status_code) == (200, 200)


async def test_an_id_is_free_again_before_the_last_byte_of_its_answer_goes_out() -> None:
    app = make_app()
    free: list[bool] = []

    async def witness(scope: Any, receive: Any, send: Any) -> None:
        async def watched(message: Any) -> None:
            if b'"result"' in message.get("body", b""):
                free.append(not app._sessions.running._runs)
            await send(message)

        await app(scope, receive, watched)

    async with living(app):
        transport = httpx2.ASGITransport(app=witness)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            headers = await open_session(client)
            for name in ("who", "steps"):
                message = call(name, id=1, meta={"progressToken": 1})
                assert (await client.post("/mcp", json=message, headers=headers)).status_code == 200
    assert free == [True, True, True]


@pytest.mark.parametrize("where", [0, 1], ids=["here", "on another worker"])
async def test_a_request_is_called_off_wherever_it_runs(where: int) -> None:
    bench = Bench()
    answers: list[httpx2.Response] = []
    async with Workers(bench).clients() as clients:
        headers = await open_session(clients[0])

        async def slow() -> None:
            answers.append(await clients[0].post("/mcp", json=call("slow", id=7), headers=headers))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(slow)
                await bench.entered.wait()
                params = {"requestId": 7, "reason": "enough"}
                cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
                stranger = {**BOTH, "mcp-session-id": headers["mcp-session-id"], "x-api-key": OTHER_KEY}
                assert (await clients[where].post("/mcp", json=cancelled, headers=stranger)).status_code == 404
                assert (await clients[where].post("/mcp", json=cancelled, headers=headers)).status_code == 202
        error = {"code": -32800, "message": "Request cancelled"}
        assert (answers[0].status_code, answers[0].json()) == (200, {"jsonrpc": "2.0", "id": 7, "error": error})
        assert (await clients[0].post("/mcp", json=call("who", id=7), headers=headers)).status_code == 200


class Asked:
    """A call that asks its person, on a real stream, and what came of it."""

    def __init__(self, client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers
        self.asked = anyio.Event()
        self.question: Any = None
        self.answer: Any = None

    async def run(self) -> None:
        async with self._client.stream("POST", "/mcp", json=call("ask", id=1), headers=self._headers) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    message = json.loads(line[6:])
                    if "method" in message:
                        self.question = message
                        self.asked.set()
                    else:
                        self.answer = message


async def _asking_session(client: httpx2.AsyncClient, key: str = KEY) -> dict[str, str]:
    said = {
        "protocolVersion": "2025-06-18",
        "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "t", "version": "1"},
    }
    able = {**INITIALIZE, "params": said}
    headers = {**BOTH, "x-api-key": key}
    opened = await client.post("/mcp", json=able, headers=headers)
    return {**headers, "mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}


async def test_a_question_goes_out_on_the_stream_of_its_request_and_the_answer_of_its_session_alone_counts() -> None:
    async with serving(options=HttpOptions(grace=0.1)) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers, stranger = await _asking_session(client), await _asking_session(client, OTHER_KEY)
        again = await _asking_session(client)
        asked = Asked(client, headers)
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(asked.run)
                await asked.asked.wait()
                assert asked.question["method"] == "elicitation/create"
                accepted = {"action": "accept", "content": {"name": "Ada"}}
                answer = {"jsonrpc": "2.0", "id": asked.question["id"], "result": accepted}
                wrong = {**answer, "result": {"action": "accept", "content": {"name": "Eve"}}}
                statuses = [
                    (await client.post("/mcp", json=message, headers=who)).status_code
                    for message, who in (
                        (wrong, stranger),
                        (wrong, again),
                        (wrong, {**stranger, "mcp-session-id": headers["mcp-session-id"]}),
                        ({**wrong, "id": 1}, headers),
                        (answer, headers),
                        (wrong, headers),
                    )
                ]
    assert statuses == [202, 202, 404, 202, 202, 202]
    assert asked.answer["result"]["content"] == [{"type": "text", "text": "Ada"}]


async def test_a_question_that_nobody_answers_ends_the_call_and_its_late_answer_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flintt_mcp.transports.http.sessions.questions.SECONDS", 0.01)
    async with serving(options=HttpOptions(grace=0.1)) as running, httpx2.AsyncClient(base_url=running.url) as client:
        headers = await _asking_session(client)
        asked = Asked(client, headers)
        with anyio.fail_after(5):
            await asked.run()
        late = {"jsonrpc": "2.0", "id": asked.question["id"], "result": {"action": "cancel"}}
        assert (await client.post("/mcp", json=late, headers=headers)).status_code == 202
        assert running.app._sessions.questions._waiting == {}
    assert asked.answer["error"]["code"] == -32001


@pytest.mark.parametrize("where", [0, 1], ids=["here", "on another worker"])
async def test_a_call_that_has_asked_ends_with_its_session_since_nobody_can_answer_it(where: int) -> None:
    workers, answers = Workers(), list[httpx2.Response]()
    async with workers.clients() as clients, anyio.create_task_group() as group:
        headers = await _asking_session(clients[0])

        async def ask() -> None:
            answers.append(await clients[0].post("/mcp", json=call("ask", id=1), headers=headers))

        group.start_soon(ask)
        with anyio.fail_after(5):
            while not workers.apps[0]._sessions.questions._waiting:  # noqa: ASYNC110 (told by nobody)
                await anyio.sleep(0.005)
            assert (await clients[where].delete("/mcp", headers=headers)).status_code == 200
            while not answers:  # noqa: ASYNC110 (told by nobody)
                await anyio.sleep(0.005)
    *_, last = (json.loads(line[6:]) for line in answers[0].text.splitlines() if line.startswith("data: "))
    assert (last["id"], last["error"]["code"]) == (1, -32000)


async def test_an_answer_and_a_cancellation_with_large_numbers_reach_another_process_as_well(tmp_path: Path) -> None:
    """JSON has integers of any size; what carries messages between processes may not."""
    keeping, answers = Keeping(), list[httpx2.Response]()
    buses = [Neighbours(tmp_path) for _ in range(2)]
    apps = [make_app(keeping=replace(keeping, bus=bus)) for bus in buses]
    for bus in buses:
        await bus.begin()
    async with buses[0].serving(), buses[1].serving(), _client(apps[0]) as one, _client(apps[1]) as two:
        headers = await _asking_session(one)

        async def ask() -> None:
            answers.append(await one.post("/mcp", json=call("ask", id=10**30), headers=headers))

        async def asked() -> str:
            while not apps[0]._sessions.questions._waiting:  # noqa: ASYNC110 (told by nobody)
                await anyio.sleep(0.005)
            return next(iter(apps[0]._sessions.questions._waiting))[1]

        accepted = {"action": "accept", "content": {"name": "Ada", "number": 10**30}}
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                answer = {"jsonrpc": "2.0", "id": int(await asked()), "result": accepted}
                assert (await two.post("/mcp", json=answer, headers=headers)).status_code == 202
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                await asked()
                off = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 10**30}}
                assert (await two.post("/mcp", json=off, headers=headers)).status_code == 202
    told = [json.loads(answer.text.strip().rsplit("data: ", 1)[1]) for answer in answers]
    assert (told[0]["result"]["content"], told[1]["error"]["code"]) == ([{"type": "text", "text": "Ada"}], -32800)


async def test_what_a_client_calls_itself_is_known_to_every_call_of_its_session(tmp_path: Path) -> None:
    """How large a result may be depends on it; the direct way and the one that may show something must not differ in that."""
    names: list[str] = []

    async def note(call: Call) -> Reply:
        names.append(call.channel.client)
        return Done(text="noted")

    tools = [
        Tool(name, name, "Notes the client.", Effect.READ, "docs", Arguments(name, ()), note, long_lived=shows)
        for name, shows in (("plain", False), ("shows", True))
    ]
    async with (
        open_app(Settings(data_dir=str(tmp_path)), {}, Additions(tools=tools)) as app,
        _client(of_kind(HttpApp, mcp_over_http(app))) as client,
    ):
        said = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "Ünïversal", "version": "1"},
        }
        opened = await client.post("/mcp", json={**INITIALIZE, "params": said}, headers=BOTH)
        headers = {**BOTH, "mcp-session-id": opened.headers["mcp-session-id"]}
        for name in ("plain", "shows"):
            assert (await client.post("/mcp", json=call(name), headers=headers)).status_code == 200
    assert names == ["Ünïversal"] * 2


async def test_of_many_questions_at_once_the_last_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flintt_mcp.transports.http.sessions.questions.MOST", 0)
    async with serving(options=HttpOptions(grace=0.1)) as running, httpx2.AsyncClient(base_url=running.url) as client:
        answer = await client.post("/mcp", json=call("ask"), headers=await _asking_session(client))
    told = "Too many questions wait for their answers on this server; nobody was asked"
    assert answer.json()["error"] == {"code": -32603, "message": told}
