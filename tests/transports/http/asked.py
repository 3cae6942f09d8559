"""Requests of each revision as a client sends them, for tests of the whole product."""

from __future__ import annotations

from typing import Any

from mcp_types import CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY

from tests.fake_api import KEYS

NEW = "2026-07-28"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


def request_of(method: str, params: dict[str, Any], version: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A message and its headers."""
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": version,
        "x-api-key": KEYS["flintt"],
    }
    if version == NEW:
        params = {**params, "_meta": {PROTOCOL_VERSION_META_KEY: version, CLIENT_CAPABILITIES_META_KEY: {}}}
        headers["mcp-method"] = method
        if NAMED.get(method) in params:
            headers["mcp-name"] = params[NAMED[method]]
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}, headers
