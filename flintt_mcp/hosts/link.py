"""One-click links: addresses that a host opens to put an entry in, after asking.

In: a server, and the shape in which the host writes one. Out: an address. No key is ever in one, for links end up in histories and
chats: where a key belongs the host asks, or reads its environment.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from flintt_mcp.hosts.server import Server
from flintt_mcp.hosts.shape import Shape


def cursor_link(server: Server, shape: Shape) -> str:
    """Cursor takes the inner entry as JSON in base64."""
    entry = json.dumps(shape.entry(server), separators=(",", ":")).encode()
    fields = {"name": server.name, "config": base64.b64encode(entry).decode()}
    return f"cursor://anysphere.cursor-deeplink/mcp/install?{urlencode(fields)}"


def vscode_link(server: Server, shape: Shape) -> str:
    """VS Code takes the entry with its name, and what to ask for, as encoded JSON."""
    inputs = shape.inputs(server)
    entry = {"name": server.name, **shape.entry(server), **({"inputs": inputs} if inputs else {})}
    return f"vscode:mcp/install?{quote(json.dumps(entry, separators=(',', ':')), safe='')}"


def goose_link(server: Server, shape: Shape) -> str:
    """Goose takes one of the commands it knows, of which uvx is one, or a URL; it asks for variables, and takes no headers."""
    fields: list[tuple[str, str]] = [
        ("id", server.name),
        ("name", server.name),
        ("description", shape.last["description"]),
    ]
    if server.url:
        return _goose([("url", server.url), ("type", "streamable_http"), *fields])
    words = ("flintt-mcp", *_behind_command(server.words))
    asked = [("env", f"{key.variable}={key.variable} for {server.name}") for key in server.keys]
    return _goose([("cmd", "uvx"), *(("arg", word) for word in words), *fields, *asked])


def _goose(fields: Sequence[tuple[str, str]]) -> str:
    return f"goose://extension?{urlencode(fields, quote_via=quote)}"


def _behind_command(words: Sequence[str]) -> Sequence[str]:
    """The words of a server behind those that start this program."""
    return words[words.index("stdio") :]
