"""The address on this machine to which the browser comes back after a sign-in (RFC 8252).

In: a function that reads an answer's query. Out: a `Loopback` with its address, and the one `Redirect` it waits for. It listens
on 127.0.0.1 only, on a port the system chooses, answers nothing but GET /callback under its own name, and bounds what it
reads. What came in the query never goes into a page or a log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from html import escape

import anyio
from anyio.abc import ByteStream, SocketAttribute

PATH = "/callback"
# Cookies of every program on 127.0.0.1 come along, whatever its port.
_MOST_BYTES = 64 * 1024
_SECONDS = 10.0
_SECONDS_FOR_ANSWER = 90.0
_GONE = (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError, TimeoutError)


@dataclass(frozen=True, slots=True)
class _Page:
    status: str
    title: str
    sentence: str


_NOTHING = _Page("404 Not Found", "Nothing here", "This address only waits for a sign-in.")
_STRANGER = _Page("400 Bad Request", "Not this one", "This answer does not belong to the sign-in that is waiting.")
_AGAIN = _Page("400 Bad Request", "Already answered", "This sign-in has its answer. You can close this window.")
_FAILED = _Page("200 OK", "The sign-in did not work", "The terminal says why. You can close this window.")


@dataclass(slots=True)
class Redirect:
    """What the browser brought. It is kept waiting for its page until it is known what came of the sign-in; a page that says
    that it did not work is the default.
    """

    value: str = field(repr=False)
    page: _Page = _FAILED
    known: anyio.Event = field(default_factory=anyio.Event)

    def succeeded(self, title: str) -> None:
        """Show the person that it worked."""
        self.page = _Page("200 OK", title, "You can close this window.")
        self.known.set()


class Loopback:
    """Listens until it has been given the answer that `accepts` understands."""

    def __init__(self, port: int, accepts: Callable[[str], str | None]) -> None:
        self._host = f"127.0.0.1:{port}"
        self._accepts = accepts
        self._refusal: Exception | None = None
        self._redirect: Redirect | None = None
        self._came = anyio.Event()
        self._shown = anyio.Event()
        self.strangers = 0
        """How many answers came that belong to another sign-in, or to none."""

    @property
    def address(self) -> str:
        """The redirect address."""
        return f"http://{self._host}{PATH}"

    async def redirect(self) -> Redirect:
        """Wait for the browser.

        Raises:
            whatever `accepts` raised for the answer that counts.
        """
        await self._came.wait()
        if self._redirect is None:
            raise self._refusal or RuntimeError
        return self._redirect

    async def shown(self) -> None:
        """Wait until the person has been shown what came of it, if anything came."""
        if self._redirect is not None:
            self._redirect.known.set()
        if self._came.is_set():
            await self._shown.wait()

    async def handle(self, stream: ByteStream) -> None:
        """Answer one connection."""
        async with stream:
            with suppress(*_GONE):
                with anyio.fail_after(_SECONDS):
                    query = _query_of(await _read_head(stream), self._host)
                page = _NOTHING if query is None else self._decide(query)
                if page is None:
                    await self._show(stream)
                else:
                    await _send(stream, page)

    def _decide(self, query: str) -> _Page | None:
        """The page to show, or None when this is the answer that counts."""
        if self._came.is_set():
            return _AGAIN
        try:
            value = self._accepts(query)
        except Exception as error:
            self._refusal = error
        else:
            if value is None:
                self.strangers += 1
                return _STRANGER
            self._redirect = Redirect(value)
        self._came.set()
        return None

    async def _show(self, stream: ByteStream) -> None:
        try:
            page = _FAILED
            if self._redirect is not None:
                with anyio.move_on_after(_SECONDS_FOR_ANSWER):
                    await self._redirect.known.wait()
                page = self._redirect.page
            await _send(stream, page)
        finally:
            self._shown.set()


@asynccontextmanager
async def open_loopback(accepts: Callable[[str], str | None]) -> AsyncIterator[Loopback]:
    """Listen while the context is open; at its end the person has been shown a page.

    Args:
        accepts: gets the query of an answer and returns what it holds, or None for one that is not ours; what it raises ends
            the wait.
    """
    failure: Exception | None = None
    async with await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0) as listener:
        loopback = Loopback(listener.extra(SocketAttribute.local_port), accepts)
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, loopback.handle)
            try:
                yield loopback
            except Exception as error:
                # Kept out of the task group, which would wrap it.
                failure = error
            with anyio.move_on_after(_SECONDS, shield=True):
                await loopback.shown()
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _read_head(stream: ByteStream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        if len(head) > _MOST_BYTES:
            raise TimeoutError
        head += await stream.receive(4096)
    return head


def _query_of(head: bytes, host: str) -> str | None:
    """The query of a GET of our path under our own name; None for anything else, such as a page that probes ports."""
    lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    hosts = [line[5:].strip() for line in lines[1:] if line[:5].lower() == "host:"]
    if len(words) != 3 or words[0] != "GET" or hosts != [host]:
        return None
    path, _, query = words[1].partition("?")
    return query if path == PATH else None


async def _send(stream: ByteStream, page: _Page) -> None:
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(page.title)}</title>'
        f"<h1>{escape(page.title)}</h1><p>{escape(page.sentence)}</p></html>"
    ).encode()
    head = (
        f"HTTP/1.1 {page.status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    with anyio.fail_after(_SECONDS):
        await stream.send(head.encode() + body)
