"""Which sender takes a request, by the base URL it is below: the sandbox in this process beside the network.

In: senders by base URL. Out: one `Sender`. It looks at nothing but the address.
"""

from __future__ import annotations

from collections.abc import Mapping

from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse


def route_sender(routes: Mapping[str, Sender], default: Sender) -> Sender:
    """Make a `Sender` that picks by base URL, longest first; a base ends where a path segment ends."""
    bases = sorted(((base.rstrip("/"), sender) for base, sender in routes.items()), key=lambda row: -len(row[0]))

    async def send(request: UpstreamRequest) -> UpstreamResponse:
        url = request.url
        for base, sender in bases:
            if url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/", "?"):
                return await sender(request)
        return await default(request)

    return send
