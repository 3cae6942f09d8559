"""One HTTP attempt over the network: plain HTTP/1.1 over sockets and TLS, on connections that are kept for reads.

In: an `UpstreamRequest`. Out: a complete `UpstreamResponse`, or a `TransportFault` in words of our own. Never follows a
redirect, keeps a cookie or sends anything twice. What goes through a proxy is sent by `proxied.py`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address

import anyio
import truststore
from aiohappyeyeballs import AddrInfoType, start_connection

from flintt_mcp.rest.sending.compression import decode
from flintt_mcp.rest.sending.http1 import Connection
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import Sender, TransportFault, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.origin import Origin, head, origin_of, split
from flintt_mcp.rest.sending.proxies import Proxies

KEPT_SECONDS = 15.0
"""How long an idle connection is kept, and how long the addresses of a host are remembered."""
_NEXT_ADDRESS_AFTER = 0.25
"""Seconds after which a host's next address is tried beside one that does not answer (RFC 8305)."""


@asynccontextmanager
async def open_network(limits: Limits, user_agent: str, proxies: Proxies) -> AsyncIterator[Sender]:
    """Open the network and yield the `Sender` over it.

    Trusts the certificates that the system trusts, and those of SSL_CERT_FILE and SSL_CERT_DIR.
    """
    trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    direct = _Direct(limits, user_agent, trust)
    try:
        if not proxies:
            yield direct.send
            return
        from flintt_mcp.rest.sending.proxied import open_proxied

        async with open_proxied(limits, user_agent, trust) as through:

            async def send(request: UpstreamRequest) -> UpstreamResponse:
                proxy = proxies.proxy_for(request.url)
                return await (direct.send(request) if proxy is None else through(request, proxy))

            yield send
    finally:
        await direct.close()


class _Route:
    """The way to one origin: its addresses, while they are remembered, and the connections that wait for a read."""

    __slots__ = ("addresses", "idle", "known_until", "origin")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.addresses: Sequence[AddrInfoType] = ()
        self.known_until = 0.0
        self.idle: list[Connection] = []


class _Direct:
    """Sends requests without a proxy.

    A request that must not be sent twice gets a connection of its own: on a kept-alive one, which the API may be closing
    at that moment, a reset would leave open whether it was carried out.
    """

    def __init__(self, limits: Limits, user_agent: str, trust: ssl.SSLContext) -> None:
        self._limits = limits
        self._user_agent = user_agent
        self._trust = trust
        self._loop = asyncio.get_running_loop()
        self._routes: dict[str, _Route] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        seconds = self._limits.attempt_timeout
        until = self._loop.time() + seconds
        route, data, connection = await self._ready(request)
        try:
            status, headers, body = await connection.exchange(data, until - self._loop.time(), seconds)
        finally:
            self._let_go(route, connection, keep=request.repeatable)
        encoding = headers.get("content-encoding")
        if encoding is not None:
            body = decode(body, encoding, status, self._limits.max_response_bytes)
        return UpstreamResponse(status, headers, body)

    async def close(self) -> None:
        """End the connections that nobody uses; whoever still uses one ends it."""
        if self._sweep is not None:
            self._sweep.cancel()
        for route in self._routes.values():
            for connection in route.idle:
                connection.abort()
        await asyncio.sleep(0)  # the loop ends them now

    async def _ready(self, request: UpstreamRequest) -> tuple[_Route, bytes, Connection]:
        """Where a request goes, its bytes, and the connection that takes them."""
        fault: TransportFault
        try:
            base, target = split(request.url)
            route = self._routes.get(base) or self._routes.setdefault(base, _Route(origin_of(base)))
            data = head(route.origin, target, request, self._user_agent) + (request.body or b"")
            connection = self._kept(route) if request.repeatable else None
            return route, data, connection or await self._connected(route)
        except (OSError, ValueError) as error:
            fault = _fault(error)
        # Raised outside `except`, so that no traceback or log of a chain can show a URL.
        raise fault

    def _kept(self, route: _Route) -> Connection | None:
        while route.idle:
            connection = route.idle.pop()
            if connection.may_carry_more:
                return connection
        return None

    def _let_go(self, route: _Route, connection: Connection, *, keep: bool) -> None:
        if not keep or not connection.may_carry_more:
            connection.abort()
            return
        connection.idle_until = self._loop.time() + KEPT_SECONDS
        route.idle.append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(KEPT_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        """End the connections that nobody needed for a while; comes again while there are others."""
        now = self._loop.time()
        for route in self._routes.values():
            for connection in route.idle:
                if connection.idle_until <= now:
                    connection.abort()
            route.idle[:] = [connection for connection in route.idle if connection.may_carry_more]
        waiting = any(route.idle for route in self._routes.values())
        self._sweep = self._loop.call_later(1, self._end_idle) if waiting else None

    async def _connected(self, route: _Route) -> Connection:
        """A new connection. The attempt's time holds for this as well."""
        with anyio.fail_after(min(self._limits.connect_timeout, self._limits.attempt_timeout)):
            addresses = await self._resolved(route)
            try:
                made = await start_connection(
                    addresses, happy_eyeballs_delay=_NEXT_ADDRESS_AFTER, interleave=1, loop=self._loop
                )
            except OSError:
                route.known_until = 0.0  # the host may have moved
                raise
            return await self._over(made, route.origin)

    async def _over(self, made: socket.socket, origin: Origin) -> Connection:
        """The connection over a socket; TLS where the origin asks for it."""
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._limits.max_response_bytes),
                sock=made,
                ssl=self._trust if origin.tls else None,
                server_hostname=origin.host if origin.tls else None,
            )
        except BaseException:
            made.close()
            raise
        return connection

    async def _resolved(self, route: _Route) -> Sequence[AddrInfoType]:
        """The addresses of an origin, as they were lately; what is an address already is not looked up."""
        host, port = route.origin.host, route.origin.port
        if route.known_until <= self._loop.time():
            if _is_address(host):
                route.addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            else:
                route.addresses = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            route.known_until = self._loop.time() + KEPT_SECONDS
        return route.addresses


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _fault(error: Exception) -> TransportFault:
    """Why no connection was made, in words of our own; the first row that fits counts."""
    return next(
        TransportFault(reason, sent=False, lasting=lasting)
        for kind, reason, lasting in _FAULTS
        if isinstance(error, kind)
    )


_FAULTS: tuple[tuple[type[Exception], str, bool], ...] = (
    # class, reason, lasting
    (TimeoutError, "no connection in time", False),
    (ssl.SSLCertVerificationError, "the API's certificate is not trusted", True),
    (ssl.SSLError, "no TLS connection could be made", False),
    (socket.gaierror, "the API's host name cannot be resolved", False),
    (ConnectionRefusedError, "connection refused", False),
    (OSError, "no connection could be made", False),
    (ValueError, "the request cannot be sent as it is: its address or a header is not valid", True),
)
