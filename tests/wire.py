"""MCP by hand over HTTP, for tests of processes: one call at revision 2026-07-28, which needs no session."""

from __future__ import annotations

import ssl
from typing import Any

import httpx2

NEWEST = "2026-07-28"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading the system's certificates takes longer than a test; nothing here uses TLS."""


def client(**more: Any) -> httpx2.Client:
    return httpx2.Client(verify=PLAIN, timeout=30, **more)


def message(tool: str, arguments: dict[str, Any] | None = None, id: int = 1) -> dict[str, Any]:
    """A tools/call request."""
    meta = {"io.modelcontextprotocol/protocolVersion": NEWEST, "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"name": tool, "arguments": arguments or {}, "_meta": meta}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}


def headers(tool: str, **more: str) -> dict[str, str]:
    given = {name.replace("_", "-"): value for name, value in more.items()}
    return {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": NEWEST,
        "mcp-method": "tools/call",
        "mcp-name": tool,
        **given,
    }


def call(http: httpx2.Client, url: str, tool: str, arguments: dict[str, Any] | None = None, **more: str) -> Any:
    """The result of one call that is answered."""
    answer = http.post(url, json=message(tool, arguments), headers=headers(tool, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]
