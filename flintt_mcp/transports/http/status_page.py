"""The page on which an operator sees how the server does.

In: a request, and for the figures a form with the operator's secret, the one that approves calls: it is in no URL and in no cookie.
Out: the form, or the page, made anew each time. Wrong secrets are few in a minute, counted together with those on the page that
approves.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.responses import Response

from flintt_mcp.pages.status import Status, asked, shown
from flintt_mcp.transports.http.browser import page_response, visit_of
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.plain_pages import read_form
from flintt_mcp.transports.http.wrong_tries import WrongTries

PATHS = frozenset({"/status", "/status/"})


@dataclass(frozen=True, slots=True)
class Figures:
    """What the page stands on: what gathers the figures, beside a number of open streams, and the operator's secret, or none."""

    status: Callable[[int], Awaitable[Status]]
    secret: str = field(default="", repr=False)


class StatusPage:
    """Answers GET, HEAD and POST of /status."""

    def __init__(self, figures: Figures, tries: WrongTries, streams: Callable[[], int]) -> None:
        self._figures = figures
        self._tries = tries
        self._streams = streams

    async def answer(self, exchange: Exchange, path: str) -> Response:
        """The answer to one request."""
        base, method = visit_of(exchange, path).base, exchange.scope["method"]
        if not self._figures.secret:
            note = "This server has no approval secret, so nobody can be told. Its operator can set FLINTT_MCP_APPROVAL_SECRET."
            return page_response(asked(base, note, can_be_told=False, status=404))
        if method in ("GET", "HEAD"):
            return page_response(asked(base))
        if method != "POST":
            return page_response(asked(base, "Open this page in a browser.", status=405))
        return await self._told(exchange, base)

    async def _told(self, exchange: Exchange, base: str) -> Response:
        given = (await read_form(exchange)).get("secret", "").encode()
        address = exchange.entry.trace.address
        if self._tries.must_wait(address):
            return page_response(asked(base, "The secret was wrong too often. Wait a minute.", status=429))
        if not hmac.compare_digest(given, self._figures.secret.encode()):
            self._tries.note(address)
            return page_response(asked(base, "That is not the approval secret.", status=403))
        return page_response(shown(base, await self._figures.status(self._streams())))
