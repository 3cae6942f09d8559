"""Answers as they come over a connection: whole ones in any pieces, broken ones as faults, and never more than was asked for."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.errors import Unreachable
from flintt_mcp.rest.sending import network
from flintt_mcp.rest.sending.client import open_client
from flintt_mcp.rest.sending.http1 import Answer, Connection
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import AnswerTooLarge, TransportFault, UpstreamRequest, UpstreamResponse

from .fault_server import FaultServer, ok, raw

pytestmark = pytest.mark.anyio

LIMIT = 1000


@pytest.fixture
def engine() -> str:
    """The one engine that these tests are about."""
    return "own"


class Wire:
    """A transport that keeps what is written and may be ended."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.ended = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.ended


Came = Answer | TransportFault


def answered(pieces: list[bytes], error: Exception | None = None) -> tuple[Came, bool]:
    """What comes of one request when these pieces arrive, then the end; and whether another could have followed before it."""

    async def play() -> tuple[Came, bool]:
        wire, connection = Wire(), Connection(LIMIT)
        came: list[Came] = []
        connection.connection_made(wire)  # type: ignore[arg-type]  # as much of one as is used

        async def ask() -> None:
            try:
                came.append(await connection.exchange(b"GET / HTTP/1.1\r\n\r\n", 60, 60))
            except TransportFault as fault:
                came.append(fault)

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            for piece in pieces:
                if not wire.ended:
                    connection.data_received(piece)
            more = connection.may_carry_more
            connection.connection_lost(error)
        return came[0], more and wire.written == [b"GET / HTTP/1.1\r\n\r\n"]

    return anyio.run(play)


def in_chunks(body: bytes, sizes: list[int], trailer: bytes) -> bytes:
    """`body` in chunks of these sizes and a last one."""
    out = b""
    for size in sizes:
        part, body = body[:size], body[size:]
        out += b"%x;ext=1\r\n%s\r\n" % (len(part), part) if part else b""
    out += b"%x\r\n%s\r\n" % (len(body), body) if body else b""
    return out + b"0\r\n" + trailer + b"\r\n"


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges) if start < end]


HEAD = b"HTTP/1.1 200 OK\r\nX-Name: B\xc3\xa9la\r\nLink: a\r\nlink: b\r\n"
HEADERS = {"x-name": "Béla", "link": "a, b"}
CUTS = st.lists(st.integers(0, 5000), max_size=8)
BODIES = st.binary(max_size=LIMIT)
EARLY = st.sampled_from([b"", b"HTTP/1.1 103 Early Hints\r\nlink: c\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 2])


@given(body=BODIES, cuts=CUTS, early=EARLY)
def test_law_a_body_of_known_length_comes_whole_in_any_pieces(body: bytes, cuts: list[int], early: bytes) -> None:
    data = early + HEAD + b"content-length: %d\r\n\r\n" % len(body) + body
    came = answered(split(data, cuts))
    assert came == ((200, {**HEADERS, "content-length": str(len(body))}, body), True)


@given(
    body=BODIES,
    cuts=CUTS,
    sizes=st.lists(st.integers(1, 400), max_size=5),
    trailer=st.sampled_from([b"", b"link: z\r\n"]),
)
def test_law_a_body_in_chunks_comes_whole_and_a_trailer_is_no_header(
    body: bytes, cuts: list[int], sizes: list[int], trailer: bytes
) -> None:
    data = HEAD + b"transfer-encoding: chunked\r\n\r\n" + in_chunks(body, sizes, trailer)
    came = answered(split(data, cuts))
    assert came == ((200, {**HEADERS, "transfer-encoding": "chunked"}, body), True)


@given(body=BODIES, cuts=CUTS)
def test_law_a_body_without_a_length_ends_with_its_connection_and_only_with_a_good_end(
    body: bytes, cuts: list[int]
) -> None:
    pieces = split(HEAD + b"\r\n" + body, cuts)
    assert answered(pieces)[0] == (200, HEADERS, body)
    came, _ = answered(pieces, ConnectionResetError())
    assert isinstance(came, TransportFault)
    assert came.reason == "the answer was cut short"


@given(body=st.binary(min_size=1, max_size=LIMIT), cuts=CUTS, left=st.integers(1, 5000))
def test_law_an_answer_that_ends_too_early_is_a_fault(body: bytes, cuts: list[int], left: int) -> None:
    data = HEAD + b"content-length: %d\r\n\r\n" % len(body) + body
    came, _ = answered(split(data[: -(left % len(data)) or -1], cuts))
    assert isinstance(came, TransportFault)
    assert came.sent


@given(size=st.integers(LIMIT + 1, 3 * LIMIT), cuts=CUTS, chunked=st.booleans())
def test_law_a_body_past_the_limit_is_too_large_and_ends_the_connection(
    size: int, cuts: list[int], chunked: bool
) -> None:
    body = b"x" * size
    framed = b"transfer-encoding: chunked\r\n\r\n" + in_chunks(body, [700, 700], b"")
    data = HEAD + (framed if chunked else b"content-length: %d\r\n\r\n" % size + body)
    came, more = answered(split(data, cuts))
    assert isinstance(came, AnswerTooLarge)
    assert (came.status, came.limit, more) == (200, LIMIT, False)


@given(data=st.binary(max_size=400), cuts=CUTS, seed=st.sampled_from([b"", HEAD, HEAD + b"content-length: 9\r\n\r\n"]))
def test_law_any_bytes_are_an_answer_or_a_fault(data: bytes, cuts: list[int], seed: bytes) -> None:
    came, _ = answered(split(seed + data, cuts))
    assert isinstance(came, TransportFault | tuple)


@given(changes=st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=3)), max_size=4), cuts=CUTS)
def test_law_an_answer_with_wrong_bytes_in_it_is_an_answer_or_a_fault(
    changes: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    data = HEAD + b"transfer-encoding: chunked\r\n\r\n" + in_chunks(b"hello " * 20, [50, 9], b"")
    for at, change in changes:
        at %= len(data)
        data = data[:at] + change + data[at + len(change) :]
    came, _ = answered(split(data, cuts))
    assert isinstance(came, TransportFault | tuple)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"content-length: 2\r\n\r\nokX",
        HEAD + b"content-length: 2\r\n\r\nok" + HEAD + b"content-length: 2\r\n\r\nno",
        HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_says_more_than_was_asked_or_that_it_ends_carries_no_other_request(data: bytes) -> None:
    came, more = answered([data])
    assert isinstance(came, tuple)
    assert (came[2], more) == (b"ok", False)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\nok",
        HEAD + b"content-length: -2\r\n\r\nok",
        HEAD + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n",
        HEAD + b"bad name: x\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        HEAD + b"x: " + b"y" * 70_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3000,
    ],
)
def test_what_could_be_read_in_two_ways_or_has_no_end_is_not_http(data: bytes) -> None:
    came, more = answered(split(data, [30, 3000, 66_000]))
    assert isinstance(came, TransportFault)
    assert (came.reason, came.sent, more) == ("the answer is not HTTP", True, False)


async def test_a_connection_that_the_api_ended_or_wrote_to_meanwhile_carries_no_other_request() -> None:
    for happens in (lambda one: one.connection_lost(None), lambda one: one.data_received(b"HTTP/1.1 408 Late\r\n\r\n")):
        connection = Connection(LIMIT)
        connection.connection_made(Wire())  # type: ignore[arg-type]  # as much of one as is used
        assert connection.may_carry_more
        happens(connection)
        assert not connection.may_carry_more


def test_statuses_without_a_body_end_with_their_head() -> None:
    for status in (204, 304):
        data = b"HTTP/1.1 %d Whatever\r\nx-request-id: r\r\n\r\n" % status
        assert answered([data]) == ((status, {"x-request-id": "r"}, b""), True)


# --- over real sockets


def read(api: FaultServer, **headers: str) -> UpstreamRequest:
    return UpstreamRequest("x", "GET", api.url + "/v1#part", headers, repeatable=True)


async def test_an_idle_connection_ends_after_a_while(api: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "KEPT_SECONDS", 0.01)
    ended = anyio.Event()

    async def play(connection: Any) -> None:
        await ok()(connection)
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await connection.stream.receive()
        ended.set()
        await connection.close()

    api.script(play)
    async with open_client(Limits(attempts=1)) as client:
        await client.send(read(api))
        with anyio.fail_after(3):
            await ended.wait()


async def test_many_at_once_get_a_connection_each_and_each_its_own_answer(api: FaultServer) -> None:
    async def echo(connection: Any) -> None:
        seen = next(seen for seen in reversed(api.requests) if seen.connection == connection.number)
        await ok(seen.headers["x-number"].encode())(connection)

    api.script(echo)
    got: dict[int, bytes] = {}
    async with open_client(Limits(attempts=1)) as client:

        async def ask(number: int) -> None:
            for turn in range(5):
                answer = await client.send(read(api, **{"x-number": str(number * 10 + turn)}))
                got[number * 10 + turn] = answer.body

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, number)
    assert got == {number: str(number).encode() for number in got}
    assert len(got) == 100
    assert api.connections <= 20


async def test_a_body_of_megabytes_arrives_and_comes_back_whole(api: FaultServer) -> None:
    body = bytes(range(256)) * 8192
    api.script(ok(gzip.compress(body, 1), content_encoding="gzip"))
    async with open_client(Limits(attempts=1)) as client:
        request = UpstreamRequest("x", "POST", api.url + "/v1", {"content-type": "application/json"}, body)
        answer = await client.send(request)
    assert (answer.body, api.requests[0].body) == (body, body)
    assert api.requests[0].headers["content-length"] == str(len(body))


async def test_an_answer_before_the_whole_request_was_taken_counts(api: FaultServer) -> None:
    api.on_connect = raw(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
    async with open_client(Limits(attempts=1)) as client:
        answer = await client.send(UpstreamRequest("x", "POST", api.url + "/v1", {}, b"x"))
    assert answer == UpstreamResponse(413, {"content-length": "2"}, b"no")


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("{url}", "/"),
        ("{url}?a=b", "/?a=b"),
        ("{url}/v1?a=b#c", "/v1?a=b"),
        ("{upper}/v1", "/v1"),
    ],
)
async def test_a_target_is_the_path_and_the_query_as_they_stand(api: FaultServer, url: str, seen: str) -> None:
    async with open_client(Limits(attempts=1)) as client:
        whole = url.format(url=api.url, upper=api.url.replace("http", "HTTP"))
        await client.send(UpstreamRequest("x", "GET", whole, {}, repeatable=True))
    assert (api.requests[0].target, api.requests[0].headers["host"]) == (seen, api.url.removeprefix("http://"))


@pytest.mark.parametrize(
    "change",
    [
        lambda request: {"url": request.url + "/a b"},
        lambda request: {"url": request.url + "/\x7f"},
        lambda request: {"url": request.url + "/é"},
        lambda request: {"url": request.url.replace("://", "://user:SECRET@")},
        lambda request: {"headers": {"x": "a\nb"}},
        lambda request: {"headers": {"x": "a\0b"}},
        lambda request: {"headers": {"x\r\ny": "b"}},
        lambda request: {"headers": {"x": "\u20ac"}},
        lambda request: {"method": "GET / HTTP/1.1\r\nx: y\r\n\r\nGET"},
    ],
)
async def test_what_could_be_read_as_another_request_is_never_sent(
    api: FaultServer, change: Callable[[UpstreamRequest], dict[str, Any]]
) -> None:
    good = UpstreamRequest("x", "GET", api.url, {}, repeatable=True)
    async with open_client(Limits(attempts=1)) as client:
        with pytest.raises(Unreachable, match="the request cannot be sent as it is") as caught:
            await client.send(replace(good, **change(good)))
    assert (caught.value.changed, api.connections, "SECRET" in caught.value.message) == ("no", 0, False)
