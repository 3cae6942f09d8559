"""The outermost layer of HTTP: keys come out of the request, strangers stay outside.

In: an ASGI scope as the web server made it. Out: an `Entry` with the caller, the scope cleaned in place before anything in this
process can log it, or the answer that refuses the request. It reads no body, knows no protocol, and keeps nothing of a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.requests import HTTPConnection
from starlette.responses import Response

from flintt_mcp.calls.caller import Caller, Credentials
from flintt_mcp.calls.trace import Trace, read_trace
from flintt_mcp.transports.http.exchanges.hosts import host_values, origin_values
from flintt_mcp.transports.http.exchanges.json_responses import CLOSE, rpc_error
from flintt_mcp.transports.http.exchanges.options import HttpOptions

CALLER = "flintt_mcp.caller"
"""Key of the ASGI scope under which the gate leaves who sent a request."""
MAX_QUERY_FIELDS = 100

_Headers = list[tuple[bytes, bytes]]

_KEPT_HEADERS = frozenset(
    (
        b"accept",
        b"accept-language",
        b"access-control-request-headers",
        b"access-control-request-method",
        b"content-length",
        b"content-type",
        b"host",
        b"origin",
        b"traceparent",
        b"tracestate",
        b"user-agent",
        b"x-request-id",
    )
)
"""Headers that go on inside, beside `mcp-*`. A list of what stays, so that no header with a key can be forgotten.

Last-Event-ID stays out: nothing is kept to be sent again, and the SDK answers 500 where it finds one and no store of events.
"""

_SINGLE = frozenset(
    (b"host", b"origin", b"content-type", b"content-length", b"mcp-session-id", b"mcp-protocol-version")
)
"""Headers that decide something here: two of one kind could be read differently by two readers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that was seen by the gate. `trace` is what it is known by.

    `query` and `headers` are as they were sent, for routes that are not ours. `stream_id` names a legacy SSE stream. `overlong`
    marks a query with more fields than anybody needs; none of them was read.
    """

    caller: Caller
    trace: Trace
    query: bytes = field(repr=False)
    headers: _Headers = field(repr=False)
    found: Mapping[bytes, bytes] = field(repr=False)
    stream_id: str | None = None
    overlong: bool = False
    scheme: str = "http"

    @property
    def is_own_page(self) -> bool:
        """Whether a page of this very server sent it: under the host that is asked, which is one that is let in."""
        own = b"%s://%s" % (self.scheme.encode(), self.found.get(b"host", b""))
        return self.origin is not None and self.origin.lower() == own.lower()

    @property
    def counted_as(self) -> str:
        """What limits count: the principal, or for callers without a key the principal and their address."""
        if self.caller.secrets or not self.trace.address:
            return self.caller.principal
        return f"{self.caller.principal}@{self.trace.address}"

    @property
    def origin(self) -> bytes | None:
        return self.found.get(b"origin")


class Gate:
    """Reads callers and checks Host and Origin against exact lists."""

    def __init__(self, credentials: Credentials, options: HttpOptions) -> None:
        self._credentials = credentials
        self._hosts = host_values(options)
        self._origins = origin_values(options)

    def enter(self, scope: Any) -> Entry:
        """Takes the credentials out of a request; `scope` holds none from here on, wherever it goes."""
        query, headers = scope["query_string"], [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        kept: _Headers = []
        dropped: _Headers = []
        for pair in headers:
            (kept if pair[0] in _KEPT_HEADERS or pair[0].startswith(b"mcp-") else dropped).append(pair)
        scope["query_string"], scope["headers"] = b"", kept
        overlong = query.count(b"&") >= MAX_QUERY_FIELDS
        found = dict(headers)
        address = (scope.get("client") or ("",))[0]
        scheme = scope.get("scheme", "http")
        trace = read_trace(found.get(b"x-request-id"), found.get(b"traceparent"), address)
        caller = self._credentials.from_request(b"" if overlong else query, dropped, trace)
        if trace.id in caller.secrets.values():
            trace.id = Trace().id  # somebody put a key into the wrong header, where it would be logged and sent back
        scope[CALLER] = caller
        scope["user"] = _user_of(caller.principal)
        return Entry(caller, trace, query, headers, found, None if overlong else _stream_id(query), overlong, scheme)

    def stranger(self, entry: Entry) -> Response | None:
        """The answer to a request that no page may read, since it is not for this server; None lets the request in."""
        found = entry.found
        if len(found) != len(entry.headers) and (name := _doubled(entry.headers)):
            return rpc_error(400, f"The header {name} must not be sent twice", headers=CLOSE)
        host = found.get(b"host")
        if not host:
            return rpc_error(400, "The request has no Host header", headers=CLOSE)
        if host.lower() not in self._hosts:
            return rpc_error(
                421, "This Host is not allowed here; the operator can add it with --allowed-host", headers=CLOSE
            )
        if entry.origin is not None and entry.origin.lower() not in self._origins and not entry.is_own_page:
            return rpc_error(
                403,
                "This Origin is not allowed here; the operator can add it with --allowed-origin",
                headers={"vary": "Origin", **CLOSE},
            )
        return None

    def refusal(self, entry: Entry) -> Response | None:
        """The answer to a request whose URL or headers cannot be meant, readable by allowed pages; None for any other.

        One that narrows to a name that does not exist would see nothing, or too much, and not know why.
        """
        if entry.overlong:
            return rpc_error(400, f"The URL has more than {MAX_QUERY_FIELDS} query parameters", headers=CLOSE)
        unknown = self._credentials.unknown_names(entry.caller)
        return rpc_error(400, unknown) if unknown else None


def sender_of(request: HTTPConnection) -> Caller:
    """Who sent a request that came in through the gate."""
    return request.scope[CALLER]


@lru_cache(maxsize=1024)
def _user_of(principal: str) -> AuthenticatedUser:
    """The caller as the SDK knows users. It compares them to keep sessions apart; no key is in it."""
    return AuthenticatedUser(AccessToken(token=principal, client_id=principal, scopes=[]))


def _stream_id(query: bytes) -> str | None:
    if b"session" not in query and b"%" not in query:
        return None
    return next((value for name, value in parse_qsl(query.decode("latin-1")) if name == "session_id"), None)


def _doubled(headers: _Headers) -> str | None:
    names = [name for name, _ in headers if name in _SINGLE]
    return next((name.decode() for name in names if names.count(name) > 1), None)
