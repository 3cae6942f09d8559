"""The page on which a person approves or declines a call that waits.

In: the id of a call in the path, and for a decision a form with the operator's secret. Out: one self-contained page without
scripts. It needs no key and knows no tool: what is shown, and how a decision is noted, is handed in. Wrong secrets are few in a
minute, and whatever fails decides nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import html
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.responses import Response

from flintt_mcp.errors import FlinttError
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.plain_pages import alert, plain_page, read_form
from flintt_mcp.transports.http.wrong_tries import WrongTries

PATH = "/approve/"


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

    def __init__(self, decisions: Decisions, tries: WrongTries) -> None:
        self._decisions = decisions
        self._tries = tries

    async def answer(self, exchange: Exchange, id: str) -> Response:
        """The answer to one request."""
        if not self._decisions.secret:
            return plain_page(404, "No approvals here", "This server has no approval secret; its operator can set one.")
        method = exchange.scope["method"]
        if method not in ("GET", "HEAD", "POST"):
            return plain_page(405, "Not here", "Open this page in a browser.")
        try:
            return await (self._decided(exchange, id) if method == "POST" else self._asked(id))
        except FlinttError as error:
            return plain_page(503, "Not now", f"{error.message}. Nothing was decided.")

    async def _asked(self, id: str) -> Response:
        shown = await self._decisions.shown(id)
        return _over() if shown is None else _question(shown)

    async def _decided(self, exchange: Exchange, id: str) -> Response:
        form = await read_form(exchange)
        shown = await self._decisions.shown(id)
        if shown is None:
            return _over()
        address = exchange.entry.trace.address
        if self._tries.must_wait(address):
            return plain_page(429, "Wait a minute", "The secret was wrong too often. Nothing was decided.")
        if not hmac.compare_digest(form.get("secret", "").encode(), self._decisions.secret.encode()):
            self._tries.note(address)
            return _question(shown, 403, "That is not the approval secret. Nothing was decided.")
        if form.get("decision") not in ("approve", "decline") or form.get("seen") != _seen(shown):
            return _question(shown, 400, "Read it once more, then decide. Nothing was decided.")
        if not await self._decisions.decide(id, form["decision"] == "approve"):
            return _over()
        if form["decision"] == "approve":
            return plain_page(200, "Approved", "The assistant can go on now: it is done once, and only this.")
        return plain_page(200, "Declined", "Nothing was done, and nothing will be.")


def _seen(shown: str) -> str:
    """What ties a decision to the text it was made on."""
    return hashlib.sha256(shown.encode()).hexdigest()


def _question(shown: str, status: int = 200, note: str = "") -> Response:
    return plain_page(
        status,
        "Approve this?",
        "An assistant asks for this. It is done once, with the key of whoever runs the assistant, and only if you approve.",
        f"<pre>{html.escape(shown)}</pre>{alert(note)}"
        f'<form method="post"><input type="hidden" name="seen" value="{_seen(shown)}">'
        '<p><label>Approval secret of the operator<br><input type="password" name="secret" required '
        'autocomplete="off"></label></p><button name="decision" value="approve">Approve</button>'
        '<button name="decision" value="decline">Decline</button></form>',
    )


def _over() -> Response:
    return plain_page(
        404, "Nothing to decide", "It was decided already, it is too old, or it never was. Nothing was changed."
    )
