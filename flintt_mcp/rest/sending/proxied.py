"""One HTTP attempt through a proxy: the only room that knows the HTTP client library (aiohttp).

In: an `UpstreamRequest`. Out: a complete `UpstreamResponse`, or a `TransportFault` in words of our own. Never follows a
redirect, keeps a cookie or sends anything twice. Text of the library's exceptions holds whole URLs: it stays in here.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import ClientConnectorError, ClientOSError, ClientTimeout, ServerDisconnectedError
from multidict import CIMultiDictProxy
from yarl import URL

from flintt_mcp.rest.sending.compression import decode
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import AnswerTooLarge, TransportFault, UpstreamRequest, UpstreamResponse

_HEADER_LIMIT = 16 * 1024


Through = Callable[[UpstreamRequest, str | None], Awaitable[UpstreamResponse]]
"""Sends one request once, through the proxy of this address."""


@asynccontextmanager
async def open_proxied(limits: Limits, user_agent: str, trust: ssl.SSLContext) -> AsyncIterator[Through]:
    """Open the connection pools and yield what sends over them."""
    async with (
        _session(limits, user_agent, trust, keep=True) as pooled,
        _session(limits, user_agent, trust, keep=False) as fresh,
    ):
        yield _Proxied(limits, pooled, fresh).send


class _Proxied:
    """The connections. A request that must not be sent twice gets one of its own, from `fresh`."""

    def __init__(self, limits: Limits, pooled: aiohttp.ClientSession, fresh: aiohttp.ClientSession) -> None:
        self._limits = limits
        self._pooled = pooled
        self._fresh = fresh

    async def send(self, request: UpstreamRequest, proxy: str | None) -> UpstreamResponse:
        session = self._pooled if request.repeatable else self._fresh
        fault: TransportFault
        try:
            async with session.request(
                request.method,
                # Already encoded by `request.py`, byte for byte: `encoded` keeps the library from tidying it up.
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                proxy=proxy,
            ) as response:
                body = await _read(response, self._limits.max_response_bytes)
                return UpstreamResponse(response.status, _headers(response.headers), body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            fault = _fault(error, self._limits)
        # Raised outside `except`, so that no traceback or log of a chain can show the library's text.
        raise fault


def _session(limits: Limits, user_agent: str, trust: ssl.SSLContext, *, keep: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # How many there are at a time is decided by `shares.py`, which serves keys in turn.
        connector=aiohttp.TCPConnector(limit=0, ssl=trust, force_close=not keep),
        timeout=ClientTimeout(total=limits.attempt_timeout, connect=limits.connect_timeout),
        headers={"user-agent": user_agent, "accept-encoding": "gzip"},
        cookie_jar=aiohttp.DummyCookieJar(),
        # The library would decode whole blocks before anybody could look at their size.
        auto_decompress=False,
        trust_env=False,
        max_line_size=_HEADER_LIMIT,
        max_field_size=_HEADER_LIMIT,
        middlewares=(_once,),
    )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from sending again: it would repeat even a DELETE after a reset, unless it sees another error."""
    fault: TransportFault
    try:
        return await handler(request)
    except (ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except ServerDisconnectedError:
        fault = TransportFault("the connection was closed before the answer", sent=True)
    except ClientOSError:
        fault = TransportFault("the connection was reset", sent=True)
    raise fault


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body; stop at the limit, on the wire and decoded, so that neither a huge answer nor a bomb fits in."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge(response.status, limit)
    encoding = response.headers.get("content-encoding")
    if encoding is None:
        return bytes(body)
    return decode(bytes(body), encoding, response.status, limit)


def _headers(received: CIMultiDictProxy[str]) -> dict[str, str]:
    """Copy the headers under lower-case names, joining repeated ones as HTTP allows."""
    headers: dict[str, str] = {}
    for name, value in received.items():
        key = name.lower()
        # Bytes that are no UTF-8 arrive as lone surrogates, which nothing further on could write out.
        text = value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _fault(error: Exception, limits: Limits) -> TransportFault:
    """Put a failure of the library into our own words; the first row that fits counts, and what is unknown was sent."""
    for kind, reason, sent, lasting in _FAULTS:
        if isinstance(error, kind):
            return TransportFault(reason, sent=sent, lasting=lasting)
    if isinstance(error, TimeoutError):
        return TransportFault(f"no complete answer within {limits.attempt_timeout:.3g} s", sent=True)
    if isinstance(error, ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return TransportFault("connection refused", sent=False)
    if isinstance(error, ClientConnectorError):
        return TransportFault("no connection could be made", sent=False)
    return TransportFault("the connection failed", sent=True)


_FAULTS: tuple[tuple[type[Exception], str, bool, bool], ...] = (
    # class, reason, sent, lasting
    (aiohttp.ClientConnectorCertificateError, "the API's certificate is not trusted", False, True),
    (aiohttp.ClientConnectorSSLError, "no TLS connection could be made", False, False),
    (aiohttp.ClientConnectorDNSError, "the API's host name cannot be resolved", False, False),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached", False, False),
    (aiohttp.ClientHttpProxyError, "the proxy refused the connection", False, False),
    (aiohttp.ConnectionTimeoutError, "no connection in time", False, False),
    (aiohttp.InvalidURL, "the address of the request is not valid", False, True),
    (aiohttp.NonHttpUrlClientError, "the address of the request is not valid", False, True),
    (aiohttp.ClientPayloadError, "the answer was cut short", True, False),
    (aiohttp.ClientResponseError, "the answer is not HTTP", True, False),
    (ValueError, "the request or its answer is not valid HTTP", True, True),
)
