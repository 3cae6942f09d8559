"""Which proxy a request goes through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, read once. Pure.

The HTTP library could read these itself, but it would also take passwords from ~/.netrc, and it would send what goes to
this machine (a sandbox, a test stub) to a proxy that cannot reach it and could read its key. The rule for NO_PROXY is our own
too: `urllib.request.proxy_bypass_environment`, by trial, knows neither networks nor `*` among other entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from flintt_mcp.errors import ConfigError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Direct:
    """One entry of NO_PROXY: what goes direct. A name with all below it, or a network; on one port, or (None) on every port."""

    name: str
    network: IPv4Network | IPv6Network | None
    port: int | None

    @classmethod
    def read(cls, entry: str) -> Direct:
        """From `flintt.co`, `.flintt.co`, `*`, `10.1.2.3`, `10.0.0.0/8` or `fd00::/8`; each also with `:port`."""
        network = _network(entry)
        if network is not None:
            return cls("", network, None)
        name, _, port = entry.rpartition(":")
        if not port.isdecimal():
            name, port = entry, ""
        return cls(name.lstrip("."), _network(name), int(port) if port else None)

    def covers(self, host: str, port: int | None) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            address = _address(host)
            return address is not None and address in self.network
        return self.name == "*" or host == self.name or host.endswith("." + self.name)


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxy address per URL scheme, and what goes direct; falsy when there is no proxy at all."""

    by_scheme: Mapping[str, str]
    direct: tuple[Direct, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Proxies:
        """Read the variables, in lower case first, as other tools do.

        Raises:
            ConfigError: an address is not http://host:port or https://host:port.
        """

        def read(name: str) -> str:
            return environment.get(name) or environment.get(name.upper()) or ""

        by_scheme = {}
        for scheme in ("http", "https"):
            name = f"{scheme}_proxy" if read(f"{scheme}_proxy") else "all_proxy"
            if address := read(name):
                by_scheme[scheme] = _checked(name, address)
        entries = (entry.strip().lower() for entry in read("no_proxy").split(","))
        return cls(by_scheme, tuple(Direct.read(entry) for entry in entries if entry))

    def __bool__(self) -> bool:
        return bool(self.by_scheme)

    def proxy_for(self, url: str) -> str | None:
        """Address of the proxy for `url`, or None to go direct."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        address = self.by_scheme.get(parts.scheme)
        if address is None or _is_loopback(host) or any(entry.covers(host, port) for entry in self.direct):
            return None
        return address


def _checked(name: str, address: str) -> str:
    """Return `address` with a scheme; the error names the variable only, because the address may hold a password."""
    whole = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(whole)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise ConfigError(f"{name.upper()} is not a proxy address", advice="Use http://host:port, or unset it.")
    return whole


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") if address is None else address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """The network that `text` names, an address being the smallest; None for a name."""
    try:
        return ip_network(text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text, strict=False)
    except ValueError:
        return None
