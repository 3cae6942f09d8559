"""Undo the content encoding of an answer, within a size limit. Pure.

In: the body as it came over the wire. Out: the plain body. Raises `TransportFault` when it cannot be decoded and
`AnswerTooLarge` when it would pass the limit: never more than limit + 1 bytes are unpacked, however small the body is.
"""

from __future__ import annotations

import zlib

from flintt_mcp.rest.sending.message import AnswerTooLarge, TransportFault

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


def decode(body: bytes, encoding: str, status: int, limit: int) -> bytes:
    """Unpack `body`; `encoding` is the Content-Encoding header, of which gzip, deflate and identity are understood."""
    name = encoding.strip().lower()
    if name in ("", "identity") or not body:
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise TransportFault("the answer is encoded in a way nobody asked for", sent=True)
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    broken = False
    plain = b""
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        broken = True
    if len(plain) > limit:
        raise AnswerTooLarge(status, limit)
    if broken or not unpacker.eof:
        raise TransportFault("the answer could not be decoded", sent=True)
    return plain
