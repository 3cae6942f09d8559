"""The floor: what an HTTP proxy costs without any MCP in it.

A bare ASGI app (no framework, no routing) that, for each POST: compares the X-API-Key header, reads the whole body, parses
it as JSON, sends GET /v1/companies to the stub with the product's HTTP client library, and answers
`{"jsonrpc":"2.0","id":<id>,"result":<the stub's bytes as they came>}`. It does not parse or re-serialise the list, makes no
text twin and validates nothing; it answers a 2026-07-28 and a 2025-11-25 request alike, and never sees tools/list.
"""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from bench import payload, serving, upstream

_KEY = payload.API_KEY.encode()
_JSON = (b"content-type", b"application/json")
_decode = msgspec.json.Decoder().decode


class Floor:
    """The ASGI app; `upstream_url` is the stub's base URL."""

    def __init__(self, upstream_url: str) -> None:
        self._upstream_url = upstream_url
        self._client: Any = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if not any(name == b"x-api-key" and value == _KEY for name, value in scope["headers"]):
            await _answer(send, 401, b'{"detail":"Invalid API key"}')
            return
        request = _decode(await _read(receive))
        status, body = await upstream.get(self._client, "/v1/companies")
        await _answer(send, status, b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (request["id"], body))

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        self._client = upstream.open_client(self._upstream_url)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._client.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Any) -> bytes:
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [_JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _make(arguments: argparse.Namespace) -> Floor:
    return Floor(arguments.upstream)


if __name__ == "__main__":
    serving.main("the floor: a bare ASGI proxy", _make)
