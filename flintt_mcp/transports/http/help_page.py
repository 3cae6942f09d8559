"""The page a person sees who opens the MCP URL in a browser.

In: the URL as the browser called it. Out: one self-contained HTML page that says what this is and how to connect each
client. It never shows anybody's key: a key in the URL was taken out before this room, and the examples carry a placeholder,
or the published key where the server is a sandbox.
"""

from __future__ import annotations

import html
import json
from typing import Any

from starlette.responses import Response

from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.options import HttpOptions

_KEY = "YOUR_KEY"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "vary": "Accept, Origin",
}


def wants_page(exchange: Exchange) -> bool:
    """Whether the request comes from a browser's address bar."""
    return b"text/html" in exchange.found.get(b"accept", b"").lower()


def help_page(exchange: Exchange, options: HttpOptions) -> Response:
    """The page, with the URL this server has for whoever asks."""
    host = exchange.found.get(b"host", b"").decode("latin-1")
    url = f"{exchange.scope.get('scheme', 'http')}://{host}{exchange.prefix}/mcp"
    parts = {
        "{{URL}}": html.escape(url),
        "{{KEY}}": _IN_SANDBOX if options.published_key else _YOUR_OWN,
        "{{BLOCKS}}": "\n".join(_blocks(url, options)),
    }
    body = _PAGE
    for place, text in parts.items():
        body = body.replace(place, text)
    return Response(body, 200, _HEADERS, "text/html")


def _blocks(url: str, options: HttpOptions) -> list[str]:
    key = options.published_key or _KEY
    keyed: dict[str, Any] = {"url": url, "headers": {"X-API-Key": key}}
    http = {"type": "http", **keyed}
    remote = http if options.stateless else {"type": "sse", **keyed}
    local: dict[str, Any] = {"command": "flintt-mcp", "args": ["stdio"], "env": {"FLINTT_API_KEY": key}}
    if options.published_key:
        local = {"command": "flintt-mcp", "args": ["stdio", "--sandbox"]}
    rows = (
        ("Claude Desktop", _DESKTOP, _config("mcpServers", local)),
        ("Claude.ai", _CONNECTORS, f"{url}?api_key={key}"),
        ("Claude Code", "One command in a terminal.", _CLAUDE_CODE.format(url=url, key=key)),
        ("Cursor", "~/.cursor/mcp.json, or .cursor/mcp.json in a project.", _config("mcpServers", keyed)),
        ("VS Code", ".vscode/mcp.json in a workspace.", _config("servers", http)),
        ("Clients that take remote servers from a file", _OTHERS, _config("mcpServers", remote)),
    )
    return [_block(*row) for row in rows]


def _config(section: str, server: dict[str, Any]) -> str:
    return json.dumps({section: {"flintt": server}}, indent=2)


def _block(title: str, about: str, text: str) -> str:
    return (
        f"<section><h2>{html.escape(title)}</h2><p>{html.escape(about)}</p>"
        f'<pre tabindex="0"><code>{html.escape(text)}</code></pre></section>'
    )


_DESKTOP = (
    "claude_desktop_config.json (Settings, Developer, Edit Config), where flintt-mcp is installed on your machine; give its full "
    "path, which `which flintt-mcp` prints. Remote servers are not taken from that file: add them as in Claude.ai."
)
_CONNECTORS = (
    "Settings, Connectors, Add custom connector: this URL, reachable over https. Your key travels in it, so treat the whole URL "
    "as a secret."
)
_OTHERS = "Where your client keeps its servers; one that knows only HTTP+SSE uses the same URL."
_CLAUDE_CODE = 'claude mcp add --transport http flintt {url} --header "X-API-Key: {key}"'
_YOUR_OWN = "Put your Flintt API key where the examples say YOUR_KEY. Without a key the documentation tools still work."
_IN_SANDBOX = (
    "This server is a sandbox: its workspace is invented, nothing in it is real, and the examples carry its published key. "
    "They work as they stand."
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Flintt MCP server</title>
<style>
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --paper: #fff; --block: #f5f7f9; --flint: #c2410c;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebee; --soft: #9aa4af; --line: #333a42; --paper: #14171b; --block: #1d2227; --flint: #fb923c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .6rem; }
h1 span { color: var(--flint); }
h2 { font-size: 1.05rem; margin: 0 0 .2rem; }
p { margin: 0 0 .7rem; color: var(--soft); }
p.lead { font-size: 1.05rem; }
section { margin-top: 1.8rem; }
pre { margin: 0; padding: .85rem 1rem; border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { background: var(--block); border: 1px solid var(--line); }
code { font: .86rem/1.5 ui-monospace, Menlo, Consolas, monospace; user-select: all; -webkit-user-select: all; }
.url { border-left: 4px solid var(--flint); }
</style>
</head>
<body>
<main>
<h1><span>Flintt</span> for your AI assistant</h1>
<p class="lead">This is a Model Context Protocol server. It lets an assistant work with a Flintt workspace: companies, prospects,
signals and their runs. It is made for programs, so there is nothing more to see here. Add it to your client:</p>
<pre class="url" tabindex="0"><code>{{URL}}</code></pre>
<section><h2>Your key</h2><p>{{KEY}} A click on a block selects all of it.</p></section>
{{BLOCKS}}
</main>
</body>
</html>
"""
