"""The handbook as HTML: headings that can be linked to, and links that lead to other pages of this server.

In: a document's markdown. Out: HTML without a script or a style; HTML inside the markdown is shown as text. Links to files that
are no page here become text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flintt_mcp.offers.handbook.documents import Document, key_of

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_COMMENT = re.compile(r"^<!--.*-->$", re.MULTILINE)
_MARKS = re.compile(r"[`|*#]+|(?<![\w-])-{3,}(?![\w-])|\]\([^)]*\)|\[")
_DOCUMENT = re.compile(r"(?P<slug>[\w-]+)\.md(?P<place>#.*)?")


def as_html(document: Document, slugs: Collection[str]) -> str:
    """The document without its title, which the page shows itself; `slugs` are the pages that links may lead to."""
    text = _COMMENT.sub("", document.markdown).replace(f"# {document.title}\n", "", 1)
    tokens = _markdown().parse(text)
    _mark_headings(tokens)
    for token in tokens:
        _lead_links(token.children or [], slugs)
    return str(_markdown().renderer.render(tokens, _markdown().options, {}))


def plain(snippet: str) -> str:
    """A piece of markdown, cut anywhere, without its marks."""
    return " ".join(_MARKS.sub(" ", snippet).split())


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.add_render_rule("table_open", _open_table)
    made.add_render_rule("table_close", _close_table)
    return made


def _open_table(*_: Any) -> str:
    return '<div class="wide" tabindex="0"><table>\n'


def _close_table(*_: Any) -> str:
    return "</table></div>\n"


def _mark_headings(tokens: Sequence[Token]) -> None:
    """Give each heading the key by which links know it."""
    for opening, inside in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", key_of(inside.content))
        elif opening.type == "fence":
            opening.attrSet("tabindex", "0")


def _lead_links(tokens: Sequence[Token], slugs: Collection[str]) -> None:
    ends: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            target = _target(str(token.attrGet("href")), slugs)
            ends.append("a" if target else "span")
            token.tag, token.attrs = ends[-1], {"href": target} if target else {}
        elif token.type == "link_close":
            token.tag = ends.pop()


def _target(href: str, slugs: Collection[str]) -> str:
    """Where a link leads from a page of the handbook, nothing for what is not here."""
    if href.startswith(("https://", "http://", "#")):
        return href
    found = _DOCUMENT.fullmatch(href)
    return f"{found['slug']}{found['place'] or ''}" if found and found["slug"] in slugs else ""
