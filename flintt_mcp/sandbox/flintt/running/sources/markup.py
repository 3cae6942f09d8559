"""Text that may be markup, encoded once or more often, as plain words; and references that name no character, mended.

In: a text from a source. Out: words. Feeds and APIs encode what is encoded already, in titles, in CDATA and in JSON: what is there
after one decoding (`AT&amp;T`, `&lt;p&gt;`) is decoded again. References count with their semicolon only: "R&D", "?a=1&copy=2".
"""

from __future__ import annotations

import re
from html import unescape

from flintt_mcp.sandbox.flintt.running.sources.page_scanner import scan

MAX_ENCODED = 3
"""How often a text may have been encoded."""
_ELEMENT = re.compile(
    r"<(?:!--|/?(?:a|abbr|article|aside|b|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|figcaption|figure|font|footer"
    r"|h[1-6]|head|header|hr|html|i|iframe|img|ins|li|link|main|mark|meta|nav|ol|p|picture|pre|q|s|script|section|small|source"
    r"|span|strike|strong|style|sub|sup|svg|table|tbody|td|th|thead|time|tr|tt|u|ul|video|wbr)\b)",
    re.IGNORECASE,
)
"""What begins like an element of HTML: "Jane <jane@acme.com>" and "a < b" do not."""
_REFERENCE = re.compile(r"&(?:#\d++|#[xX][0-9a-fA-F]++|[a-zA-Z][a-zA-Z0-9]{1,31});")
_NUMBERED = re.compile(r"&#(?:(\d++)|[xX]([0-9a-fA-F]++));")
_NOWHERE = "\ufffd"


def plain_text(text: str) -> str:
    """The words of a text that may be HTML."""
    for _ in range(MAX_ENCODED):
        mended = mend_references(text)
        decoded = _page_words(mended) if _ELEMENT.search(mended) else _REFERENCE.sub(_decoded, mended)
        if decoded == text:
            break
        text = decoded
    return text


def _page_words(page: str) -> str:
    return " ".join(f"{piece.title} {piece.text}" for piece in scan(page).pieces)


def mend_references(text: str) -> str:
    """A document whose numbered references all name a character of XML: the two halves of an emoji are one, others U+FFFD."""
    mended = _NUMBERED.sub(_named, text)
    if mended == text:
        return text
    return mended.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _named(reference: re.Match[str]) -> str:
    decimal, hexadecimal = reference.groups()
    digits = (decimal or hexadecimal).lstrip("0") or "0"
    number = int(digits, 10 if decimal else 16) if len(digits) <= 8 else -1
    if 0xD800 <= number <= 0xDFFF:
        return chr(number)
    legal = number in (0x9, 0xA, 0xD) or 0x20 <= number <= 0xFFFD or 0x10000 <= number <= 0x10FFFF
    return f"&#{number};" if legal else _NOWHERE


def _decoded(reference: re.Match[str]) -> str:
    return unescape(reference.group())
