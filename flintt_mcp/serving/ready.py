"""What a server says on stderr once it is up: where it is, blocks to paste into clients, and where the data lies.

In: settings, with the port that was taken. Out: lines. An address that is shown is one that lets requests in, and a key is shown
only where it is the sandbox's public one. A command is shown so that it is found from anywhere: desktop clients have another PATH.
"""

from __future__ import annotations

import json
from typing import Any

from flintt_mcp import __version__
from flintt_mcp.hosts.server import Key, local_server
from flintt_mcp.hosts.shape import Shape
from flintt_mcp.serving.console import say
from flintt_mcp.settings import Settings, shown_host
from flintt_mcp.state.approval_secret import approval_secret


def say_ready(settings: Settings) -> None:
    """The ready lines: the MCP URL, blocks to paste, and where the data lies."""
    base = f"{settings.own_url}/mcp"
    key = "flt_sandbox_key" if settings.sandbox else "flt_your_api_key"
    remote = {"type": "sse", "url": base, "headers": {"X-API-Key": key}}
    say(
        f"flintt-mcp {__version__} is ready: {base}{'?api_key=' + key if settings.sandbox else ''}",
        "",
        "  Claude Desktop, in claude_desktop_config.json:",
        *_block(stdio_entry(settings)),
        "",
        "  Clients that take remote servers from a file:",
        *_block(remote),
        "",
        f"  Claude Code   claude mcp add --transport http flintt '{base}' --header 'X-API-Key: {key}'",
        f"  Page          {settings.own_url}/   connects ten applications, tries the tools, has the handbook",
        f"  Data          {settings.data_path}",
        *_approving(settings),
        "  Stop          Ctrl-C",
    )


def stdio_entry(settings: Settings) -> dict[str, Any]:
    """What a client's configuration holds to start a server of its own with these settings."""
    keys = () if settings.sandbox else (Key("FLINTT_API_KEY", "X-API-Key", "flt_your_api_key"),)
    return Shape().entry(local_server(settings, keys=keys))


def _block(entry: dict[str, Any]) -> list[str]:
    return ["    " + line for line in json.dumps({"mcpServers": {"flintt": entry}}, indent=2).splitlines()]


def _approving(settings: Settings) -> list[str]:
    """How people approve what deletes or spends."""
    secret = approval_secret(settings)
    if not secret:
        return [
            "  Approvals     only in clients that show forms; FLINTT_MCP_APPROVAL_SECRET is not set, so there is no page"
        ]
    # What was set may be good elsewhere, too.
    shown = "in FLINTT_MCP_APPROVAL_SECRET" if settings.approval_secret else secret
    return [f"  Approvals     on the page that a call names, with the secret {shown}"]


def say_sandbox_ready(settings: Settings) -> None:
    """The ready lines of the sandbox's REST APIs alone."""
    url = f"http://{shown_host(settings.host)}:{settings.port}"
    say(
        f"The sandbox is ready: {url}/",
        f"  try         curl -H 'X-API-Key: flt_sandbox_key' {url}/flintt/v1/companies",
        f"  use it      FLINTT_API_URL={url}/flintt FLINTT_API_KEY=flt_sandbox_key flintt-mcp tools",
        f"  data        {settings.data_path}",
    )
