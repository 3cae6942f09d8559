"""The network guard: every request of the sandbox to an address that a user chose goes through here.

In: a URL from a stranger, a `Policy`. Out: one complete answer, or `Refused` before anything was sent, or `Failed`. The name is
resolved once, every address it has is checked, and the checked address is dialled; the socket itself is checked again.
Proxy variables, cookies, ~/.netrc and redirects are not looked at: a caller who follows a redirect comes back with its URL.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from yarl import URL

from flintt_mcp.sandbox.network.addresses import is_loopback, is_public

if TYPE_CHECKING:
    import aiohttp

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a host, as text."""
Dial = Callable[[tuple], socket.socket]
"""Makes the socket for one address (an entry of getaddrinfo)."""

MAX_URL = 2048
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
)
_NUMERIC_END = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_FIRST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be reached. Plain http goes to loopback only, unless `plain_http`; `loopback` must be allowed on purpose.

    Loopback is reached only by its own names (localhost, 127.0.0.1, [::1]): another name that leads there is refused.
    """

    loopback: bool = False
    plain_http: bool = False


PUBLIC = Policy()
"""Nothing but https to public addresses."""


class Refused(Exception):
    """The destination is not one to send anything to; nothing was sent. Its text is for the person who chose the URL."""


class Failed(Exception):
    """The destination is good, and no complete answer came. Its text holds nothing of the URL or the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: header names in lower case; `complete` is False when the body was longer than asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


def check_url(text: str, policy: Policy) -> URL:
    """The URL, when it may be dialled as far as its text tells; its addresses are checked when it is.

    Raises:
        Refused: it cannot be.
    """
    if len(text) > MAX_URL or not text.isascii() or _UNSAFE.search(text):
        raise Refused(f"not a URL of at most {MAX_URL} ASCII characters (write other letters as punycode or %XX)")
    try:
        url = URL(text, encoded=True)  # dialled and sent as it stands: a signed query must not be tidied up
        host, port = url.raw_host, url.port
    except ValueError:
        raise Refused("not a URL") from None
    if url.scheme not in ("http", "https") or not host or not url.absolute:
        raise Refused("not a URL that begins with https:// and a host")
    if url.raw_user is not None or url.raw_password is not None or "@" in url.raw_authority:
        raise Refused("a user name or password in the URL")
    if url.raw_fragment:
        raise Refused("a fragment (#) in the URL")
    if "://[" in text and ":" not in host:
        raise Refused("brackets around what is no IPv6 address")
    _check_host(host.lower(), policy)
    if port is None or not (port in (80, 443) or port >= _FIRST_FREE_PORT):
        raise Refused(f"port {port}: only 443, 80 and ports from {_FIRST_FREE_PORT} on")
    if url.scheme == "http" and not (policy.plain_http or names_loopback(host)):
        raise Refused("plain http: only https://")
    return url


def names_loopback(host: str) -> bool:
    """Whether a host says itself that it is this machine."""
    return host.lower() == "localhost" or is_loopback(host)


def leads_to_loopback(url: str) -> bool:
    """Whether a URL says itself that it is on this machine."""
    try:
        return names_loopback(URL(url, encoded=True).raw_host or "")
    except ValueError:
        return False


def _check_host(host: str, policy: Policy) -> None:
    if names_loopback(host):
        if not policy.loopback:
            raise Refused("this machine (loopback) is not allowed here")
        return
    if ":" in host or _NUMERIC_END.fullmatch(host):
        if not is_public(host):
            raise Refused("an address that is not public, or not written as an address usually is")
        return
    if not _HOST_NAME.fullmatch(host) or "." not in host:
        raise Refused("a host name that is not a full domain name")
    if host.endswith((".localhost", ".localdomain", ".local", ".internal", ".home.arpa", ".onion")):
        raise Refused("a host name of a private network")


def check_addresses(host: str, addresses: Sequence[str], policy: Policy) -> Sequence[str]:
    """The addresses of a host, when every one of them may be dialled.

    Raises:
        Refused: one may not.
        Failed: there is none.
    """
    if not addresses:
        raise Failed("the host name cannot be resolved")
    allowed = is_loopback if policy.loopback and names_loopback(host) else is_public
    if not all(allowed(address) for address in addresses):
        raise Refused("the host name leads to an address that is not public")
    return addresses


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """The operating system's answer.

    Raises:
        Failed: there is none.
    """
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failed("the host name cannot be resolved") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Sends requests to checked addresses only; made by `open_guard`."""

    def __init__(self, session: aiohttp.ClientSession, policy: Policy) -> None:
        self._session = session
        self.policy = policy

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, most: int = 64 * 1024
    ) -> Answer:
        """Send one request, once; read at most `most` bytes of the answer, as they came (no decoding, no redirect).

        Raises:
            Refused: the URL, or an address of its host, is not allowed; nothing was sent.
            Failed: no complete answer in time.
        """
        checked = check_url(url, self.policy)
        fault: Exception
        try:
            async with self._session.request(
                method, checked, headers=headers, data=body, allow_redirects=False
            ) as response:
                content, complete = await _read(response, most)
                fields = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, fields, content, complete)
        except (Refused, Failed) as error:
            fault = error
        except Exception as error:  # whatever the library raises: its text may hold the URL
            fault = _fault(error)
        raise fault


@asynccontextmanager
async def open_guard(
    policy: Policy,
    *,
    seconds: float = 10.0,
    connections: int = 32,
    user_agent: str = "flintt-mcp-sandbox",
    resolve: Resolve = system_resolve,
    dial: Dial | None = None,
) -> AsyncIterator[Guard]:
    """Open a guard; one request may take `seconds`, its name look-up included. `resolve` and `dial` are for tests."""
    import aiohttp

    connector = aiohttp.TCPConnector(
        resolver=_resolver(policy, resolve),
        use_dns_cache=False,
        socket_factory=lambda entry: _socket(entry, policy, dial),
        ssl=_trusted(),
        force_close=True,
        happy_eyeballs_delay=None,
        limit=connections,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=seconds),
        headers={"user-agent": user_agent, "accept-encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield Guard(session, policy)


def _resolver(policy: Policy, resolve: Resolve) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Checked(AbstractResolver):
        """Looks a name up once and hands on nothing but checked addresses."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in check_addresses(host, await resolve(host, port), policy)
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


def _fault(error: Exception) -> Exception:
    """A failure of the library in our own words."""
    import aiohttp

    if isinstance(getattr(error, "os_error", error), _ForbiddenAddress):
        return Refused("an address that is not public")
    if isinstance(error, TimeoutError):
        return Failed("no complete answer in time")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Failed("the certificate is not trusted")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failed("no connection could be made")
    return Failed("the connection broke, or the answer is not HTTP")
