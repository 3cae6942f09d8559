"""The few plain HTML pages for a person with a browser: what the sandbox holds, and what each API offers.

In: names and OpenAPI documents. Out: pages with a style of their own, without scripts or anything from the network. Every
text is escaped, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --line: #d8dee4; --soft: #f6f8fa; --link: #9a3412; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9da7b1; --line: #30363d; --soft: #161b22; --link: #f0a36b; background: #0d1117; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
p { color: var(--dim); } a { color: var(--link); }
code { font: .88em ui-monospace, monospace; background: var(--soft); border-radius: 4px; padding: .1em .35em; }
td code { overflow-wrap: anywhere; } td:first-child code { white-space: nowrap; overflow-wrap: normal; }
li { margin: .6rem 0; } table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .45rem .6rem .45rem 0; vertical-align: top; }
"""


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
    return _page(info["title"], f"<p>{_with_code(info['description'])}</p>{link}<table>{rows}</table>")


def _with_code(text: str) -> str:
    """Escaped, with what stands between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _page(title: str, body: str) -> HTMLResponse:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return HTMLResponse(f"{head}<h1>{escape(title)}</h1>{body}</html>")
