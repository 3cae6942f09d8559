"""A web page, or a plain text, as a list of entries: one for each heading, or one for the whole when there is none.

In: text. Out: entries in the order of the page; addresses are joined to the `<base>` that the page names, if it does.
"""

from __future__ import annotations

from urllib.parse import urljoin

from flintt_mcp.sandbox.flintt.running.sources.entries import Entry, Unreadable
from flintt_mcp.sandbox.flintt.running.sources.page_scanner import Piece, scan


def page_entries(text: str) -> list[Entry]:
    """The entries of a page.

    Raises:
        Unreadable: there is not a word in it.
    """
    page = scan(text)
    headed = [piece for piece in page.pieces if piece.title.strip()]
    if headed:
        return [_entry(piece, page.base) for piece in headed]
    words = " ".join(piece.text for piece in page.pieces)
    if not (page.title + words).strip():
        raise Unreadable("no text in the page; what scripts put into it in a browser is not seen here")
    return [Entry(page.title, words)]


def _entry(piece: Piece, base: str) -> Entry:
    return Entry(piece.title, piece.text, _joined(base, piece.address), dates=[piece.date])


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address) if address else ""
    except ValueError:
        return ""
