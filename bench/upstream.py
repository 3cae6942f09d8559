"""The floor's way to the stub: the same HTTP client library as the product's, and nothing around it.

The library is named here and nowhere else in the bench. The product's own sender is not used, on purpose: a floor that
slowed down whenever the product's sender did would hide it. `product_library` tells whether the two still agree.
"""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from bench import payload

LIBRARY = "aiohttp"
_KNOWN = ("pyreqwest", "aiohttp", "httpx2", "httpx")
_HEADERS = {"X-API-Key": payload.API_KEY}


def open_client(base_url: str) -> aiohttp.ClientSession:
    """A client that keeps its connections (100, the library's default) and no cookies. Call it on the running loop."""
    return aiohttp.ClientSession(base_url, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=30))


async def get(client: aiohttp.ClientSession, path: str) -> tuple[int, bytes]:
    """GETs a path with the bench's key: status and whole body."""
    async with client.get(path, headers=_HEADERS, allow_redirects=False) as response:
        return response.status, await response.read()


def product_library() -> str | None:
    """The HTTP client library that the product's upstream package imports, read from its source; None when unknown."""
    try:
        import flintt_mcp
    except ImportError:
        return None
    found = set()
    for source in Path(flintt_mcp.__file__).parent.joinpath("rest", "sending").glob("*.py"):
        found |= set(re.findall(r"^\s*(?:from|import) (\w+)", source.read_text(encoding="utf-8"), re.MULTILINE))
    return next((name for name in _KNOWN if name in found), None)
