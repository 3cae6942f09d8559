"""Whose line an address is on, for limits that count by address. Pure.

In: an address as the web server tells it. Out: a text that is equal for all addresses that one owner can choose among.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

_OF_ONE_LINE = 64
"""Bits of an IPv6 address that say whose line it is; the rest is whatever its owner likes."""


@lru_cache(maxsize=1024)
def line_of(address: str) -> str:
    """Whose line an address is on: all addresses of one IPv6 network of the smallest kind are one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(int(found) >> (128 - _OF_ONE_LINE))
