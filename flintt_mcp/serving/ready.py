"""What a server says on stderr once it is up: where it is, a block to paste into a client, and where the data lies.

In: settings, with the port that was taken. Out: lines. An address that is shown is one that lets requests in, and a key is shown
only where it is the sandbox's public one.
"""

from __future__ import annotations

import json
import re

from flintt_mcp import __version__
from flintt_mcp.serving.console import say
from flintt_mcp.settings import Settings, is_loopback


def say_ready(settings: Settings) -> None:
    """The ready lines: the MCP URL, a block to paste, and where the data lies."""
    base = f"http://{_address(settings)}{settings.path_prefix}/mcp"
    key = "flt_sandbox_key" if settings.sandbox else "flt_your_api_key"
    # Several workers answer legacy SSE with 405.
    entry = {"type": "sse" if settings.workers == 1 else "http", "url": base, "headers": {"X-API-Key": key}}
    block = json.dumps({"mcpServers": {"flintt": entry}}, indent=2)
    say(
        f"flintt-mcp {__version__} is ready: {base}{'?api_key=' + key if settings.sandbox else ''}",
        "",
        "  Claude Desktop, in claude_desktop_config.json:",
        *("    " + line for line in block.splitlines()),
        "",
        f"  Claude Code   claude mcp add --transport http flintt '{base}' --header 'X-API-Key: {key}'",
        f"  Data          {settings.data_path}",
        "  Stop          Ctrl-C",
    )


def say_sandbox_ready(settings: Settings) -> None:
    """The ready lines of the sandbox's REST APIs alone."""
    url = f"http://{shown_host(settings.host)}:{settings.port}"
    say(
        f"The sandbox is ready: {url}/",
        f"  try         curl -H 'X-API-Key: flt_sandbox_key' {url}/flintt/v1/companies",
        f"  use it      FLINTT_API_URL={url}/flintt FLINTT_API_KEY=flt_sandbox_key flintt-mcp tools",
        f"  data        {settings.data_path}",
    )


def shown_host(host: str) -> str:
    """The host of a URL that reaches a server which listens on this one."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{reachable}]" if ":" in reachable else reachable


def _address(settings: Settings) -> str:
    """Host and port under which this server lets requests in: outside loopback that is a name it was told to accept."""
    if is_loopback(settings.host):
        return f"{shown_host(settings.host)}:{settings.port}"
    name = settings.allowed_host[0]
    has_port = re.search(r":\d+$", name) is not None
    return name if has_port else f"{name}:{settings.port}"
