"""Builds the request bytes of both protocol eras. Pure: no I/O, no clock.

The head of a request and its body up to and after the JSON-RPC id are made once; sending a call is then one `bytes` join.
An id always has the same number of digits, so Content-Length holds for all of them. Source for the 2026-07-28 envelope and
headers: `mcp/shared/inbound.py` of the SDK.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

Era = Literal["2026-07-28", "2025-11-25"]
MODERN: Era = "2026-07-28"
LEGACY: Era = "2025-11-25"

FIRST_ID = 10_000_000
"""Ids count up from here: eight digits, whatever the length of a run."""
ID_DIGITS = len(str(FIRST_ID))
BEFORE_ID = b'{"id":'

CLIENT_INFO = {"name": "flintt-bench", "version": "1"}
PATH = "/mcp"


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """One request, complete but for the digits of its JSON-RPC id."""

    before: bytes
    after: bytes

    def with_id(self, number: int) -> bytes:
        """The bytes to send for call `number` (an eight-digit id)."""
        return b"%b%d%b" % (self.before, number, self.after)


def message(method: str, params: dict[str, Any], era: Era) -> dict[str, Any]:
    """A JSON-RPC request without its id; on 2026-07-28 with the envelope that every request carries."""
    if era == MODERN:
        params = params | {
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
                "io.modelcontextprotocol/clientCapabilities": {},
            }
        }
    return {"jsonrpc": "2.0", "method": method, "params": params}


def era_headers(method: str, params: dict[str, Any], era: Era) -> dict[str, str]:
    """The headers by which an era is recognised; 2026-07-28 repeats the method and the tool's name."""
    headers: dict[str, str] = {"MCP-Protocol-Version": era}
    if era == MODERN:
        headers["Mcp-Method"] = method
        if "name" in params:
            headers["Mcp-Name"] = params["name"]
    return headers


BOTH = "application/json, text/event-stream"
JSON_ONLY = "application/json"
"""A handshake-era client that takes JSON alone is served without a session, also by one worker of the product."""


def request_head(host: str, length: int, headers: dict[str, str], accept: str = BOTH) -> bytes:
    """The head of a keep-alive POST with a JSON body of `length` bytes."""
    lines = [
        f"POST {PATH} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Accept: {accept}",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def template(host: str, method: str, params: dict[str, Any], era: Era, extra: dict[str, str]) -> RequestTemplate:
    """A request with room for its id; `extra` headers hold the key and, where there is one, the session id."""
    body = json.dumps(message(method, params, era), separators=(",", ":")).encode()
    after = b"," + body[1:]
    length = len(BEFORE_ID) + ID_DIGITS + len(after)
    accept = JSON_ONLY if era == LEGACY and "Mcp-Session-Id" not in extra else BOTH
    head = request_head(host, length, era_headers(method, params, era) | extra, accept)
    return RequestTemplate(before=head + BEFORE_ID, after=after)


def single(host: str, content: dict[str, Any], headers: dict[str, str]) -> bytes:
    """One complete request that is sent once: the steps of a handshake."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return request_head(host, len(body), headers) + body


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT_INFO},
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
