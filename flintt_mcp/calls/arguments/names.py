"""Names that came from outside: fit for a message, and compared with those there are. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_SHOWN = 40
_COMPARED = 64
"""Characters of a name that are compared; clients send no longer ones, and a megabyte would take a second."""


def shown_name(name: str) -> str:
    """A name that came from outside, fit for a message: visible ASCII, at most 40 characters."""
    kept = re.sub(r"[^\x21-\x7e]", "?", name)
    return kept if len(kept) <= _SHOWN else kept[:_SHOWN] + "..."


def close_names(name: str, there: Iterable[str], most: int) -> list[str]:
    """Those of the names `there` that may be meant, the best first: in any case, also behind a prefix that a client put before."""
    folded = {one.lower(): one for one in there}
    wanted = name[:_COMPARED].lower()
    prefixed = [one for one in folded if wanted.endswith(one)]
    close = [*prefixed, *difflib.get_close_matches(wanted, folded, n=most)]
    return [folded[one] for one in dict.fromkeys(close)][:most]
