"""A key with many slow calls takes no connection away from another key, from another API or from what looks after them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from flintt_mcp.errors import Busy
from flintt_mcp.rest.sending.client import Ways, open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.retry import Pace

from .fault_server import Connection, FaultServer, Play, hang, ok

pytestmark = pytest.mark.anyio

NO_PLACE = (
    "This server's own limit is reached: of the {total} connections that it opens to 127.0.0.1 none is free for a key whose "
    "calls hold {held}"
)
ADVICE = "nothing was sent; call again when other calls have ended, or have the operator raise --connections"


def read(server: FaultServer, key: str, **more: Any) -> UpstreamRequest:
    more = {"api": "flintt", "repeatable": True, **more}
    return UpstreamRequest("list_companies", "GET", server.url + "/v1", {"x-api-key": key}, key=key, **more)


def hanging_for(api: FaultServer, key: str) -> Play:
    """Requests with this key are never answered, all others at once."""

    async def play(connection: Connection) -> None:
        seen = next(seen for seen in reversed(api.requests) if seen.connection == connection.number)
        await (hang if seen.headers["x-api-key"] == key else ok())(connection)

    return play


async def test_another_key_is_served_at_once_while_one_key_has_110_slow_calls(api: FaultServer) -> None:
    api.script(hanging_for(api, "greedy"))
    async with open_client() as client, anyio.create_task_group() as tasks:
        for _ in range(110):
            tasks.start_soon(client.send, read(api, "greedy"))
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(3):
            while api.connections < 50:
                await anyio.wait_all_tasks_blocked()
            assert [(await client.send(read(api, f"key {number}"))).status for number in range(20)] == [200] * 20
            assert (await client.send(read(api, "one more", repeatable=False))).status == 200
        assert len([seen for seen in api.requests if seen.headers["x-api-key"] == "greedy"]) == 50
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(("key", "held"), [("a", 1), ("b", 0)])
async def test_a_call_that_gets_no_connection_in_time_is_told_whose_limit_that_is(
    api: FaultServer, key: str, held: int
) -> None:
    api.script(hang)
    limits = Limits(max_connections=1, connect_timeout=0.01)
    async with open_client(limits) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.send, read(api, "a"))
        await api.arrived.wait()
        with pytest.raises(Busy) as caught:
            await client.send(read(api, key))
        tasks.cancel_scope.cancel()
    assert caught.value.message == NO_PLACE.format(total=1, held=held)
    assert (caught.value.changed, caught.value.advice) == ("no", ADVICE)
    assert len(api.requests) == 1


async def test_an_api_that_answers_nobody_leaves_the_connections_of_others_alone(api: FaultServer) -> None:
    api.script(hanging_for(api, "a"))
    async with open_client(Limits(max_connections=1)) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.send, read(api, "a"))
        await api.arrived.wait()
        with anyio.fail_after(3):
            assert (await client.send(read(api, "b", api="flowpilot"))).status == 200
        tasks.cancel_scope.cancel()


async def test_a_second_attempt_that_gets_no_connection_leaves_the_first_ones_answer() -> None:
    taken = anyio.Event()

    async def send(request: UpstreamRequest) -> UpstreamResponse:
        if request.key == "b":
            taken.set()
            await anyio.sleep_forever()
        return UpstreamResponse(503, {"retry-after": "1"}, b"")

    async def sleep(seconds: float) -> None:
        tasks.start_soon(client.send, replace(request, key="b"))
        await taken.wait()

    request = UpstreamRequest("start_run", "POST", "https://api.invalid/v1", {}, b"{}", repeatable=True, key="a")
    limits = Limits(max_connections=1, connect_timeout=0.01)
    async with (
        open_client(limits, Ways(sender=send), pace=Pace(sleep=sleep)) as client,
        anyio.create_task_group() as tasks,
    ):
        assert await client.send(request) == UpstreamResponse(
            503, {"retry-after": "1"}, b"", retry_after=1.0, unsure=True
        )
        tasks.cancel_scope.cancel()
