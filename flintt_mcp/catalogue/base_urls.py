"""Where each API is: the base URL that its calls stay below.

In: the environment, and whether the sandbox plays the APIs. Out: a URL by API, None where nobody has said one, and which of them
are on this machine: only those may get the published keys of the sandbox. Nothing is dialled here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from flintt_mcp.catalogue import APIS
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import is_loopback

SANDBOX_URL = "http://sandbox.localhost"
"""Base of the in-process sandbox: a name for routing inside this process, never dialled."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._~/-]*")


def base_urls(environment: Mapping[str, str], *, sandbox: bool) -> dict[str, str | None]:
    """The base URL of every API: the sandbox's, the environment's, or the documented one.

    Raises:
        ConfigError: a variable that holds no URL that could be a base.
    """
    if sandbox:
        return {api.name: f"{SANDBOX_URL}/{api.beside or api.name}" for api in APIS}
    return {
        api.name: base_url(environment[f"{api.variable}_API_URL"], f"{api.variable}_API_URL")
        if environment.get(f"{api.variable}_API_URL")
        else api.url
        for api in APIS
    }


def on_this_machine(urls: Mapping[str, str | None]) -> frozenset[str]:
    """The APIs whose base URL is on this machine, where only a sandbox can be."""
    return frozenset(name for name, url in urls.items() if url is not None and _is_local(url))


def base_url(text: str, source: str) -> str:
    """A checked base URL of an API, without a trailing slash.

    Raises:
        ConfigError: not http(s), plain http to a host that is not loopback, with user, query or fragment, or with a path that
            another program might read as another path.
    """
    try:
        url = urlsplit(text.strip())
        host, _ = url.hostname, url.port
    except ValueError:
        raise ConfigError(f"{source}: not a URL") from None
    if url.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{source}: a URL such as https://api.example.com")
    if any(mark in text for mark in "@?#"):
        raise ConfigError(f"{source}: without user, password, query or fragment")
    if url.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{source}: plain http only to this machine; a key would cross the network in the clear")
    if not _PLAIN_PATH.fullmatch(url.path) or {".", ".."} & set(url.path.split("/")) or not text.strip().isprintable():
        raise ConfigError(f"{source}: a path without . and .. and nothing that has to be encoded")
    return text.strip().rstrip("/")


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or host == urlsplit(SANDBOX_URL).hostname
