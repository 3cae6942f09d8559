"""Which proxy a request goes through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, read once. Pure.

The HTTP library could read these itself, but it would also take passwords from ~/.netrc, and it would send what goes to
this machine (a sandbox, a test stub) to a proxy that cannot reach it and could read its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from flintt_mcp.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxy address per URL scheme, and the host suffixes that go direct; falsy when there is no proxy at all."""

    by_scheme: Mapping[str, str]
    direct: tuple[str, ...]

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
        return cls(by_scheme, tuple(filter(None, (part.strip().lower() for part in read("no_proxy").split(",")))))

    def __bool__(self) -> bool:
        return bool(self.by_scheme)

    def proxy_for(self, url: str) -> str | None:
        """Address of the proxy for `url`, or None to go direct."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = self.by_scheme.get(parts.scheme)
        return None if address is None or _is_loopback(host) or self._goes_direct(host) else address

    def _goes_direct(self, host: str) -> bool:
        return any(
            rule == "*" or host == rule.lstrip(".") or host.endswith("." + rule.lstrip(".")) for rule in self.direct
        )


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
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False
