"""How tests speak to the FlowPilot API of a sandbox: over HTTP, in this process."""

from __future__ import annotations

from typing import Any

import httpx2


def talk_to(app: Any, key: str | None) -> httpx2.AsyncClient:
    """A client of the FlowPilot API that sends `key`."""
    headers = {} if key is None else {"X-API-Key": key}
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url="http://sandbox/flowpilot/public/", headers=headers)
