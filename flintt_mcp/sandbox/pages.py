"""The few plain HTML pages for a person with a browser: what the sandbox holds, and what each API offers.

In: names and OpenAPI documents. Out: pages without scripts, styles or anything else from the network. Every text is
escaped, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.responses import HTMLResponse


@dataclass(frozen=True, slots=True)
class Listed:
    """One API on the index page: its prefix without slashes, its title, how a request shows its key, and its docs page."""

    prefix: str
    title: str
    credential: str
    docs: str = "docs"


def index_page(apis: Iterable[Listed]) -> HTMLResponse:
    """What is there, with links relative to the page, so that a path prefix in front of the sandbox does not break them."""
    items = "".join(
        f"<li><b>{escape(api.title)}</b> under <code>/{escape(api.prefix)}</code>, opened by "
        f'<code>{escape(api.credential)}</code>: <a href="{escape(api.prefix)}/{escape(api.docs)}">operations</a>, '
        f'<a href="{escape(api.prefix)}/openapi.json">OpenAPI document</a></li>'
        for api in apis
    )
    return _page("flintt-mcp sandbox", f"<p>Local versions of these APIs, with example data:</p><ul>{items}</ul>")


def operations_page(document: dict[str, Any]) -> HTMLResponse:
    """Every operation of an OpenAPI document, one line each."""
    rows = "".join(
        f"<tr><td><code>{escape(method.upper())}</code></td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(operation.get('description') or operation['summary'])}</td></tr>"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    info = document["info"]
    link = '<p><a href="openapi.json">OpenAPI document</a></p>'
    return _page(info["title"], f"<p>{escape(info['description'])}</p>{link}<table>{rows}</table>")


def _page(title: str, body: str) -> HTMLResponse:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
    return HTMLResponse(f"{head}<h1>{escape(title)}</h1>{body}</html>")
