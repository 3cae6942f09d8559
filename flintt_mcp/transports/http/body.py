"""Request bodies, bounded.

In: an ASGI `receive`. Out: the whole body, the answer that refuses it, or None when the client has left. The deadline is
the business of the caller's cancel scope.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Message, Receive

from flintt_mcp.transports.http.json_responses import CLOSE, rpc_error


async def read_body(receive: Receive, found: Mapping[bytes, bytes], limit: int) -> bytes | Response | None:
    """Reads at most `limit` bytes; a longer body is refused as soon as its length is known."""
    declared = found.get(b"content-length", b"")
    if declared.isdigit() and (len(declared) > 15 or int(declared) > limit):
        return _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body again, then whatever the client does next."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def is_json(found: Mapping[bytes, bytes]) -> bool:
    """Whether the content type is exactly JSON. Any other type could come from a web form of another site."""
    return found.get(b"content-type", b"").split(b";", 1)[0].strip().lower() == b"application/json"


def _too_large(limit: int) -> Response:
    return rpc_error(413, f"The request body is larger than {limit} bytes", headers=CLOSE)
