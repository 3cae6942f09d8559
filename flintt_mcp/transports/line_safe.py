"""JSON that no reader of lines cuts in two.

In: JSON, or events that carry it, ready to go out. Out: the same values, with those characters escaped that JSON lets stand in a
string and that some readers take for the end of a line: U+2028 and U+2029, as JavaScript did, and U+0085, as splitlines does.
"""

from __future__ import annotations

_BREAKS = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"}


def line_safe(text: str) -> str:
    """The text with its hidden line breaks escaped; they can stand nowhere but inside JSON strings."""
    if text.isascii():
        return text
    for found, escaped in _BREAKS.items():
        # Looking for one character is fast; looking for nothing to replace is not.
        if found in text:
            text = text.replace(found, escaped)
    return text


def line_safe_bytes(data: bytes) -> bytes:
    """The same for UTF-8."""
    if data.isascii():
        return data
    text = data.decode("utf-8", "surrogateescape")
    safe = line_safe(text)
    return data if safe is text else safe.encode("utf-8", "surrogateescape")
