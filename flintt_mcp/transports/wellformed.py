"""What is looked at before a message is decoded: how much there is in it, and whether its text can be text.

In: the bytes of one message, from anybody. Out: why they are not worth decoding, or the bytes with halves of characters replaced.
Both cost milliseconds for the largest message; decoding four megabytes of empty lists costs half a second and 100 MB.
"""

from __future__ import annotations

import re
from itertools import accumulate

MAX_DEPTH = 100
"""How deep a message may nest. The SDK's decoders give up at 200, and one of them says so to nobody."""
MAX_VALUES = 50_000
"""How many values a message may hold, where an empty list or object counts twice. One value may be as long as the message, but each
costs more than it weighs."""
_SURELY_FEW = 2 * MAX_VALUES
"""A message of fewer bytes has no room for more values."""
_MOST_REPAIRS = 1000

_STRING = re.compile(rb'"[^"]*"')
_OPENING, _CLOSING = b"[{", b"]}"
_NO_BRACKET = bytes(set(range(256)) - set(_OPENING + _CLOSING))
_STEPS = [1 if byte in _OPENING else -1 for byte in range(256)]

_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALVES = [
    re.compile(part)  # each begins with bytes as they stand, which a search finds fast
    for part in (rb"%s(?!%s)" % (_HIGH, _LOW), rb"%s(?<!%s%s)" % (_LOW, _HIGH, _LOW), rb"\xed[\xa0-\xbf][\x80-\xbf]")
]
_REPLACEMENT = rb"\\ufffd"
_BACKSLASH, _ASIDE = b"\\\\", b"\0\0"
"""An escaped backslash, and what stands in for it while escapes are looked for: no JSON holds a NUL."""


def excess(body: bytes) -> str:
    """What a message has too much of, as a sentence; empty when it may be decoded."""
    if len(body) < _SURELY_FEW and body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return ""
    if b"\\" in body:
        body = body.replace(_BACKSLASH, b"").replace(b'\\"', b"")
    bare, strings = _STRING.subn(b"", body, count=2 * MAX_VALUES)
    brackets = bare.translate(None, _NO_BRACKET)
    if strings == 2 * MAX_VALUES or bare.count(b",") + len(brackets) // 2 > MAX_VALUES:
        return f"The message holds more than {MAX_VALUES} values"
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_DEPTH:
        return f"The message nests deeper than {MAX_DEPTH} levels"
    return ""


def repaired(body: bytes) -> bytes | None:
    """The message with every half of a surrogate pair replaced by U+FFFD; None where there is none, or no end of them.

    Such halves are what is left of an emoji when a client cuts a text; browsers replace them the same way when they encode.
    """
    if b"\0" in body:
        return None
    whole, found = body.replace(_BACKSLASH, _ASIDE), 0
    for half in _HALVES:
        whole, count = half.subn(_REPLACEMENT, whole, count=_MOST_REPAIRS)
        found += count
    return whole.replace(_ASIDE, _BACKSLASH) if 0 < found < _MOST_REPAIRS else None
