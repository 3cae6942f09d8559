"""A person with a browser: the pages under the paths that are no protocol's, and the way to them from the MCP URL.

In: an exchange. Out: its answer, when there is a page. Keys in the URL were taken out before this room; of the rest of the query
only the fields that pages know are read.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.responses import Response

from flintt_mcp.pages.look import Page
from flintt_mcp.pages.site import Site, Visit
from flintt_mcp.transports.http.exchanges.exchange import Exchange

_FIELDS = ("q",)


def wants_page(exchange: Exchange) -> bool:
    """Whether the request comes from a browser's address bar."""
    return b"text/html" in exchange.found.get(b"accept", b"").lower()


def to_the_pages(exchange: Exchange) -> Response:
    """Sends a browser that opened the MCP URL on to the pages, without anything of its query."""
    return Response(status_code=303, headers={"location": f"{exchange.prefix}/", "cache-control": "no-store"})


class Browsing:
    """Answers what browsers ask for. The pages are put together with the first request for one."""

    def __init__(self, make_site: Callable[[], Site]) -> None:
        self._make_site = make_site
        self._site: Site | None = None

    def answer(self, exchange: Exchange, path: str) -> Response | None:
        """The page at a path; None where there is none, and for what is no browser's request."""
        if exchange.scope["method"] not in ("GET", "HEAD"):
            return None
        self._site = self._site or self._make_site()
        visit = visit_of(exchange, path)
        page = self._site.page(visit) if path.startswith("/static/") or wants_page(exchange) else None
        if page is None and wants_page(exchange):
            page = self._site.missing(visit)
        return None if page is None else page_response(page)


def visit_of(exchange: Exchange, path: str) -> Visit:
    """What the browser asked for, under the URL that it wrote."""
    host = exchange.found.get(b"host", b"").decode("latin-1")
    query = parse_qs(exchange.entry.query.decode("latin-1"))
    fields = {name: query[name][0] for name in _FIELDS if name in query}
    return Visit(path, fields, f"{exchange.scope.get('scheme', 'http')}://{host}{exchange.prefix}")


def page_response(page: Page) -> Response:
    """The page as it goes out."""
    return Response(page.body, page.status, page.headers | {"vary": "Accept, Origin"})
