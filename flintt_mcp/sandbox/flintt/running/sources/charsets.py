"""Bytes to text: by their mark, by what they look like, and then by what the HTTP header or the document says they are.

In: bytes and a Content-Type. Out: text without a byte order mark, always; what cannot be decoded is U+FFFD. Texts that are valid
UTF-8 are UTF-8 whatever was said: servers send a default that is wrong more often than other text is UTF-8 by accident. Labels
mean what browsers take them for (iso-8859-1 is windows-1252), which is what w3lib knows.
"""

from __future__ import annotations

import re

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, to_unicode

USUAL = "cp1252"
"""What browsers in the west take a text for that says nothing."""
_WIDE = ("utf-16", "utf-32")
_LOOKS_LIKE_ASCII = (*_WIDE, "iso2022", "hz")
"""Character sets that write other letters with the bytes of ASCII ones: all of their texts are valid UTF-8."""
_OF_NO_TEXT = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
"""What Python calls an encoding and no document is written in."""
_BY_FIRST_ZEROS: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
"""Which of the first four bytes are zero where a document begins with ASCII letters, as all markup does."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f\ufffd]")


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a document."""
    marked, mark = read_bom(body)
    if marked and mark:
        return to_unicode(body[len(mark) :], marked)
    declared = _declared(body, content_type)
    seen = _BY_FIRST_ZEROS.get(tuple(byte == 0 for byte in body[:4]))
    for charset in (seen, *(name for name in declared if name.startswith(_LOOKS_LIKE_ASCII)), "utf-8"):
        if charset and (text := _whole(body, charset)) is not None:
            return text
    others = (name for name in declared if name != "utf-8")
    return _damaged_utf8(body) or to_unicode(body, next(others, USUAL))


def _declared(body: bytes, content_type: str) -> list[str]:
    """What the header says, then what the document says, as far as the bytes can be that."""
    said = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    # A blank has a zero byte in UTF-16: a document without one was converted, and its declaration left as it was.
    return [name for name in said if name and _is_of_text(name) and (0 in body or not name.startswith(_WIDE))]


def _is_of_text(charset: str) -> bool:
    try:
        return charset not in _OF_NO_TEXT and bool(b"a".decode(charset, "replace"))
    except (LookupError, ValueError):  # "zlib", "undefined"
        return False


def _whole(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except ValueError:
        return None


def _damaged_utf8(body: bytes) -> str | None:
    """The text as UTF-8 with gaps, when more of it is good than bad: it was cut within a letter."""
    text = body.decode("utf-8", "replace")
    return text if len(_BEYOND_ASCII.findall(text)) > text.count("\ufffd") else None
