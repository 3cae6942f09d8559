"""Whether the APIs answer: asked once, for a short time, past everything that calls wait for."""

from __future__ import annotations

import anyio
import pytest

from flintt_mcp.rest.sending.client import open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import UpstreamRequest
from flintt_mcp.rest.sending.reach import Reach

from .fault_server import FaultServer, Play, answer, flood, hang, ok, reset

pytestmark = pytest.mark.anyio


def read(api: FaultServer) -> UpstreamRequest:
    return UpstreamRequest("list_companies", "GET", api.url + "/v1", {"x-api-key": "k"}, repeatable=True, key="k")


async def test_whether_an_api_answers_is_asked_past_the_shares_on_a_connection_of_its_own(api: FaultServer) -> None:
    api.script(ok(), hang)
    async with open_client(Limits(max_connections=1)) as client, anyio.create_task_group() as tasks:
        await client.send(read(api))
        tasks.start_soon(client.send, read(api))
        while len(api.requests) < 2:
            await anyio.wait_all_tasks_blocked()
        api.script(answer(404))
        assert await client.reach(api.url + "/base/", 3) is None
        tasks.cancel_scope.cancel()
    question = api.requests[-1]
    assert (question.method, question.target, question.connection) == ("GET", "/base/", 2)
    assert question.headers.keys() - {"accept"} == {"host", "user-agent", "accept-encoding", "connection"}


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (hang, "no answer within 0.05 s"),
        (reset, "the connection was reset"),
        (answer(302, location="https://elsewhere.invalid"), None),
        (answer(503), None),
        (flood(100_000), None),
    ],
)
async def test_any_answer_counts_and_none_is_waited_for_long(api: FaultServer, play: Play, reason: str | None) -> None:
    api.script(play)
    async with open_client(Limits(max_response_bytes=50_000)) as client:
        assert await client.reach(api.url, 0.05 if play is hang else 5) == reason
    assert len(api.requests) == 1


async def test_an_api_whose_address_nobody_knows_is_told_as_that_and_addresses_are_asked_once_and_all_at_once() -> None:
    asked: list[tuple[str, float]] = []
    both = anyio.Event()

    async def ask(url: str, seconds: float) -> str | None:
        asked.append((url, seconds))
        if len(asked) == 2:
            both.set()
        await both.wait()
        return "connection refused" if "b.example" in url else None

    with anyio.fail_after(3):
        reached = await Reach(
            ask, {"b": "https://b.example/v1", "a": "https://a.example", "beside": "https://a.example", "none": None}
        )()
    assert reached == {"b": "connection refused", "a": None, "beside": None, "none": "nobody said where it is"}
    assert sorted(asked) == [("https://a.example/", 0.8), ("https://b.example/v1/", 0.8)]
