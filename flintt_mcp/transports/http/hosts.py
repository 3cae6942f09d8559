"""Which Host and Origin headers are let in.

In: the operator's lists and the address listened on. Out: two sets of exact header values, so that a check is one look-up
and nothing can match by its beginning. Without this a web page could rebind its own name to 127.0.0.1 and talk to us.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import is_loopback
from flintt_mcp.transports.http.json_responses import CLOSE, json_answer
from flintt_mcp.transports.http.options import HttpOptions

_HOST = re.compile(r"(?P<name>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


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


def host_values(options: HttpOptions) -> frozenset[bytes]:
    """Every Host header that is let in, in lower case.

    Raises:
        ConfigError: an entry is not `name` or `name:port`.
    """
    values = {f"{name}:{options.port}" for name in _loopback_names(options.host)}
    if options.port in (80, 443):
        values |= set(_loopback_names(options.host))
    for entry in options.allowed_hosts:
        found = _HOST.fullmatch(entry.strip().lower())
        if found is None:
            raise ConfigError(f"allowed host {entry!r} must be an exact name or name:port, without scheme, path or *")
        name, port = found["name"], found["port"]
        if port is None:
            values |= {name, f"{name}:80", f"{name}:443", f"{name}:{options.port}"}
        else:
            # Clients leave a default port out of the header.
            values |= {f"{name}:{int(port)}"} | ({name} if int(port) in (80, 443) else set())
    return frozenset(value.encode() for value in values)


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
    return frozenset(value.encode() for value in values)


def _loopback_names(host: str) -> list[str]:
    names = ["127.0.0.1", "localhost", "[::1]"]
    if is_loopback(host):
        own = host.strip("[]").lower()
        names.append(f"[{own}]" if ":" in own else own)
    return list(dict.fromkeys(names))
