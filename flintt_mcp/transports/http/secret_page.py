"""The link behind which a secret waits that an API shows once: it is handed out once, for the key of the call that made it.

In: the id in the path, and a key, in a header or in the form that a browser is shown. Out: the secret, or a page that asks for the
key; a link that is only looked at (previews, HEAD, a browser's address bar) stays as it is. Whether a link exists is told to nobody
else, and wrong keys are few in a minute.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from flintt_mcp.errors import FlinttError
from flintt_mcp.transports.http.browser import wants_page
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.json_responses import json_answer
from flintt_mcp.transports.http.plain_pages import alert, plain_page, read_form
from flintt_mcp.transports.http.wrong_tries import WrongTries

PATH = "/secret/"
_NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What the page stands on.

    `take` hands out, for one of these readers and for the last time, what lies behind the link of an id: empty when it was read or
    is too old, None when nothing of theirs is there. `readers` says who somebody with this key is, for whichever API.
    """

    take: Callable[[str, Collection[str]], Awaitable[Mapping[str, Any] | None]]
    readers: Callable[[str], Collection[str]]


class SecretPage:
    """Answers GET, HEAD and POST below /secret/."""

    def __init__(self, opening: Opening, tries: WrongTries) -> None:
        self._opening = opening
        self._tries = tries

    async def answer(self, exchange: Exchange, id: str) -> Response:
        """The answer to one request."""
        method, page = exchange.scope["method"], wants_page(exchange)
        say = _in_html if page else _in_json
        if method not in ("GET", "HEAD", "POST"):
            return say(405, "Not here", "Open this link in a browser, or send GET with your key in X-API-Key")
        if method == "HEAD" or (method == "GET" and page):
            return _question()
        readers = set(exchange.entry.caller.principals.values())
        if method == "POST":
            readers.update(self._opening.readers((await read_form(exchange)).get("key", "").strip()))
        if not readers:
            return _question(400, "No key came with it.") if page else say(401, "A key", "Send your key in X-API-Key")
        try:
            return await self._handed_out(exchange, id, readers)
        except FlinttError as error:
            return say(503, "Not now", f"{error.message}. The secret is still there")

    async def _handed_out(self, exchange: Exchange, id: str, readers: Collection[str]) -> Response:
        page, address = wants_page(exchange), exchange.entry.trace.address
        say = _in_html if page else _in_json
        if self._tries.must_wait(address):
            return say(429, "Wait a minute", "The key was wrong too often. Nothing was handed out")
        self._tries.note(address)  # before anybody else gets a turn: many at once are no way around it
        held = await self._opening.take(id, readers)
        if held is None:
            note = "There is nothing behind this link for this key"
            return _question(404, f"{note}.") if page else say(404, "Nothing", note)
        self._tries.take_back(address)
        if not held:
            return say(
                410, "It is gone", "This link was opened before, or it is too old. Make a new secret if you need one"
            )
        return _shown(held) if page else json_answer(dict(held), 200, headers=_NO_STORE)


def _question(status: int = 200, note: str = "") -> Response:
    return plain_page(
        status,
        "A secret for you",
        "It is shown once, to whoever holds the key that the assistant used for it. Have a place ready to put it.",
        f'{alert(note)}<form method="post"><p><label>Your API key or token<br><input type="password" name="key" required '
        'autocomplete="off"></label></p><button>Show it once</button></form>',
    )


def _shown(held: Mapping[str, Any]) -> Response:
    fields = "".join(
        f"<h2>{html.escape(name)}</h2><pre>{html.escape(str(value))}</pre>" for name, value in held.items()
    )
    return plain_page(200, "Copy it now", "This server has forgotten it: it is on this page, and nowhere else.", fields)


def _in_html(status: int, title: str, text: str) -> Response:
    return plain_page(status, title, f"{text}.")


def _in_json(status: int, title: str, text: str) -> Response:
    return json_answer({"error": text}, status, headers=_NO_STORE)
