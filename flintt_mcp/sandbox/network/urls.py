"""Which URLs of a stranger may be dialled, as far as their text and the addresses of their host tell. Pure.

In: a URL and a `Policy`, later the addresses of its host. Out: the same, or `Refused` with a reason for the person who chose the
URL. Nothing is looked up and nothing is sent here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yarl import URL

from flintt_mcp.sandbox.network.addresses import is_loopback, is_public

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
    """
    allowed = is_loopback if policy.loopback and names_loopback(host) else is_public
    if not all(allowed(address) for address in addresses):
        raise Refused("the host name leads to an address that is not public")
    return addresses
