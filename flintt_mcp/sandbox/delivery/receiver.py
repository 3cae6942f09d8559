"""A receiver to try webhooks with: verifies every delivery and writes one line about it.

In: the secrets of one endpoint, a function that writes a line to the terminal. Out: an ASGI app for `flintt-mcp sandbox listen`. It
answers 204 to what it verified (also to a repeat, which it marks), 401 to all else. What came from outside is cleaned and
bounded before it is written; a secret never is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from flintt_mcp import webhooks
from flintt_mcp.text import excerpt
from flintt_mcp.webhooks import Delivery, InvalidWebhook

TOLERANCE = 300.0
MOST_BYTES = 1024 * 1024
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Receiver:
    """The ASGI app; `scheme` is flintt or flowpilot."""

    scheme: str
    secret: str = field(repr=False)
    auth_token: str | None = field(repr=False)
    write: Callable[[str], None]
    seen: dict[str, None] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            return Response("POST a delivery here.\n", 405, {"Allow": "POST"})
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        try:
            delivery = self._verify(bytes(body), request)
        except InvalidWebhook as reason:
            self.write(f"refused: {reason}")
            return Response(status_code=401)
        self.write(line(delivery, again=delivery.delivery_id in self.seen))
        self._remember(delivery.delivery_id)
        return Response(status_code=204)

    def _verify(self, body: bytes, request: Request) -> Delivery:
        if self.scheme == "flowpilot":
            return webhooks.verify_flowpilot(body, self.secret, request.headers, tolerance=TOLERANCE)
        return webhooks.verify_flintt(
            body, self.secret, request.headers, auth_token=self.auth_token, tolerance=TOLERANCE
        )

    def _remember(self, delivery_id: str) -> None:
        self.seen[delivery_id] = None
        if len(self.seen) > MOST_REMEMBERED:
            del self.seen[next(iter(self.seen))]


def line(delivery: Delivery, *, again: bool) -> str:
    """One delivery on one line of a terminal."""
    data: Any = json.dumps(delivery.data, ensure_ascii=False, default=str)
    repeat = " (again: the same delivery_id came before)" if again else ""
    words = (excerpt(str(delivery.timestamp), 40), excerpt(delivery.event, 60), excerpt(delivery.delivery_id, 60))
    return f"verified {' '.join(words)}{repeat} {excerpt(data, 300)}"
