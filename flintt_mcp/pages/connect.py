"""What to give each host so that it works with this server: a command or an entry of its file, with the URL that the visitor used.

In: the MCP URL and the published key where there is one. Out: rows of text, made from the hosts' own rows. Nobody's key is in them:
where one belongs stands what the host itself reads as such, or a word to replace.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from flintt_mcp.hosts.document import edit
from flintt_mcp.hosts.document.jsonc import Item
from flintt_mcp.hosts.installing import INPUTS
from flintt_mcp.hosts.server import Key, Server
from flintt_mcp.hosts.table import HOSTS, Host, Place

_KEY = "YOUR_KEY"
_VARIABLE = "FLINTT_API_KEY"
_NAME = "flintt"


@dataclass(frozen=True, slots=True)
class Connection:
    """How one host is connected: its name as an address inside the page, where the text goes, the text, and a one-click link."""

    key: str
    title: str
    about: str
    text: str
    link: str = ""


def connections(url: str, published_key: str, *, is_local: bool) -> list[Connection]:
    """Every host, those that most people have first. What calls from the internet cannot reach a URL that `is_local`."""
    key = Key(_VARIABLE, "X-API-Key", published_key or _KEY, exported=not published_key, public=bool(published_key))
    local = ("flintt-mcp", "stdio", "--sandbox") if published_key else ("flintt-mcp", "stdio")
    started = Server(_NAME, words=local, keys=() if published_key else (key,))
    called = Server(_NAME, url=url, keys=(key,))
    rows = [_connection(host, started if host.remote_instead else called) for host in HOSTS]
    claude_ai = Connection("claude-ai", "Claude.ai", _CONNECTORS, f"{url}?api_key={published_key or _KEY}")
    return rows if is_local else [claude_ai, *rows]


def _connection(host: Host, server: Server) -> Connection:
    place = host.places[0]
    entry = place.shape.entry(server)
    words = host.own.add(_NAME, entry) if host.own else None
    if host.own and words:
        where, text = "In a terminal", shlex.join([host.own.name, *words])
    else:
        where, text = _where(place), _file(place, entry, place.shape.inputs(server))
    told = [f"{where}; then {host.next}."]
    told += [f"{host.remote_instead}."] if host.remote_instead else []
    told += [f"It hands on {_VARIABLE} of its environment."] if _reads_variable(entry) else []
    link = host.link(server, place.shape) if host.link else ""
    return Connection(host.name, host.title, " ".join(told), text, link)


def _where(place: Place) -> str:
    """The file of a host as people of each system write it."""
    paths = {system: reduce(_written, _FOLDERS.items(), patterns[-1]) for system, patterns in place.paths.items()}
    if len(set(paths.values())) == 1:
        return f"In {paths['linux']}"
    return "In " + ", ".join(f"{path} ({_SYSTEMS[system]})" for system, path in paths.items())


def _written(path: str, folder: tuple[str, str]) -> str:
    return path.replace(*folder)


def _file(place: Place, entry: Mapping[str, Any], asked: Sequence[Mapping[str, Any]]) -> str:
    """The file as installing writes it where there is none yet."""
    text = edit.put(place.format, "", [*place.section, _NAME], entry)
    for one in asked:
        text = edit.put(place.format, text, [INPUTS, Item(one["id"])], one)
    return text.strip()


def _reads_variable(entry: Mapping[str, Any]) -> bool:
    """Whether the host takes the key from its environment; where it asks for it, or the text holds it, nothing is to be said."""
    text = json.dumps(entry)
    return _VARIABLE in text and _KEY not in text


_SYSTEMS = {"mac": "macOS", "linux": "Linux", "windows": "Windows"}
_FOLDERS = {"{XDG_CONFIG_HOME}": "~/.config", "{APPDATA}": "%APPDATA%", "{LOCALAPPDATA}": "%LOCALAPPDATA%"}
_CONNECTORS = (
    "Settings, Connectors, Add custom connector: this URL, which must be reachable over https from the internet. Your key travels "
    "in it, so treat the whole URL as a secret."
)
