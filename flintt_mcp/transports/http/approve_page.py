"""The page on which a person approves or declines a call that waits.

In: the id of a call in the path, and for a decision a form with the operator's secret. Out: one self-contained page without
scripts. It needs no key and knows no tool: what is shown, and how a decision is noted, is handed in. Wrong secrets are few in a
minute, and whatever fails decides nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import anyio
from starlette.responses import Response

from flintt_mcp.errors import FlinttError
from flintt_mcp.transports.http.exchanges.exchange import Exchange

PATH = "/approve/"
_MOST_BYTES = 4096
_SECONDS = 10
_WRONG_IN_A_MINUTE = 10
_STYLE = (
    "body{max-width:44rem;margin:3rem auto;padding:0 1.25rem;font:16px/1.55 system-ui,sans-serif}"
    "pre{padding:1rem;border:1px solid #999;border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere}"
    "input,button{font:inherit;padding:.5rem .8rem;margin:.4rem .4rem .4rem 0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the page stands on.

    `shown` gives the text of a call that waits, None for any other. `decide` notes what was decided about it; False when it waits
    no more, or shows something else by now. `secret` is the operator's; an empty one means that there is no page.
    """

    shown: Callable[[str], Awaitable[str | None]]
    decide: Callable[[str, bool], Awaitable[bool]]
    secret: str = field(default="", repr=False)


class ApprovePage:
    """Answers GET and POST below /approve/."""

    def __init__(self, decisions: Decisions, now: Callable[[], float] = time.monotonic) -> None:
        self._decisions = decisions
        self._now = now
        self._wrong: list[float] = []

    async def answer(self, exchange: Exchange, id: str) -> Response:
        """The answer to one request."""
        if not self._decisions.secret:
            return _page(404, "No approvals here", "This server has no approval secret; its operator can set one.")
        method = exchange.scope["method"]
        if method not in ("GET", "HEAD", "POST"):
            return _page(405, "Not here", "Open this page in a browser.")
        try:
            return await (self._decided(exchange, id) if method == "POST" else self._asked(id))
        except FlinttError as error:
            return _page(503, "Not now", f"{error.message}. Nothing was decided.")

    async def _asked(self, id: str) -> Response:
        shown = await self._decisions.shown(id)
        return _over() if shown is None else _question(shown)

    async def _decided(self, exchange: Exchange, id: str) -> Response:
        form = await _form(exchange)
        shown = await self._decisions.shown(id)
        if shown is None:
            return _over()
        if self._is_locked():
            return _page(429, "Wait a minute", "The secret was wrong too often. Nothing was decided.")
        if not hmac.compare_digest(form.get("secret", "").encode(), self._decisions.secret.encode()):
            self._wrong.append(self._now())
            return _question(shown, 403, "That is not the approval secret. Nothing was decided.")
        if form.get("decision") not in ("approve", "decline") or form.get("seen") != _seen(shown):
            return _question(shown, 400, "Read it once more, then decide. Nothing was decided.")
        if not await self._decisions.decide(id, form["decision"] == "approve"):
            return _over()
        if form["decision"] == "approve":
            return _page(200, "Approved", "The assistant can go on now: it is done once, and only this.")
        return _page(200, "Declined", "Nothing was done, and nothing will be.")

    def _is_locked(self) -> bool:
        self._wrong = [at for at in self._wrong if at > self._now() - 60]
        return len(self._wrong) >= _WRONG_IN_A_MINUTE


async def _form(exchange: Exchange) -> dict[str, str]:
    """The fields of the form, none of a body that is too large or no form."""
    body, more = b"", True
    with anyio.move_on_after(_SECONDS):
        while more and len(body) <= _MOST_BYTES:
            message = await exchange.receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
    if more:
        return {}
    try:
        return dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=10))
    except ValueError:
        return {}


def _seen(shown: str) -> str:
    """What ties a decision to the text it was made on."""
    return hashlib.sha256(shown.encode()).hexdigest()


def _question(shown: str, status: int = 200, note: str = "") -> Response:
    said = f"<p role=alert><strong>{html.escape(note)}</strong></p>" if note else ""
    return _page(
        status,
        "Approve this?",
        "An assistant asks for this. It is done once, with the key of whoever runs the assistant, and only if you approve.",
        f"<pre>{html.escape(shown)}</pre>{said}"
        f'<form method="post"><input type="hidden" name="seen" value="{_seen(shown)}">'
        '<p><label>Approval secret of the operator<br><input type="password" name="secret" required '
        'autocomplete="off"></label></p><button name="decision" value="approve">Approve</button>'
        '<button name="decision" value="decline">Decline</button></form>',
    )


def _over() -> Response:
    return _page(
        404, "Nothing to decide", "It was decided already, it is too old, or it never was. Nothing was changed."
    )


def _page(status: int, title: str, text: str, more: str = "") -> Response:
    headers = {
        "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{more}</main></body></html>"
    )
    return Response(body, status, headers, "text/html")
