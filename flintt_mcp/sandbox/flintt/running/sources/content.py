"""The whole of a source, as it came: its bytes, what they are, and the two addresses it has.

In: nothing. Out: `Content`, which crosses into a process of its own when a feed is long, so it holds plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["feed", "page", "json"]


@dataclass(frozen=True, slots=True)
class Content:
    """What came from a source.

    `address` is where it was attached: what it is shown as and known by. `answered_at` is where it came from in the end, after
    redirects: what its relative links mean. `content_type` is the header of that name, with the character set it may tell.
    """

    body: bytes
    kind: Kind
    address: str
    answered_at: str
    content_type: str = ""
