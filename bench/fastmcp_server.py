"""FastMCP.from_openapi on the stub's endpoints: the contender that most people would reach for.

Its best fair configuration: JSON answers instead of streams, stateless (or with sessions for the rows that measure
sessions), the HTTP pool size that was fastest for it, no proxy look-up; the same uvicorn options as the others. Output
validation stays on, as it comes: it costs a call nothing that can be measured, and without it tools/list would lack the
output schemas that the product lists too. Nothing is patched. It forwards the caller's X-API-Key by itself.
"""

from __future__ import annotations

import argparse
from typing import Any

import httpx2
from fastmcp import FastMCP

from bench import openapi, payload, serving


def build(upstream_url: str, headers: dict[str, str] | None = None) -> FastMCP[Any]:
    """The server; `headers` go along with every request to the stub (the key, on stdio)."""
    client = httpx2.AsyncClient(
        base_url=upstream_url,
        headers=headers,
        timeout=30,
        trust_env=False,
        limits=httpx2.Limits(max_connections=serving.POOL, max_keepalive_connections=serving.POOL),
    )
    return FastMCP.from_openapi(openapi.document(upstream_url), client=client, name="flintt")


def _make(arguments: argparse.Namespace) -> Any:
    server = build(arguments.upstream)
    return server.http_app(path="/mcp", json_response=True, stateless_http=not arguments.stateful)


def _stdio(upstream_url: str) -> None:
    build(upstream_url, {"X-API-Key": payload.API_KEY}).run(transport="stdio", show_banner=False)


if __name__ == "__main__":
    serving.main("FastMCP.from_openapi in front of the stub", _make, _stdio)
