"""What lets a page of an allowed origin call this server and read its answers, refusals included.

In: the app behind it and the operator's list. Out: Starlette's CORS layer over that app. Only requests whose Origin the gate
knows come here, so the origin is always named, never `*`; no cookie is involved, so credentials are not allowed.
"""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from flintt_mcp.calls.narrowing import HEADERS
from flintt_mcp.transports.http.exchanges.hosts import origin_values
from flintt_mcp.transports.http.exchanges.options import HttpOptions

_SENT = (
    *("authorization", "x-api-key", *HEADERS),
    *("mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id", "x-request-id"),
)
_READ = ("mcp-session-id", "mcp-protocol-version", "retry-after", "allow", "x-request-id")


def for_pages(app: ASGIApp, options: HttpOptions) -> ASGIApp:
    """The app for requests of browser pages.

    Raises:
        ConfigError: an allowed origin is no exact entry.
    """
    return CORSMiddleware(
        app,
        allow_origins=[origin.decode() for origin in origin_values(options)],
        allow_methods=("GET", "POST", "DELETE", "OPTIONS"),
        allow_headers=(*_SENT, *options.key_headers),
        expose_headers=_READ,
    )
