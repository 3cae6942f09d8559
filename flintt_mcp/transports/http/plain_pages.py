"""Pages that hold one thing, and the forms that people send from them: without scripts, and without anything from elsewhere.

In: a title, a sentence, and more HTML that whoever calls made safe. Out: a response that no cache keeps and no other page frames;
the fields of a form that came in, none of what is none. They look alike and know nothing of what they are for.
"""

from __future__ import annotations

import base64
import hashlib
import html
from urllib.parse import parse_qsl

import anyio
from starlette.responses import Response

from flintt_mcp.transports.http.exchanges.exchange import Exchange

_MOST_BYTES = 4096
_SECONDS = 10
_STYLE = (
    "body{max-width:44rem;margin:3rem auto;padding:0 1.25rem;font:16px/1.55 system-ui,sans-serif}"
    "pre{padding:1rem;border:1px solid #999;border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere}"
    "input,button{font:inherit;padding:.5rem .8rem;margin:.4rem .4rem .4rem 0;max-width:100%;box-sizing:border-box}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def plain_page(status: int, title: str, text: str, more: str = "") -> Response:
    """A page; `more` is HTML, the rest is text."""
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


def alert(note: str) -> str:
    """A sentence that is read out at once, as HTML; nothing for no sentence."""
    return f"<p role=alert><strong>{html.escape(note)}</strong></p>" if note else ""


async def read_form(exchange: Exchange) -> dict[str, str]:
    """The fields of the form, none of a body that is too large, too slow or no form."""
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
