"""A request as bytes: where it goes, and the head that says so. Pure.

In: an `UpstreamRequest`. Out: its `Origin` and its head in HTTP/1.1, byte for byte as the URL and the headers stand. Whatever could
be read as another header, or as another request, is a `ValueError`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flintt_mcp.rest.sending.message import UpstreamRequest

_URL = re.compile(r"(https?://[^/?#\s]+)(/[^?#]*)?(\?[^#]*)?(?:#.*)?", re.ASCII | re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_FRAMING = frozenset({"host", "connection", "content-length", "transfer-encoding"})
"""Headers that say how a request is framed and where it goes: nobody else's to give."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One scheme, host and port. `named` is the host as the Host header has it."""

    tls: bool
    host: str
    port: int
    named: str


def split(url: str) -> tuple[str, str]:
    """Scheme, host and port of a URL, and its target: path and query.

    Raises:
        ValueError: it is none that HTTP could ask for.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("no URL")
    base, path, query = found.groups()
    target = f"{path or '/'}{query or ''}"
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ValueError("no target")
    return base, target


def origin_of(base: str) -> Origin:
    """The origin of a URL's scheme, host and port.

    Raises:
        ValueError: there is no host, a port that is none, or a user.
    """
    parts = urlsplit(base)
    host, port = parts.hostname, parts.port
    if not host or "@" in parts.netloc:
        raise ValueError("no host")
    host = host if host.isascii() else host.encode("idna").decode()
    named = f"[{host}]" if ":" in host else host
    usual = _PORTS[parts.scheme]
    return Origin(parts.scheme == "https", host, port or usual, named if port in (None, usual) else f"{named}:{port}")


def head(origin: Origin, target: str, request: UpstreamRequest, user_agent: str) -> bytes:
    """The head of a request, up to its body.

    Raises:
        ValueError: a header, or the method, would start another line.
    """
    lines = [
        f"{request.method} {target} HTTP/1.1",
        f"host: {origin.named}",
        f"user-agent: {user_agent}",
        "accept-encoding: gzip",
        *(f"{name}: {value}" for name, value in request.headers.items() if name.lower() not in _FRAMING),
    ]
    if not request.repeatable:
        lines.append("connection: close")
    if request.body is not None or not request.reads:
        lines.append(f"content-length: {len(request.body or b'')}")
    text = "\r\n".join(lines)
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        raise ValueError("a header would start another one")
    return f"{text}\r\n\r\n".encode("latin-1")
