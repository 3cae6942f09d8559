"""What people write into a cell, as the API takes it: addresses, amounts and plain texts. Pure.

In: a cell. Out: its value, or a `Wrong` that says in a few words why there is none; the cell itself is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

from flintt_mcp.text import excerpt

_EMPTY = frozenset({"", "-", "–", "—", "n/a", "#n/a", "na", "null", "none", "nan", "(empty)"})
_HELD = re.compile(r'="(.*)"', re.DOTALL)
"""How spreadsheets keep zeros in front of a number."""
_HOST = re.compile(r"(?=.{4,253}\Z)[^\W_](?:[\w-]*\w)?(?:\.[^\W_](?:[\w-]*\w)?)+\.?")
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_MONEY_AROUND = re.compile(r"[\s'’_\u00a0\u202f]|[A-Za-z]{3}\b|[$€£¥₦₹]")
_AMOUNT = re.compile(r"\d+(?:[.,]\d+)*")


class Wrong(Exception):
    """A cell that holds none of what its field takes."""


def text(cell: str) -> str:
    """The text of a cell on one line; "" for what stands for nothing.

    Raises:
        Wrong: it is a formula.
    """
    held = _HELD.fullmatch(cell.strip())
    plain = excerpt(held[1] if held else cell, 4000).strip()
    if plain.casefold() in _EMPTY:
        return ""
    if plain.startswith("="):
        raise Wrong("is a formula")
    return plain


def url(cell: str) -> str:
    """An address on the web; a bare host gets https.

    Raises:
        Wrong: it is none.
    """
    whole = cell if "://" in cell else f"https://{cell.removeprefix('//')}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Wrong("is no URL") from None
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host) or any(map(str.isspace, whole)):
        raise Wrong("is no URL")
    if parts.username is not None or port == 0:
        raise Wrong("is no URL to share")
    return whole


def domain(cell: str) -> str:
    """The host of a domain, a URL or an e-mail address, without www.

    Raises:
        Wrong: there is none.
    """
    try:
        host = urlsplit(url(cell.rpartition("@")[2])).hostname or ""
    except Wrong:
        raise Wrong("is no domain") from None
    return host.rstrip(".").removeprefix("www.")


def email(cell: str) -> str:
    """An e-mail address.

    Raises:
        Wrong: it is none.
    """
    plain = cell.removeprefix("mailto:")
    if not _MAIL.fullmatch(plain):
        raise Wrong("is no e-mail address")
    return plain


def decimal_comma(cells: Iterable[str], guess: bool) -> bool:
    """Whether commas stand before the fractions of these amounts, as far as they show it; `guess` where they do not."""
    for cell in cells:
        plain = _MONEY_AROUND.sub("", cell)
        if "," in plain and "." in plain:
            return plain.rindex(",") > plain.rindex(".")
        for sign in ",.":
            if plain.count(sign) > 1:
                return sign == "."
            if sign in plain and len(plain.rpartition(sign)[2]) != 3:
                return sign == ","
    return guess


def amount(cell: str, comma: bool) -> int | float:
    """An amount of money as a number; `comma` says that commas stand before fractions.

    Raises:
        Wrong: it is none.
    """
    plain = _MONEY_AROUND.sub("", cell)
    if not _AMOUNT.fullmatch(plain):
        raise Wrong("is no amount")
    point, thousands = (",", ".") if comma else (".", ",")
    whole, _, fraction = plain.partition(point)
    groups = whole.split(thousands)
    if (
        point in fraction
        or thousands in fraction
        or any(len(group) != 3 for group in groups[1:])
        or len(groups[0]) > 15
    ):
        raise Wrong("is no amount")
    exact = Decimal("".join(groups) + ("." + fraction if fraction else ""))
    return int(exact) if exact == exact.to_integral_value() else float(exact)
