"""One HTTP attempt over the network: the only room that knows the HTTP client library (pyreqwest).

In: an `UpstreamRequest`. Out: a complete `UpstreamResponse`, or a `TransportFault` in words of our own. Never follows a
redirect, keeps a cookie or sends anything twice. Text of the library's exceptions holds whole URLs: it stays in here.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PoolTimeoutError, PyreqwestError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.response import Response

from flintt_mcp.errors import ConfigError
from flintt_mcp.upstream.message import AnswerTooLarge, Sender, TransportFault, UpstreamRequest, UpstreamResponse

# Below this an answer crosses from Rust to Python in one step; above, in pieces of this size.
_READ_AHEAD = 256 * 1024
# A proxy could read what goes to this machine itself (a sandbox, a test stub), and could not reach it anyway.
_NEVER_PROXIED = "localhost,127.0.0.0/8,::1"
# hyper's own mark that the failure came before a connection existed; the exception classes do not tell that apart.
_NOT_CONNECTED = "client error (Connect)"


@dataclass(frozen=True, slots=True)
class NetworkLimits:
    """What one attempt may take: seconds to get a connection (from the pool or a new one), connections, bytes."""

    connect_timeout: float
    max_connections: int
    max_response_bytes: int


@asynccontextmanager
async def open_network(limits: NetworkLimits, user_agent: str) -> AsyncIterator[Sender]:
    """Open the one pooled client and yield the `Sender` over it.

    Trusts the system's certificates and SSL_CERT_FILE, and uses HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.

    Raises:
        ConfigError: a proxy variable holds something that is no address.
    """
    builder = (
        ClientBuilder()
        .user_agent(user_agent)
        .follow_redirects(False)
        .referer(False)
        .default_cookie_store(False)
        .http1_only()
        .no_proxy()
        .connect_timeout(timedelta(seconds=limits.connect_timeout))
        .max_connections(limits.max_connections)
        .pool_timeout(timedelta(seconds=limits.connect_timeout))
    )
    for proxy in _proxies():
        builder = builder.proxy(proxy)

    async with builder.build() as client:

        async def send(request: UpstreamRequest) -> UpstreamResponse:
            fault: TransportFault
            try:
                call = client.request(request.method, request.url).headers(request.headers)
                if request.body is not None:
                    call = call.body_bytes(request.body)
                stream = call.streamed_read_buffer_limit(_READ_AHEAD).build_streamed()
            except (PyreqwestError, ValueError):
                fault = TransportFault("the address or a header of the request is not valid", sent=False, lasting=True)
            else:
                try:
                    async with stream as response:
                        body = await _read(response, limits.max_response_bytes)
                        return UpstreamResponse(response.status, _headers(response.headers), body)
                except PyreqwestError as error:
                    fault = _fault(error)
            # Raised outside `except`, so that no traceback or log of a chain can show the library's text.
            raise fault

        yield send


async def _read(response: Response, limit: int) -> bytes:
    """Read the decoded body; stop at the limit, so that neither a huge answer nor a small bomb fills the memory."""
    reader = response.body_reader
    first = await reader.read_chunk()
    if first is None:
        return b""
    body = bytearray(first)
    while len(body) <= limit and (chunk := await reader.read_chunk()) is not None:
        body += chunk
    if len(body) > limit:
        raise AnswerTooLarge(response.status, limit)
    return bytes(body)


def _headers(received: HeaderMap) -> dict[str, str]:
    """Copy the headers, joining repeated ones as HTTP allows; those that are not text are left out."""
    headers: dict[str, str] = {}
    try:
        for name, value in received.items():
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    except ValueError:
        for name in set(received.keys()):
            try:
                headers[name] = ", ".join(received.getall(name))
            except ValueError:
                headers.pop(name, None)
    return headers


def _fault(error: PyreqwestError) -> TransportFault:
    """Put a failure of the library into our own words; anything not recognised counts as sent."""
    if isinstance(error, PoolTimeoutError):
        return TransportFault("every connection to the API is busy", sent=False)
    causes = [cause["message"] for cause in (getattr(error, "details", None) or {}).get("causes") or ()]
    text = " | ".join(causes).lower()
    if _NOT_CONNECTED in causes:
        return _connect_fault(text)
    if isinstance(error, RequestTimeoutError):
        return TransportFault("the API stopped answering", sent=True)
    for sign, reason in _BROKEN:
        if sign in text:
            return TransportFault(reason, sent=True)
    return TransportFault("the connection failed", sent=True)


def _connect_fault(text: str) -> TransportFault:
    for sign, reason, lasting in _UNCONNECTED:
        if sign in text:
            return TransportFault(reason, sent=False, lasting=lasting)
    return TransportFault("no connection could be made", sent=False)


_UNCONNECTED = (
    ("connection refused", "connection refused", False),
    ("timed out", "no connection in time", False),
    ("deadline has elapsed", "no connection in time", False),
    ("certificate", "the API's certificate is not trusted", True),
    ("dns error", "the API's host name cannot be resolved", False),
    ("tunnel", "the proxy refused the connection", False),
    ("proxy", "the proxy refused the connection", False),
)
_BROKEN = (
    ("before message length reached", "the answer was cut short"),
    ("message completed", "the connection was closed before the answer"),
    ("connection reset", "the connection was reset"),
    ("broken pipe", "the connection was reset"),
    ("invalid http", "the answer is not HTTP"),
    ("error decoding response body", "the answer could not be decoded"),
)


def _proxies() -> list[ProxyBuilder]:
    """Read the proxy variables ourselves: the library's own reading would send loopback addresses to the proxy too."""
    never = ",".join(filter(None, (_variable("no_proxy"), _NEVER_PROXIED)))
    kinds = (("https_proxy", ProxyBuilder.https), ("http_proxy", ProxyBuilder.http), ("all_proxy", ProxyBuilder.all))
    found: list[ProxyBuilder] = []
    for name, make in kinds:
        if not (address := _variable(name)):
            continue
        try:
            found.append(make(address).no_proxy(never))
        except (PyreqwestError, ValueError):
            # The address may hold a password: neither it nor the library's text may show.
            problem = ConfigError(f"{name.upper()} is not a proxy address", advice="Use http://host:port, or unset it.")
        else:
            continue
        raise problem
    return found


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper()) or ""
