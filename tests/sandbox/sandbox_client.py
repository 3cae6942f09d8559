"""How tests speak to a sandbox: over HTTP, in this process."""

from __future__ import annotations

import httpx2

from flintt_mcp.sandbox.server import Sandbox


def talk(sandbox: Sandbox, key: str | None) -> httpx2.AsyncClient:
    """A client of the Flintt API that sends `key`."""
    headers = {} if key is None else {"X-API-Key": key}
    transport = httpx2.ASGITransport(app=sandbox.app)
    return httpx2.AsyncClient(transport=transport, base_url="http://sandbox/flintt/v1/", headers=headers)


def headers_of(sandbox: Sandbox, api: str) -> dict[str, str]:
    """What opens an API of the sandbox for its first user."""
    return {
        "flintt": {"X-API-Key": sandbox.flintt_key},
        "flintt-management": {"Authorization": f"Bearer {sandbox.session_for(sandbox.flintt_key)}"},
        "flowpilot": {"X-API-Key": sandbox.flowpilot_key},
        "flowmaticx": {"Authorization": f"Bearer {sandbox.flowmaticx_key}"},
        "flextell": {"Authorization": f"Bearer {sandbox.flextell_token}"},
    }[api]
