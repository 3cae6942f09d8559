"""What browsers need beyond the request itself: preflight answers and the headers that let a page read an answer.

In: a request whose Origin is already known to be allowed. Out: a preflight answer, or a `send` that adds the headers. No
cookie is ever involved, so credentials are not allowed and the origin is always named, never `*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from starlette.responses import Response
from starlette.types import Message, Send

_ALLOWED_HEADERS = (
    "content-type",
    "authorization",
    "x-api-key",
    "x-mcp-toolsets",
    "mcp-session-id",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "last-event-id",
)
_EXPOSED = b"mcp-session-id, mcp-protocol-version, retry-after, allow"
_PARAMETER_HEADER = re.compile(r"mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,128}")


def is_preflight(method: str, found: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks before it sends the real request."""
    return method == "OPTIONS" and b"origin" in found and b"access-control-request-method" in found


def preflight(origin: bytes, found: Mapping[bytes, bytes], key_headers: Sequence[str]) -> Response:
    """The answer that lets the real request come."""
    asked = found.get(b"access-control-request-headers", b"").decode("latin-1").lower()
    parameters = [name for name in map(str.strip, asked.split(",")) if _PARAMETER_HEADER.fullmatch(name)]
    allowed = dict.fromkeys((*_ALLOWED_HEADERS, *(name.lower() for name in key_headers), *parameters))
    return Response(
        status_code=204,
        headers={
            "access-control-allow-origin": origin.decode("latin-1"),
            "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
            "access-control-allow-headers": ", ".join(allowed),
            "access-control-max-age": "600",
            "vary": "Origin, Access-Control-Request-Headers",
        },
    )


def readable_by(origin: bytes, send: Send) -> Send:
    """A `send` whose answers that origin may read."""
    added = [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]

    async def send_readable(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return send_readable
