"""Which IP addresses a server may be sent to on a stranger's word. Pure.

In: an address as the resolver or a URL gives it. Out: whether it is a plain public unicast address, or loopback. What
only carries another address inside (mapped, 6to4, NAT64, Teredo, ISATAP) is refused whole, whatever it carries: no public
host needs to be named that way. Source: the IANA special-purpose address registries.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_SPECIAL_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; cloud metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments; metadata of some clouds
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "168.63.129.16/32",  # the wire server of Azure, public by number only
    )
)
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: str) -> bool:
    """Whether `address` is an ordinary public unicast address; what is not an address is not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _SPECIAL_V4)
    return ip in _GLOBAL_V6 and not any(ip in network for network in _SPECIAL_V6) and not _is_isatap(ip)


def is_loopback(address: str) -> bool:
    """Whether `address` is 127.0.0.0/8 or ::1, written plainly."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return ip.is_loopback and not (isinstance(ip, IPv6Address) and ip.ipv4_mapped)


def _is_isatap(ip: IPv6Address) -> bool:
    """An interface id that holds an IPv4 address for a tunnel."""
    return (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP
