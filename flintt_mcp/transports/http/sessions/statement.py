"""A session as a sealed statement: all that later requests need to know of a handshake, written in the id itself.

In: what a client said at `initialize`, and who sent it. Out: an id for the header Mcp-Session-Id, and from the id the session
again, for whoever opened it and until its time is over. Nothing is kept, so any process with the same key takes any id.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from typing import Any

import msgspec

MAX_CLIENT_NAME = 48
"""Bytes of a client's name that are kept."""
_FIXED = struct.Struct(">B12sI10sB")
_FORM = 1
_SEAL = 16
_LONGEST = 4 * (_FIXED.size + MAX_CLIENT_NAME + 2 + _SEAL) // 3
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_+/", b"+/!!")
_CAPABILITIES = ("elicitation", "elicitation/form", "elicitation/url", "sampling", "roots")
"""What a client can be asked for; each is one bit of a statement."""


class Session(msgspec.Struct, frozen=True):
    """What is known of a session. `name` tells it from all others, and no id can be made of it. `ends` is in seconds since 1970."""

    name: bytes
    revision: str
    client: str
    capabilities: dict[str, Any]
    ends: int


class Seal:
    """Writes and reads ids under one key of 16 to 64 bytes.

    `lifetime` is how many seconds a session lasts; `now` is the clock on the wall, which all processes share.
    """

    def __init__(self, key: bytes, lifetime: float, now: Callable[[], float]) -> None:
        self._key = key
        self._lifetime = lifetime
        self._now = now

    def id(self, revision: str, client: str, capabilities: Any, principal: str) -> bytes:
        """A new id. Whatever a client claims, it is at most 150 characters of A-Z, a-z, 0-9, - and _ long."""
        name = client.encode("utf-8", "replace")[:MAX_CLIENT_NAME].decode("utf-8", "ignore").encode()
        name += b"\0" * (-(_FIXED.size + len(name) + _SEAL) % 3)  # so that each id is written in one way only
        ends = int(self._now() + self._lifetime)
        fixed = _FIXED.pack(_FORM, secrets.token_bytes(12), ends, revision.encode(), _bits(capabilities))
        stated = fixed + name
        return binascii.b2a_base64(stated + self._sealed(stated, principal), newline=False).translate(_TO_URL)

    def open(self, id: bytes, principal: str) -> Session | None:
        """The session of an id; None when it is none of ours, somebody else's, or over."""
        if len(id) > _LONGEST or len(id) % 4:  # strict_mode takes one padding too many
            return None
        try:
            whole = binascii.a2b_base64(id.translate(_FROM_URL), strict_mode=True)
        except binascii.Error:
            return None
        stated, seal = whole[:-_SEAL], whole[-_SEAL:]
        if len(stated) < _FIXED.size or not hmac.compare_digest(seal, self._sealed(stated, principal)):
            return None
        form, name, ends, revision, bits = _FIXED.unpack_from(stated)
        if form != _FORM or ends <= self._now():
            return None
        client = stated[_FIXED.size :].rstrip(b"\0").decode("utf-8", "replace")
        return Session(name, revision.decode(), client, _DECLARED[bits], ends)

    def _sealed(self, stated: bytes, principal: str) -> bytes:
        """The seal covers who opened the session: under anybody else's key the id is none."""
        return hashlib.blake2b(
            stated + principal.encode(), key=self._key, digest_size=_SEAL, person=b"flintt-session"
        ).digest()


def _bits(capabilities: Any) -> int:
    """What a client's declared capabilities, in the form of the wire, come to."""
    if not isinstance(capabilities, dict):
        return 0
    forms = capabilities.get("elicitation")
    declared = {name for name in ("elicitation", "sampling", "roots") if isinstance(capabilities.get(name), dict)}
    if isinstance(forms, dict):
        declared |= {f"elicitation/{mode}" for mode in ("form", "url") if isinstance(forms.get(mode), dict)}
    return sum(1 << place for place, name in enumerate(_CAPABILITIES) if name in declared)


def _declared(bits: int) -> dict[str, Any]:
    """The capabilities in the form of the wire, without what nobody reads."""
    found: dict[str, Any] = {}
    for place, name in enumerate(_CAPABILITIES):
        if bits & 1 << place:
            of, _, mode = name.partition("/")
            found.setdefault(of, {}).update({mode: {}} if mode else {})
    return found


_DECLARED = tuple(_declared(bits) for bits in range(256))
"""For each byte what it says; whoever reads one changes nothing in it."""
