"""Which Host and Origin headers are let in.

In: the operator's lists and the address listened on. Out: two sets of exact header values, so that a check is one look-up
and nothing can match by its beginning; a host may have any port where the operator says so. Without this a web page could
rebind its own name to 127.0.0.1 and talk to us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import is_loopback
from flintt_mcp.transports.http.exchanges.json_responses import CLOSE, json_answer
from flintt_mcp.transports.http.exchanges.options import HttpOptions

_HOST = re.compile(r"(?P<name>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}|\*))?")
_WITH_PORT = re.compile(rb"(?P<name>.+?)(?::[0-9]{1,5})?")
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The values of a Host header that are let in, in lower case: whole ones, and names that may have any port or none."""

    exact: frozenset[bytes]
    any_port: frozenset[bytes] = frozenset()

    def __contains__(self, value: bytes) -> bool:
        if value in self.exact:
            return True
        found = _WITH_PORT.fullmatch(value) if self.any_port else None
        return found is not None and found["name"] in self.any_port


class KnownHosts:
    """An app that answers only requests under one of the exact hosts; for apps without a gate of their own."""

    def __init__(self, app: ASGIApp, options: HttpOptions) -> None:
        self._app = app
        self._hosts = host_values(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value.strip(b" \t").lower() for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or hosts[0] not in self._hosts:
                refusal = json_answer(
                    {"error": "This Host is not allowed here; the operator can add it with --allowed-host"}, 421, CLOSE
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def host_values(options: HttpOptions) -> Hosts:
    """Every Host header that is let in.

    Raises:
        ConfigError: an entry is not `name`, `name:port` or `name:*`.
    """
    values = {f"{name}:{options.port}" for name in _loopback_names(options.host)}
    if options.port in (80, 443):
        values |= set(_loopback_names(options.host))
    any_port = set()
    for entry in options.allowed_hosts:
        found = _HOST.fullmatch(entry.strip().lower())
        if found is None:
            raise ConfigError(
                f"allowed host {entry!r} must be an exact name, name:port or name:*, without scheme or path"
            )
        name, port = found["name"], found["port"]
        if port == "*":
            any_port.add(name)
        elif port is None:
            values |= {name, f"{name}:80", f"{name}:443", f"{name}:{options.port}"}
        else:
            # Clients leave a default port out of the header.
            values |= {f"{name}:{int(port)}"} | ({name} if int(port) in (80, 443) else set())
    return Hosts(_encoded(values), _encoded(any_port))


def origin_values(options: HttpOptions) -> frozenset[bytes]:
    """Every Origin header that is let in, in lower case, as browsers write them: without a default port.

    Raises:
        ConfigError: an entry is not `scheme://host` or `scheme://host:port`.
    """
    entries = [f"http://{name}:{options.port}" for name in _loopback_names(options.host)]
    values = set()
    for entry in (*entries, *options.allowed_origins):
        found = _ORIGIN.fullmatch(entry.strip().lower())
        if found is None:
            raise ConfigError(
                f"allowed origin {entry!r} must be exact, such as https://app.example.com, without path or *"
            )
        scheme, host, port = found["scheme"], found["host"], found["port"]
        bare = port is None or port == _DEFAULT_PORTS.get(scheme)
        values.add(f"{scheme}://{host}" if bare else f"{scheme}://{host}:{port}")
    return _encoded(values)


def _encoded(values: set[str]) -> frozenset[bytes]:
    return frozenset(value.encode() for value in values)


def _loopback_names(host: str) -> list[str]:
    names = ["127.0.0.1", "localhost", "[::1]"]
    if is_loopback(host):
        own = host.strip("[]").lower()
        names.append(f"[{own}]" if ":" in own else own)
    return list(dict.fromkeys(names))
