"""The network guard against hostile URLs and names: nothing is ever sent to a place that is not public."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from flintt_mcp.sandbox.network.addresses import is_loopback, is_public
from flintt_mcp.sandbox.network.guard import Failed, open_guard
from flintt_mcp.sandbox.network.urls import PUBLIC, Policy, Refused, check_url
from tests.sandbox.hostile_urls import forbidden_addresses, hostile_urls

pytestmark = pytest.mark.anyio

LOOPBACK = Policy(loopback=True)
PUBLIC_ADDRESSES = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1")


class Trap:
    """A resolver and a dialler that keep what they were asked, and let nothing out."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.dialled: list[str] = []

    async def resolve(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def dial(self, entry: tuple) -> socket.socket:
        self.dialled.append(entry[4][0])
        raise ConnectionRefusedError


class Server:
    """A server on loopback that keeps the requests it saw and answers as told."""

    def __init__(self, port: int, answer: bytes) -> None:
        self.port = port
        self.seen: list[bytes] = []
        self.answer = answer


@asynccontextmanager
async def serving(
    answer: bytes = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", delay: float = 0.0
) -> AsyncIterator[Server]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    server = Server(listener.listeners[0].extra(anyio.abc.SocketAttribute.local_port), answer)

    async def handle(stream) -> None:
        async with stream:
            server.seen.append(await stream.receive())
            await anyio.sleep(delay)
            await stream.send(server.answer)

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield server
        group.cancel_scope.cancel()


def test_there_are_more_than_three_hundred_hostile_urls():
    assert len(hostile_urls()) >= 300


@pytest.mark.parametrize("policy", [PUBLIC, LOOPBACK])
async def test_no_hostile_url_is_looked_up_or_dialled(policy):
    trap = Trap(["8.8.8.8"])
    sent = []
    async with open_guard(policy, resolve=trap.resolve, dial=trap.dial) as guard:
        for url in hostile_urls():
            try:
                await guard.send("POST", url, {}, b"{}")
            except Refused:
                continue
            except Failed:
                sent.append(url)

    # With loopback allowed its plain names may be dialled, and nothing else.
    assert bool(sent) is policy.loopback
    assert all(is_loopback(address) for address in trap.dialled)
    assert {host.lower() for host in trap.asked} <= {"localhost"}


@pytest.mark.parametrize("address", forbidden_addresses())
def test_no_forbidden_address_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_ordinary_addresses_are_public(address):
    assert is_public(address)
    assert not is_loopback(address)


@pytest.mark.parametrize("address", ["", "x", "1.2.3", "::ffff:127.0.0.1", "0x7f.0.0.1", "127.0.0.1 ", "8.8.8.8"])
def test_only_a_plainly_written_loopback_address_is_loopback(address):
    assert not is_loopback(address)


@pytest.mark.parametrize("policy", [PUBLIC, LOOPBACK])
async def test_a_name_with_one_forbidden_address_among_good_ones_is_refused(policy):
    for address in forbidden_addresses():
        for answer in ([address], ["8.8.8.8", address], [address, "2606:4700::1111"]):
            trap = Trap(answer)
            async with open_guard(policy, resolve=trap.resolve, dial=trap.dial) as guard:
                with pytest.raises(Refused):
                    await guard.send("POST", "https://rebind.example/", {}, b"{}")

            assert trap.dialled == []


async def test_a_name_that_changes_its_address_is_looked_up_once_and_the_checked_address_is_dialled():
    trap = Trap(["8.8.8.8", "2606:4700::1111"], ["127.0.0.1"])
    async with open_guard(PUBLIC, resolve=trap.resolve, dial=trap.dial) as guard:
        with pytest.raises(Failed, match="no connection"):
            await guard.send("POST", "https://rebind.example/", {}, b"{}")
        assert trap.asked == ["rebind.example"]
        assert set(trap.dialled) == {"8.8.8.8", "2606:4700::1111"}

        with pytest.raises(Refused):
            await guard.send("POST", "https://rebind.example/", {}, b"{}")

    assert trap.asked == ["rebind.example"] * 2
    assert len(trap.dialled) == 2


async def test_a_name_that_leads_to_this_machine_is_refused_even_where_loopback_is_allowed():
    async with serving() as server:
        trap = Trap(["127.0.0.1"])
        async with open_guard(LOOPBACK, resolve=trap.resolve) as guard:
            with pytest.raises(Refused):
                await guard.send("POST", f"https://rebind.example:{server.port}/", {}, b"{}")

    assert server.seen == []


async def test_localhost_that_leads_away_from_this_machine_is_refused():
    trap = Trap(["8.8.8.8"])
    async with open_guard(LOOPBACK, resolve=trap.resolve, dial=trap.dial) as guard:
        with pytest.raises(Refused):
            await guard.send("POST", "http://localhost:8080/", {}, b"{}")

    assert trap.dialled == []


async def test_an_allowed_request_arrives_as_sent_and_names_its_host():
    async with serving(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as server, open_guard(LOOPBACK) as guard:
        answer = await guard.send("POST", f"http://localhost:{server.port}/a?b=%2F", {"X-A": "1"}, b'{"a":1}')

    head, _, body = server.seen[0].partition(b"\r\n\r\n")
    assert (answer.status, answer.body, answer.complete) == (200, b"ok", True)
    assert head.startswith(b"POST /a?b=%2F HTTP/1.1\r\n")
    assert f"host: localhost:{server.port}".encode() in head.lower()
    assert b"x-a: 1" in head.lower()
    assert body == b'{"a":1}'


async def test_a_redirect_is_handed_back_and_not_followed():
    async with serving() as trap, open_guard(LOOPBACK) as guard:
        location = f"http://127.0.0.1:{trap.port}/".encode()
        redirect = b"HTTP/1.1 307 Go\r\nlocation: " + location + b"\r\ncontent-length: 0\r\n\r\n"
        async with serving(redirect) as server:
            answer = await guard.send("POST", f"http://127.0.0.1:{server.port}/", {}, b"{}")

    assert (answer.status, answer.headers["location"]) == (307, location.decode())
    assert trap.seen == []


async def test_proxy_variables_are_not_looked_at(monkeypatch):
    async with serving() as proxy, serving() as server, open_guard(LOOPBACK) as guard:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        await guard.send("POST", f"http://127.0.0.1:{server.port}/", {}, b"{}")

    assert (len(proxy.seen), len(server.seen)) == (0, 1)


async def test_an_answer_that_does_not_come_in_time_is_a_failure():
    async with serving(delay=5) as server, open_guard(LOOPBACK, seconds=0.05) as guard:
        with pytest.raises(Failed, match="in time"):
            await guard.send("POST", f"http://127.0.0.1:{server.port}/", {}, b"{}")


async def test_a_name_look_up_counts_towards_the_time():
    async def never(_host: str, _port: int) -> Sequence[str]:
        await anyio.sleep_forever()
        raise AssertionError

    async with open_guard(PUBLIC, resolve=never, seconds=0.05) as guard:
        with pytest.raises(Failed, match="in time"):
            await guard.send("POST", "https://slow.example/", {}, b"{}")


async def test_a_long_answer_is_cut_and_said_to_be():
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"a" * 100_000
    async with serving(answer) as server, open_guard(LOOPBACK) as guard:
        got = await guard.send("GET", f"http://127.0.0.1:{server.port}/", {}, most=1000)

    assert (len(got.body), got.complete) == (1000, False)


@pytest.mark.parametrize("answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"])
async def test_what_is_not_http_is_a_failure_without_a_word_of_it(answer):
    async with serving(answer) as server, open_guard(LOOPBACK) as guard:
        with pytest.raises(Failed) as failed:
            await guard.send("GET", f"http://127.0.0.1:{server.port}/secret-path", {})

    assert "secret" not in str(failed.value)
    assert "hello" not in str(failed.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/flintt",
        "https://hooks.example:8443/a?b=c&d=%20",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://xn--bcher-kva.example/",
        "HTTPS://Hooks.Example/",
        "https://a_b.example/",
    ],
)
def test_an_ordinary_url_passes(url):
    assert check_url(url, PUBLIC).absolute


def test_plain_http_to_the_public_must_be_allowed_on_purpose():
    with pytest.raises(Refused, match="https"):
        check_url("http://feeds.example/rss", PUBLIC)

    assert check_url("http://feeds.example/rss", Policy(plain_http=True)).scheme == "http"
