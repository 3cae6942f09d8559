"""The network guard: every request of the sandbox to an address that a user chose goes through here.

In: a URL from a stranger, a `Policy`. Out: one complete answer, or `Refused` before anything was sent, or `Failed`. A connection is
made by resolving the name once, checking every address it has and dialling a checked one; the socket itself is checked again.
Proxy variables, cookies, ~/.netrc and redirects are not looked at: a caller who follows a redirect comes back with its URL.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from yarl import URL

from flintt_mcp.sandbox.network.addresses import is_loopback, is_public
from flintt_mcp.sandbox.network.urls import Policy, Refused, check_addresses, check_url

if TYPE_CHECKING:
    import aiohttp

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a host, as text."""
Dial = Callable[[tuple], socket.socket]
"""Makes the socket for one address (an entry of getaddrinfo)."""

LOOK_UPS = 64
"""Names that are looked up at a time, each in a thread of its own."""


class Failed(Exception):
    """The destination is good, and no complete answer came. Its text holds nothing of the URL or the answer."""


class _Stale(Failed):
    """The connection had been kept open for this request, and the other side had closed it meanwhile."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: header names in lower case; `complete` is False when the body was longer than asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    most: int


@dataclass(slots=True)
class _Use:
    """Whether a request went over a connection that an earlier one had opened."""

    kept: bool = False


class Guard:
    """Sends requests to checked addresses only; made by `open_guard`."""

    def __init__(self, policy: Policy, seconds: float, session: aiohttp.ClientSession, fresh: aiohttp.ClientSession):
        self.policy = policy
        self._seconds = seconds
        self._session = session
        self._fresh = fresh

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, most: int = 64 * 1024
    ) -> Answer:
        """Send one request, once; read at most `most` bytes of the answer, as they came (no decoding, no redirect).

        A connection that was kept open and turns out to be closed is no answer: the request goes again, over a new one.

        Raises:
            Refused: the URL, or an address of its host, is not allowed; nothing was sent.
            Failed: no complete answer in time.
        """
        request = _Request(method, check_url(url, self.policy), headers, body, most)
        try:
            with anyio.fail_after(self._seconds):
                try:
                    return await _carry_out(self._session, request)
                except _Stale:
                    return await _carry_out(self._fresh, request)
        except TimeoutError:
            raise Failed("no complete answer in time") from None


async def _carry_out(session: aiohttp.ClientSession, request: _Request) -> Answer:
    use = _Use()
    fault: Exception
    try:
        async with session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
            trace_request_ctx=use,
        ) as response:
            content, complete = await _read(response, request.most)
            fields = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, fields, content, complete)
    except Exception as error:  # whatever the library raises: its text may hold the URL
        fault = _fault(error, use)
    raise fault


@asynccontextmanager
async def open_guard(
    policy: Policy,
    *,
    seconds: float = 10.0,
    keep: float = 0.0,
    user_agent: str = "flintt-mcp-sandbox",
    resolve: Resolve | None = None,
    dial: Dial | None = None,
) -> AsyncIterator[Guard]:
    """Open a guard; one request may take `seconds`, its name look-up included. `resolve` and `dial` are for tests.

    A connection stays open for the next request to its host for `keep` seconds. Whoever sends bounds how many go at once.
    """
    checked = _resolver(policy, resolve or partial(system_resolve, limiter=anyio.CapacityLimiter(LOOK_UPS)))
    open_session = partial(_session, user_agent, checked, lambda entry: _socket(entry, policy, dial))
    async with open_session(keep) as session, open_session(0.0) as fresh:
        yield Guard(policy, seconds, session, fresh)


def _session(user_agent: str, resolver: Any, socket_factory: Dial, keep: float) -> aiohttp.ClientSession:
    import aiohttp

    async def reused(_session: aiohttp.ClientSession, context: Any, _params: Any) -> None:
        context.trace_request_ctx.kept = True

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(reused)
    kept: dict[str, Any] = {"keepalive_timeout": keep} if keep else {"force_close": True}
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        socket_factory=socket_factory,
        ssl=_trusted(),
        happy_eyeballs_delay=None,
        limit=0,
        **kept,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"user-agent": user_agent, "accept-encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        trace_configs=[tracing],
    )


async def system_resolve(host: str, port: int, limiter: anyio.CapacityLimiter) -> Sequence[str]:
    """The operating system's answer. A name that hangs keeps its own thread busy, and none that others wait for.

    Raises:
        Failed: there is none.
    """
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await to_thread.run_sync(look_up, abandon_on_cancel=True, limiter=limiter)
    except (OSError, UnicodeError):
        raise Failed("the host name cannot be resolved") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _resolver(policy: Policy, resolve: Resolve) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Checked(AbstractResolver):
        """Looks a name up once and hands on nothing but checked addresses."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            addresses = check_addresses(host, await resolve(host, port), policy)
            if not addresses:
                raise Failed("the host name cannot be resolved")
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in addresses
            ]

        async def close(self) -> None:
            """Nothing to close."""

    return Checked()


class _ForbiddenAddress(OSError):
    """The library was about to dial an address that nobody checked."""


def _socket(entry: tuple, policy: Policy, dial: Dial | None) -> socket.socket:
    """The last look, at the very address that will be dialled."""
    address = str(entry[4][0])
    if not (is_public(address) or (policy.loopback and is_loopback(address))):
        raise _ForbiddenAddress("address not allowed")
    if dial is not None:
        return dial(entry)
    return socket.socket(family=entry[0], type=entry[1], proto=entry[2])


def _trusted() -> Any:
    import ssl

    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _read(response: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


def _fault(error: Exception, use: _Use) -> Exception:
    """A failure of the library in our own words."""
    import aiohttp

    if isinstance(error, Refused | Failed):
        return error
    if isinstance(getattr(error, "os_error", error), _ForbiddenAddress):
        return Refused("an address that is not public")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Failed("the certificate is not trusted")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failed("no connection could be made")
    broken = Failed("the connection broke, or the answer is not HTTP")
    if use.kept and isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return _Stale(*broken.args)
    return broken
