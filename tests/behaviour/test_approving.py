"""Every kind of client on every way: what it answers approves only what a person read and said yes to, and that once.

The servers run in this process, so that a test sets their clock and counts what they send to the API.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import anyio
import httpx2
import mcp.client.session
import mcp_types as types
import pytest
import uvicorn
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

import flintt_mcp.app
from flintt_mcp.app import App, open_app
from flintt_mcp.rest.sending import in_process
from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse
from flintt_mcp.serving.asgi import mcp_over_http
from flintt_mcp.serving.draining import DrainingServer
from flintt_mcp.settings import Settings
from tests.clock import SetClock

from .ways import KEY, NEWEST, OTHER_KEY, PLAIN

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")]

WAYS = [("pipe", "2025-11-25"), ("pipe", NEWEST), ("http", "2025-06-18"), ("http", NEWEST), ("sse", "2025-11-25")]
SECRET = "what-the-operator-knows"
SIGNALS = ["331e6dbc-ac37-53c7-8cc8-a602506c7eb0", "275cca14-15dc-57d3-9c4e-0cf445581270"]
Answer = Callable[..., Awaitable[types.ElicitResult]]


@dataclass
class Bench:
    """A server, its clock, and what went out to the API to change something."""

    app: App
    clock: SetClock
    base: str
    port: int
    writes: list[str]
    way: tuple[str, str]
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def client(
        self, answer: Answer | None = None, key: str = KEY, *, forms: bool = True
    ) -> AsyncIterator[Client]:
        """A client whose person answers so, or that can ask nobody; without `forms` it opens pages alone."""

        async def elicit(context: Any, params: Any) -> types.ElicitResult:
            self.asked.append(params.message)
            assert answer is not None
            return await answer(params)

        transport, revision = self.way
        callbacks: dict[str, Any] = {} if answer is None else {"elicitation_callback": elicit}
        async with contextlib.AsyncExitStack() as stack:
            server: Any
            match transport:
                case "pipe":
                    caller = self.app.credentials.with_secrets({"flintt": key})
                    server = replace(self.app, caller=caller).server()
                case "sse":
                    server = sse_client(f"{self.base}/mcp?api_key={key}", httpx_client_factory=_http)
                case _:
                    http = await stack.enter_async_context(_http({"X-API-Key": key}))
                    server = streamable_http_client(f"{self.base}/mcp", http_client=http)
            client = Client(server, mode="auto" if revision == NEWEST else "legacy", cache=None, **callbacks)
            with contextlib.ExitStack() as patches:
                patches.enter_context(patch("mcp.client.session.LATEST_HANDSHAKE_VERSION", revision))
                if not forms:
                    patches.enter_context(
                        patch.object(mcp.client.session.types, "FormElicitationCapability", lambda: None)
                    )
                yield await stack.enter_async_context(client)

    async def says(self, content: Any, after: float, action: str = "accept") -> types.ElicitResult:
        """What a person says who took so many seconds."""
        self.clock.forward(seconds=after)
        return types.ElicitResult(action=action, content=content)  # type: ignore[arg-type]  # one of its three words

    async def decides(self, id: str, decision: str, secret: str = SECRET) -> httpx2.Response:
        """What a person does on the page."""
        async with httpx2.AsyncClient(base_url=self.base, verify=PLAIN) as browser:
            page = await browser.get(f"/approve/{id}")
            seen = re.search(r'name="seen" value="(\w+)"', page.text)
            form = {"secret": secret, "decision": decision, "seen": seen[1] if seen else ""}
            return await browser.post(f"/approve/{id}", data=form, headers={"origin": self.base})


def _http(headers: Any = None, timeout: Any = 30, auth: Any = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, verify=PLAIN)


@pytest.fixture(params=WAYS, ids=" ".join)
async def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    clock, writes, plain = SetClock(), [], in_process.asgi_sender
    monkeypatch.setattr(flintt_mcp.app, "time", SimpleNamespace(time=clock.seconds, monotonic=time.monotonic))

    def counting(app: Any) -> Sender:
        send = plain(app)

        async def sent(request: UpstreamRequest) -> UpstreamResponse:
            if request.method != "GET":
                writes.append(f"{request.method} {request.url.rsplit('/', 1)[1]}")
            return await send(request)

        return sent

    monkeypatch.setattr(in_process, "asgi_sender", counting)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings = Settings(sandbox=True, data_dir=str(tmp_path), port=port, approval_secret=SECRET)
    async with open_app(settings, {}) as app, anyio.create_task_group() as group:
        config = uvicorn.Config(mcp_over_http(app), log_config=None, timeout_graceful_shutdown=3, lifespan="on")
        server = DrainingServer(config)
        group.start_soon(server._serve, [listening])  # `serve` would take over this process's signals
        with anyio.fail_after(20):
            while not server.started:  # noqa: ASYNC110 (uvicorn has no event to wait for)
                await anyio.sleep(0.005)
        yield Bench(app, clock, f"http://127.0.0.1:{port}", port, writes, request.param)
        server.should_exit = True


async def delete(client: Client, id: str = SIGNALS[0]) -> types.CallToolResult:
    return await client.call_tool("delete_signal", {"signal_id": id})


def text_of(result: types.CallToolResult) -> str:
    block = result.content[0]
    assert isinstance(block, types.TextContent)
    return block.text


def intent_in(text: str) -> str:
    found = re.search(r"int_[\w-]+", text)
    assert found is not None, text
    return found[0]


async def test_a_person_reads_what_is_stored_and_says_yes_and_it_is_done_once(bench: Bench) -> None:
    async def yes(params: Any) -> types.ElicitResult:
        assert bench.writes == []
        return await bench.says({"approve": True}, 2)

    async with bench.client(yes) as client:
        result = await delete(client)
    assert not result.is_error
    assert bench.writes == [f"DELETE {SIGNALS[0]}"]
    assert bench.asked == [
        "Delete a Flintt signal?\nWhere: Flintt, in the sandbox: nothing is real\n"
        "Signal: name=Finance leadership changes, status=paused\nGoes with it: 12 runs, 82 finds, 38 valid results\n"
        "For good: The signal, its runs and their results cannot be brought back.\n"
        f"Sent as the assistant gave it:\n  signal_id = {SIGNALS[0]}"
    ]


@pytest.mark.parametrize("content", [{"approve": False}, None], ids=["empty box", "decline"])
async def test_a_person_who_says_no_has_nothing_done(bench: Bench, content: Any) -> None:
    async def no(params: Any) -> types.ElicitResult:
        return await bench.says(content, 2, "decline" if content is None else "accept")

    async with bench.client(no) as client:
        result = await delete(client)
    assert text_of(result) == (
        "delete_signal failed: The person declined this call: nothing was sent.\nChanged: no.\n"
        "Next: ask the person what to do instead; do not repeat it."
    )
    assert bench.writes == []


@pytest.mark.parametrize(
    ("action", "content", "after"),
    [
        ("accept", {"approve": True}, 0.0),
        ("cancel", None, 0.0),
        ("accept", {"approve": "true"}, 2.0),
        ("accept", {}, 2.0),
        ("accept", {"approved": True}, 2.0),
    ],
    ids=["instant accept", "instant cancel", "a word", "nothing in it", "another field"],
)
async def test_what_is_no_persons_yes_leaves_it_to_the_page(
    bench: Bench, action: str, content: Any, after: float
) -> None:
    async def answer(params: Any) -> types.ElicitResult:
        return await bench.says(content, after, action)

    async with bench.client(answer) as client:
        result = await delete(client)
        assert "approval_required" in text_of(result)
        assert bench.writes == []
        intent = intent_in(text_of(result))
        assert (await bench.decides(intent, "approve")).status_code == 200
        assert bench.writes == []
        done = await client.call_tool("get_approval", {"intent": intent})
        again = await client.call_tool("get_approval", {"intent": intent})
    assert (done.structured_content or {})["state"] == "done"
    assert "nothing was done again" in text_of(again)
    assert bench.writes == [f"DELETE {SIGNALS[0]}"]


@pytest.mark.parametrize("bench", [way for way in WAYS if way[1] != NEWEST], indirect=True, ids=" ".join)
async def test_a_client_that_fails_on_the_question_leaves_it_to_the_page(bench: Bench) -> None:
    """At the newest revision the client's own end of such a call ends it: the question went back as a result."""

    async def fails(params: Any) -> types.ElicitResult:
        raise MCPError(-32603, "no window")

    async with bench.client(fails) as client:
        assert "approval_required" in text_of(await delete(client))
    assert bench.writes == []


async def test_an_answer_that_comes_too_late_does_nothing_and_the_next_call_asks_anew(bench: Bench) -> None:
    delays = iter((601.0, 2.0))

    async def slow(params: Any) -> types.ElicitResult:
        assert bench.writes == []
        return await bench.says({"approve": True}, next(delays))

    async with bench.client(slow) as client:
        late = await delete(client)
        assert "Nobody approved this call in time: nothing was sent" in text_of(late)
        assert (late.is_error, bench.writes) == (True, [])
        assert not (await delete(client)).is_error
    assert len(bench.asked) == 2
    assert bench.writes == [f"DELETE {SIGNALS[0]}"]


async def test_a_client_that_opens_pages_alone_is_given_the_page(bench: Bench) -> None:
    async def opens(params: Any) -> types.ElicitResult:
        assert await bench.decides(params.url.rsplit("/", 1)[1], "approve")
        return types.ElicitResult(action="accept")

    async with bench.client(opens, forms=False) as client:
        result = await delete(client)
        if bench.way[1] == "2025-06-18":  # which knows no pages
            assert "approval_required" in text_of(result)
            assert bench.writes == []
        else:
            assert text_of(result).startswith("Signal deleted")
            assert bench.writes == [f"DELETE {SIGNALS[0]}"]


async def test_a_client_that_asks_nobody_is_told_and_only_its_own_key_gets_what_was_approved(bench: Bench) -> None:
    async with bench.client() as client, bench.client(key=OTHER_KEY) as other:
        result = await delete(client)
        intent = intent_in(text_of(result))
        for _ in range(3):
            assert intent_in(text_of(await delete(client))) == intent
        told = await client.call_tool("get_approval", {"intent": intent})
        assert told.structured_content == {"state": "asked"}
        assert (await bench.decides(intent, "approve", "not the secret")).status_code == 403
        assert (await bench.decides(intent, "approve")).status_code == 200
        assert "there is none of that id for this key" in text_of(
            await other.call_tool("get_approval", {"intent": intent})
        )
        assert bench.writes == []
        assert not (await delete(client)).is_error
    assert bench.writes == [f"DELETE {SIGNALS[0]}"]


async def test_what_is_declined_on_the_page_is_said_to_be_so(bench: Bench) -> None:
    async with bench.client() as client:
        intent = intent_in(text_of(await delete(client)))
        assert (await bench.decides(intent, "decline")).status_code == 200
        assert (await bench.decides(intent, "approve")).status_code == 404
        told = await client.call_tool("get_approval", {"intent": intent})
    assert "The person declined this call: nothing was sent" in text_of(told)
    assert bench.writes == []


async def test_an_answer_given_to_one_question_is_worth_nothing_for_another(bench: Bench) -> None:
    """Two signals, one yes: of a replay on the wire `tests/transports/test_request_state.py` tells."""

    async def first_only(params: Any) -> types.ElicitResult:
        approve = SIGNALS[0] in params.message
        return await bench.says({"approve": approve}, 2)

    async with bench.client(first_only) as client:
        results = [await delete(client, id) for id in SIGNALS]
    assert [result.is_error for result in results] == [False, True]
    assert bench.writes == [f"DELETE {SIGNALS[0]}"]


async def test_what_is_not_there_is_said_and_nobody_is_asked(bench: Bench) -> None:
    async with bench.client(lambda params: bench.says({"approve": True}, 2)) as client:
        result = await delete(client, "00000000-0000-4000-8000-000000000000")
    assert result.is_error
    assert bench.asked == []
