"""Senders without a socket: an ASGI app called directly, and the choice of a sender by base URL."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from flintt_mcp.errors import Unreachable
from flintt_mcp.rest.sending.client import Ways, open_client
from flintt_mcp.rest.sending.in_process import asgi_sender
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.routes import route_sender

pytestmark = pytest.mark.anyio

BASE = "http://sandbox.internal/flintt"


def get(url: str) -> UpstreamRequest:
    return UpstreamRequest("x", "GET", url, {"X-API-Key": "k"}, repeatable=True)


async def respond(send: Any, status: int = 200, body: bytes = b"", headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def test_the_app_sees_the_exact_path_query_headers_and_body() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope, body=(await receive()))
        await respond(send, 201, b"done", [(b"X-Id", b"1"), (b"x-id", b"2")])

    request = UpstreamRequest(
        "x", "POST", "http://u:p@sandbox.internal:8080/v1/a%2Fb%20c/%C3%A9;y?q=a+b%20c&q=", {"X-API-Key": "k"}, b"{}"
    )
    response = await asgi_sender(app)(request)
    assert response == UpstreamResponse(201, {"x-id": "1, 2"}, b"done")
    assert seen["body"] == {"type": "http.request", "body": b"{}", "more_body": False}
    assert (seen["method"], seen["scheme"], seen["server"]) == ("POST", "http", ("sandbox.internal", 8080))
    assert (seen["path"], seen["raw_path"]) == ("/v1/a/b c/é;y", b"/v1/a%2Fb%20c/%C3%A9;y")
    assert seen["query_string"] == b"q=a+b%20c&q="
    assert seen["headers"] == [(b"x-api-key", b"k"), (b"host", b"sandbox.internal:8080"), (b"content-length", b"2")]


async def test_an_answer_in_several_pieces_comes_back_whole() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for piece in (b"a", b"", b"b"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    assert await asgi_sender(app)(get(BASE)) == UpstreamResponse(200, {}, b"ab")


async def test_the_app_is_told_of_a_disconnect_only_after_its_answer() -> None:
    heard: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def listen() -> None:
            heard.append((await receive())["type"])

        heard.append((await receive())["type"])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.wait_all_tasks_blocked()
            heard.append("answer")
            await respond(send)

    await asgi_sender(app)(get(BASE))
    assert heard == ["http.request", "answer", "http.disconnect"]


async def test_a_crash_of_the_app_is_a_500() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("SECRET")

    response = await asgi_sender(app)(get(BASE))
    assert (response.status, response.body) == (500, b"Internal Server Error")


async def test_a_crash_after_a_complete_answer_does_not_take_the_answer_back() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await respond(send, 200, b"ok")
        raise RuntimeError

    assert (await asgi_sender(app)(get(BASE))).body == b"ok"


async def test_an_app_that_says_nothing_is_a_500() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    assert (await asgi_sender(app)(get(BASE))).status == 500


async def test_a_crash_in_the_middle_of_the_body_is_an_answer_cut_short() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError

    async with open_client(Limits(attempts=1), Ways(sender=asgi_sender(app))) as client:
        with pytest.raises(Unreachable, match="the answer was cut short"):
            await client.send(get(BASE))


async def test_a_cancelled_call_cancels_the_app() -> None:
    ended: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(scope["path"])

    async with open_client(ways=Ways(sender=asgi_sender(app))) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.send, get(BASE + "/v1"))
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert ended == ["/flintt/v1"]


def named(name: str) -> Any:
    async def send(request: UpstreamRequest) -> UpstreamResponse:
        return UpstreamResponse(200, {}, name.encode())

    return send


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://sandbox.internal/flintt", "flintt"),
        ("http://sandbox.internal/flintt/v1/companies?a=b", "flintt"),
        ("http://sandbox.internal/flintt?a=b", "flintt"),
        ("http://sandbox.internal/flintt-two/v1", "sandbox"),
        ("http://sandbox.internal/flowpilot/v1", "sandbox"),
        ("http://sandbox.internal.evil.example/flintt", "network"),
        ("http://sandbox.internal:81/flintt", "network"),
        ("https://sandbox.internal/flintt", "network"),
    ],
)
async def test_the_longest_base_url_wins_and_ends_where_a_segment_ends(url: str, name: str) -> None:
    routes = {"http://sandbox.internal/": named("sandbox"), "http://sandbox.internal/flintt": named("flintt")}
    assert (await route_sender(routes, named("network"))(get(url))).body == name.encode()


async def test_a_routed_base_url_never_touches_the_network() -> None:
    async with open_client(ways=Ways(routes={BASE: named("sandbox")})) as client:
        assert (await client.send(get(BASE + "/v1/companies"))).body == b"sandbox"
