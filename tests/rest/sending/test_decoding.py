"""Undoing gzip and deflate within the size limit."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.rest.sending.compression import decode
from flintt_mcp.rest.sending.message import AnswerTooLarge, TransportFault


@given(st.binary(max_size=5000), st.sampled_from(["gzip", "GZIP ", "x-gzip", "deflate", "identity", ""]))
def test_law_what_was_packed_comes_back(plain: bytes, encoding: str) -> None:
    name = encoding.strip().lower()
    packed = gzip.compress(plain) if "gzip" in name else zlib.compress(plain) if name == "deflate" else plain
    assert decode(packed, encoding, 200, 5000) == plain


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "gzip, gzip"]))
def test_law_any_bytes_are_decoded_or_refused(body: bytes, encoding: str) -> None:
    with suppress(TransportFault):
        assert len(decode(body, encoding, 200, 1000)) <= 1000


def test_one_byte_past_the_limit_is_too_large_and_the_limit_itself_is_not() -> None:
    assert decode(gzip.compress(b"x" * 1000), "gzip", 200, 1000) == b"x" * 1000
    with pytest.raises(AnswerTooLarge):
        decode(gzip.compress(b"x" * 1001), "gzip", 200, 1000)
