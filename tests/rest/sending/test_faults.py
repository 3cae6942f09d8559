"""What a caller gets for every way in which an API, or the way to it, can fail: over a real socket."""

from __future__ import annotations

import gzip
import logging
import socket
import traceback
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from flintt_mcp.errors import Unavailable, Unreachable, UpstreamError
from flintt_mcp.rest.sending.client import Ways, open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import UpstreamRequest

from .fault_server import (
    FaultServer,
    Play,
    answer,
    close,
    closed_port,
    drip,
    flood,
    hang,
    ok,
    ok_then_close,
    raw,
    reset,
)

pytestmark = pytest.mark.anyio

LOOK_FIRST = "It may have been done. List or get what it would have changed before trying again."
ONLY_READS = "It only reads: try again in a minute, or ask for less."
ONCE = Limits(attempts=1)


def read(api: FaultServer, target: str = "/v1/companies") -> UpstreamRequest:
    return UpstreamRequest("list_companies", "GET", api.url + target, {"x-api-key": "k"}, repeatable=True)


def write(api: FaultServer, method: str = "POST", body: bytes | None = b"{}") -> UpstreamRequest:
    return UpstreamRequest("create_company", method, api.url + "/v1/companies", {"x-api-key": "k"}, body)


async def refused(request: UpstreamRequest, **limits: Any) -> UpstreamError:
    async with open_client(replace(ONCE, **limits)) as client:
        with pytest.raises((Unreachable, Unavailable)) as caught:
            await client.send(request)
    return caught.value


async def test_a_good_answer_comes_back_whole(api: FaultServer) -> None:
    api.script(ok(b'{"a":1}', X_Request_Id="r1"))
    async with open_client(ONCE) as client:
        response = await client.send(read(api))
    assert (response.status, response.body, response.attempts, response.retry_after) == (200, b'{"a":1}', 1, None)
    assert response.headers == {"content-length": "7", "content-type": "application/json", "x-request-id": "r1"}


async def test_the_request_arrives_byte_for_byte(api: FaultServer) -> None:
    async with open_client(ONCE, Ways(user_agent="flintt-mcp/test")) as client:
        target = "/v1/a%2Fb%20c/%2e%2e/%C3%A9//x;y?q=a+b%20c&empty=&q=%26"
        await client.send(UpstreamRequest("x", "PATCH", api.url + target, {"X-Api-Key": "k"}, b'{"a":"\xc3\xa9"}'))
    seen = api.requests[0]
    assert (seen.method, seen.target, seen.body) == ("PATCH", target, b'{"a":"\xc3\xa9"}')
    assert seen.headers["x-api-key"] == "k"
    assert seen.headers["user-agent"] == "flintt-mcp/test"
    assert "cookie" not in seen.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_without_a_body_says_so(api: FaultServer, method: str) -> None:
    async with open_client(ONCE) as client:
        await client.send(write(api, method, None))
    assert (api.requests[0].headers["content-length"], api.requests[0].body) == ("0", b"")


async def test_how_a_request_is_framed_is_nobody_elses_to_say(api: FaultServer) -> None:
    headers = {"Content-Length": "2", "x-api-key": "k"}
    async with open_client(ONCE) as client:
        await client.send(UpstreamRequest("x", "POST", api.url, headers, b"{}"))
        await client.send(UpstreamRequest("x", "POST", api.url, headers, b"{}"))
    assert [(seen.headers["content-length"], seen.body) for seen in api.requests] == [("2", b"{}")] * 2


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500])
async def test_an_error_status_is_an_answer_and_is_not_repeated(api: FaultServer, status: int) -> None:
    api.script(answer(status, b"no"), ok())
    async with open_client(Limits(connect_timeout=0.5)) as client:
        response = await client.send(read(api))
    assert (response.status, response.body, response.attempts) == (status, b"no", 1)


async def test_html_and_truncated_json_are_complete_answers(api: FaultServer) -> None:
    api.script(answer(200, b"<html>hi</html>", content_type="text/html"), ok(b'{"data": [1, 2'))
    async with open_client(ONCE) as client:
        assert (await client.send(read(api))).body == b"<html>hi</html>"
        assert (await client.send(read(api))).body == b'{"data": [1, 2'


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_returned_and_never_followed(api: FaultServer, status: int) -> None:
    api.script(answer(status, location=api.url + "/elsewhere"), ok())
    async with open_client(ONCE) as client:
        response = await client.send(read(api))
    assert (response.status, response.headers["location"]) == (status, api.url + "/elsewhere")
    assert len(api.requests) == 1


async def test_cookies_are_not_kept(api: FaultServer) -> None:
    api.script(ok(set_cookie="session=1"))
    async with open_client(ONCE) as client:
        await client.send(read(api))
        await client.send(read(api))
    assert ["cookie" in seen.headers for seen in api.requests] == [False, False]


async def test_repeated_and_unreadable_headers_do_not_spoil_the_answer(api: FaultServer) -> None:
    api.script(raw(b"HTTP/1.1 200 OK\r\nlink: a\r\nLink: b\r\nx-name: B\xe9la\r\ncontent-length: 2\r\n\r\nok"))
    async with open_client(ONCE) as client:
        response = await client.send(read(api))
    assert response.headers == {"link": "a, b", "x-name": "B\ufffdla", "content-length": "2"}


@pytest.mark.parametrize("make", [read, write])
async def test_a_refused_connection_changed_nothing(make: Callable[[FaultServer], UpstreamRequest]) -> None:
    error = await refused(make(FaultServer(f"http://127.0.0.1:{closed_port()}")))
    assert error.message == "No answer from 127.0.0.1: connection refused."
    assert error.changed == "no"
    assert error.advice == "Nothing was sent. Try again in a minute; if it lasts, check the API's URL and the network."


async def test_a_host_name_that_does_not_exist_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await refused(UpstreamRequest("x", "POST", "http://nowhere.invalid/v1", {}, b"{}"))
    assert (error.message, error.changed) == (
        "No answer from nowhere.invalid: the API's host name cannot be resolved.",
        "no",
    )


BROKEN: list[tuple[Play, str]] = [
    (reset, "the connection was reset"),
    (close, "the connection was closed before the answer"),
    (hang, "no complete answer within 0.05 s"),
    (drip, "no complete answer within 0.05 s"),
    (answer(200, b"abc", length=100), "the answer was cut short"),
    (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "the answer is not HTTP"),
    (ok(b"not gzip at all", content_encoding="gzip"), "the answer could not be decoded"),
    (ok(gzip.compress(b"hello" * 99)[:-20], content_encoding="gzip"), "the answer could not be decoded"),
    (ok(b"\x0b\x02\x80hello\x03", content_encoding="br"), "the answer is encoded in a way nobody asked for"),
]


def patience(play: Play) -> float:
    """Seconds for one attempt: short only where the play is to outlast it."""
    return 0.05 if play in (hang, drip) else 10.0


@pytest.mark.parametrize(("play", "reason"), BROKEN)
async def test_a_read_without_an_answer_changed_nothing(api: FaultServer, play: Play, reason: str) -> None:
    api.script(play)
    error = await refused(read(api), attempt_timeout=patience(play))
    assert isinstance(error, Unreachable)
    assert (error.message, error.changed) == (f"No answer from 127.0.0.1: {reason}.", "no")
    assert (error.advice, error.operation, error.status) == (ONLY_READS, "list_companies", None)


@pytest.mark.parametrize(("play", "reason"), BROKEN)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_without_an_answer_may_have_been_done_and_is_sent_once(
    api: FaultServer, play: Play, reason: str, method: str
) -> None:
    api.script(play)
    error = await refused(write(api, method), attempts=3, attempt_timeout=patience(play))
    assert (error.message, error.changed) == (f"No answer from 127.0.0.1: {reason}.", "unknown")
    assert error.advice == LOOK_FIRST
    # On a busy machine the short time-out may pass before the server has read anything.
    assert api.methods() == [method] or (play in (hang, drip) and api.methods() == [])


async def test_a_reset_before_the_request_leaves_open_whether_it_arrived(api: FaultServer) -> None:
    api.on_connect = reset
    error = await refused(write(api), attempts=3)
    assert (error.changed, api.connections) == ("unknown", 1)


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
@pytest.mark.parametrize("fault", [reset, close])
async def test_a_write_is_not_resent_when_a_kept_alive_connection_breaks(
    api: FaultServer, fault: Play, method: str
) -> None:
    api.script(ok(), fault, ok())
    async with open_client() as client:
        await client.send(read(api))
        with pytest.raises(Unreachable) as caught:
            await client.send(write(api, method))
    assert caught.value.changed == "unknown"
    assert api.methods() == ["GET", method]


async def test_a_write_never_travels_on_a_connection_that_the_api_may_be_closing(api: FaultServer) -> None:
    api.script(ok_then_close())
    async with open_client(ONCE) as client:
        for _ in range(20):
            await client.send(read(api))
            assert (await client.send(write(api))).status == 200
    writes = [seen for seen in api.requests if seen.method == "POST"]
    assert len(writes) == len({seen.connection for seen in writes}) == 20


async def test_reads_share_kept_alive_connections(api: FaultServer) -> None:
    async with open_client(ONCE) as client:
        for _ in range(5):
            await client.send(read(api))
    assert api.connections == 1


async def test_an_answer_past_the_size_limit_is_cut_off_at_the_limit(api: FaultServer) -> None:
    api.script(flood(10 * 1024 * 1024))
    error = await refused(read(api), attempt_timeout=5, max_response_bytes=1024 * 1024, attempts=3)
    assert isinstance(error, Unavailable)
    assert (error.message, error.changed, error.status) == (
        "The API's answer is larger than this server's limit of 1 MiB.",
        "no",
        200,
    )
    assert error.advice == "Narrow the request: a smaller limit, a filter or a shorter period."
    await api.abandoned.wait()
    assert len(api.requests) == 1
    assert api.bytes_sent < 10 * 1024 * 1024


async def test_an_answer_of_exactly_the_limit_passes(api: FaultServer) -> None:
    api.script(ok(b"x" * 1000))
    async with open_client(Limits(max_response_bytes=1000, attempts=1)) as client:
        assert len((await client.send(read(api))).body) == 1000


async def test_a_write_whose_answer_is_too_large_may_have_been_done(api: FaultServer) -> None:
    api.script(ok(b"x" * 1001))
    error = await refused(write(api), max_response_bytes=1000)
    assert (type(error), error.changed, error.advice) == (Unavailable, "unknown", LOOK_FIRST)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_answer_is_unpacked(api: FaultServer, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    api.script(ok(pack(b'{"a":1}'), content_encoding=encoding))
    async with open_client(ONCE) as client:
        assert (await client.send(read(api))).body == b'{"a":1}'


async def test_the_size_limit_counts_unpacked_bytes(api: FaultServer) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(bomb) < 20_000
    api.script(ok(bomb, content_encoding="gzip"))
    error = await refused(read(api), max_response_bytes=1_000_000, attempt_timeout=5)
    assert isinstance(error, Unavailable)


async def test_a_cancelled_read_closes_its_connection_and_frees_its_place(api: FaultServer) -> None:
    api.script(hang, ok())
    async with open_client(Limits(max_connections=1, attempts=1, connect_timeout=0.5)) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.send, read(api))
            await api.arrived.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(2):
            await api.abandoned.wait()
        assert (await client.send(read(api))).status == 200


async def test_a_write_under_way_is_finished_when_its_caller_goes_away(api: FaultServer) -> None:
    finish = anyio.Event()
    written: list[int] = []

    async def slow(connection: Any) -> None:
        await finish.wait()
        await ok()(connection)

    api.script(slow)
    async with open_client() as client:

        async def call() -> None:
            written.append((await client.send(write(api))).status)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await api.arrived.wait()
            tasks.cancel_scope.cancel()
            finish.set()
    assert written == [200]
    assert not api.abandoned.is_set()


async def test_a_write_whose_caller_went_away_still_has_its_time_out(api: FaultServer) -> None:
    told: list[str] = []
    api.script(hang)
    async with open_client(Limits(attempts=1, attempt_timeout=0.2)) as client:

        async def call() -> None:
            with pytest.raises(Unreachable) as caught:
                await client.send(write(api))
            told.append(caught.value.changed)

        with anyio.fail_after(2):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await api.arrived.wait()
                tasks.cancel_scope.cancel()
    assert told == ["unknown"]


async def test_no_secret_shows_in_an_error_a_chain_or_a_log(api: FaultServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)
    told: list[str] = []
    for play, _ in BROKEN:
        api.script(play)
        secret = UpstreamRequest("x", "POST", api.url + "/v1/SECRET?key=SECRET", {"x-api-key": "SECRET"}, b"SECRET")
        error = await refused(secret, attempt_timeout=patience(play))
        assert error.__context__ is None
        told += [repr(error), error.advice, *traceback.format_exception(error)]
    assert "SECRET" not in "".join(told)
    assert "SECRET" not in caplog.text


async def test_a_header_that_would_start_another_header_is_never_sent(api: FaultServer) -> None:
    request = UpstreamRequest("x", "GET", api.url, {"x-api-key": "a\r\nx-evil: 1"}, repeatable=True)
    error = await refused(request)
    assert (error.changed, api.requests) == ("no", [])


@pytest.mark.parametrize("url", ["http://", "nonsense", "ftp://127.0.0.1/x", "http://127.0.0.1:99999/"])
async def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    error = await refused(UpstreamRequest("x", "GET", url, {}, repeatable=True), attempts=3)
    assert (type(error), error.changed) == (Unreachable, "no")


async def test_many_clients_can_be_opened_and_closed_in_turn(api: FaultServer) -> None:
    for _ in range(20):
        async with open_client(ONCE) as client:
            assert (await client.send(read(api))).status == 200


def test_a_new_event_loop_gets_a_client_that_works() -> None:
    async def whole_life() -> int:
        from .fault_server import open_fault_server

        async with open_fault_server() as api, open_client(ONCE) as client:
            return (await client.send(read(api))).status

    assert [anyio.run(whole_life) for _ in range(3)] == [200, 200, 200]
