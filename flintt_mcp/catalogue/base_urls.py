"""Where each API is: the base URL that its calls stay below.

In: the environment, and whether the sandbox plays the APIs. Out: a URL by API, None where nobody has said one, and which of them
are on this machine: only those may get the published keys of the sandbox. Nothing is dialled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flintt_mcp.catalogue import APIS
from flintt_mcp.settings import LOOPBACK_HOSTS, base_url

SANDBOX_URL = "http://sandbox.localhost"
"""Base of the in-process sandbox: a name for routing inside this process, never dialled."""


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


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in (*LOOPBACK_HOSTS, urlsplit(SANDBOX_URL).hostname)
