"""Every host that this server can be installed into, one row each.

A row says where the host keeps its servers on each system, in which format and shape, how it is recognised, and what somebody has
to know. Where a fact comes from stands beside it: "run" was seen with the real host, "docs" is its documentation or source, "told"
an issue or another project. They were looked up in November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from flintt_mcp.hosts.link import cursor_link, goose_link, vscode_link
from flintt_mcp.hosts.own_command import CLAUDE, CODEX, GEMINI, OwnCommand
from flintt_mcp.hosts.server import Server
from flintt_mcp.hosts.shape import Shape

Format = Literal["jsonc", "toml", "yaml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One file of a host: by system the patterns of its path, of which the first that is there counts, else the last.

    `section` leads to the mapping of servers in it. A place that is not `always` written is written where its folder is there.
    """

    paths: Mapping[str, tuple[str, ...]]
    section: tuple[str, ...]
    shape: Shape
    format: Format = "jsonc"
    always: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host. `commands` are names on PATH that give it away, `next` is what a person does after an entry was put in.

    `remote_instead` says what to do where entries with a URL are not taken. `link` makes the address that puts an entry in with a
    click.
    """

    name: str
    title: str
    places: tuple[Place, ...]
    commands: tuple[str, ...] = ()
    own: OwnCommand | None = None
    next: str
    remote_instead: str = ""
    link: Callable[[Server, Shape], str] | None = None
    environment: str = "the environment that {title} is started in"


def _everywhere(*patterns: str) -> dict[str, tuple[str, ...]]:
    return {"mac": patterns, "linux": patterns, "windows": patterns}


HOSTS: tuple[Host, ...] = (
    Host(
        name="claude-desktop",
        title="Claude Desktop",
        places=(
            Place(
                paths={
                    "mac": ("~/Library/Application Support/Claude/claude_desktop_config.json",),
                    "linux": ("{XDG_CONFIG_HOME}/Claude/claude_desktop_config.json",),  # docs: beta
                    "windows": (  # told: since February 2026 the package is the usual way
                        "{LOCALAPPDATA}/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json",
                        "{APPDATA}/Claude/claude_desktop_config.json",
                    ),
                },
                section=("mcpServers",),
                shape=Shape(),
            ),
        ),
        next="quit Claude Desktop, also from the tray, and start it again",
        remote_instead=(
            "Claude Desktop takes no remote servers from its file: leave --remote out, or add the URL under Settings, Connectors"
        ),  # docs
    ),
    Host(
        name="claude-code",
        title="Claude Code",
        places=(
            Place(
                paths=_everywhere("{CLAUDE_CONFIG_DIR}/.claude.json", "~/.claude.json"),
                section=("mcpServers",),
                shape=Shape(local={"type": "stdio"}, remote={"type": "http"}, reference="${{{}}}"),  # run
            ),
        ),
        commands=("claude",),
        own=CLAUDE,
        next="start a new session; /mcp shows it",
    ),
    Host(
        name="cursor",
        title="Cursor",
        places=(
            Place(
                paths=_everywhere("~/.cursor/mcp.json"),
                section=("mcpServers",),
                shape=Shape(reference="${{env:{}}}"),  # docs
            ),
        ),
        commands=("cursor",),
        link=cursor_link,  # docs
        next="Settings, MCP shows it at once",
    ),
    Host(
        name="vscode",
        title="VS Code",
        places=tuple(
            Place(
                paths={
                    "mac": (f"~/Library/Application Support/{folder}/User/mcp.json",),
                    "linux": (f"{{XDG_CONFIG_HOME}}/{folder}/User/mcp.json",),
                    "windows": (f"{{APPDATA}}/{folder}/User/mcp.json",),
                },
                section=("servers",),
                shape=Shape(
                    local={"type": "stdio"}, remote={"type": "http"}, reference="${{input:{}}}", asks=True
                ),  # docs
                always=folder == "Code",
            )
            for folder in ("Code", "Code - Insiders")
        ),
        commands=("code", "code-insiders"),
        link=vscode_link,  # docs
        next="run `MCP: List Servers` and start it",
    ),
    Host(
        name="windsurf",
        title="Windsurf (Devin Desktop)",
        places=(
            Place(
                paths={
                    "mac": ("~/.config/devin/mcp_config.json",),
                    "linux": ("{XDG_CONFIG_HOME}/devin/mcp_config.json",),
                    "windows": ("{APPDATA}/devin/mcp_config.json",),
                },
                section=("mcpServers",),
                shape=Shape(remote={"transport": "http"}, reference="${{env:{}}}"),  # told
            ),
            Place(
                paths=_everywhere("~/.codeium/windsurf/mcp_config.json"),
                section=("mcpServers",),
                shape=Shape(url="serverUrl", reference="${{env:{}}}"),  # docs
                always=False,
            ),
        ),
        commands=("devin", "windsurf"),
        next="refresh the list of MCP servers",
    ),
    Host(
        name="zed",
        title="Zed",
        places=(
            Place(
                paths={
                    "mac": ("~/.config/zed/settings.json",),
                    "linux": ("{XDG_CONFIG_HOME}/zed/settings.json",),
                    "windows": ("{APPDATA}/Zed/settings.json",),
                },
                section=("context_servers",),
                shape=Shape(),  # docs
            ),
        ),
        commands=("zed", "zeditor"),
        next="the agent panel's settings show it at once",
    ),
    Host(
        name="codex",
        title="Codex",
        places=(
            Place(
                paths=_everywhere("{CODEX_HOME}/config.toml", "~/.codex/config.toml"),
                section=("mcp_servers",),
                shape=Shape(
                    headers="http_headers", passed="env_vars", header_variables="env_http_headers"
                ),  # run, docs
                format="toml",
            ),
        ),
        commands=("codex",),
        own=CODEX,
        next="start a new session; /mcp shows it",
    ),
    Host(
        name="gemini",
        title="Gemini CLI",
        places=(
            Place(
                paths=_everywhere("~/.gemini/settings.json"),
                section=("mcpServers",),
                shape=Shape(remote={"type": "http"}, reference="${}"),  # run
            ),
        ),
        commands=("gemini",),
        own=GEMINI,
        next="start it in a folder that it trusts; /mcp shows it",
    ),
    Host(
        name="goose",
        title="Goose",
        places=(
            Place(
                paths={
                    "mac": ("~/.config/goose/config.yaml",),
                    "linux": ("{XDG_CONFIG_HOME}/goose/config.yaml",),
                    "windows": ("{APPDATA}/Block/goose/config/config.yaml",),
                },
                section=("extensions",),
                shape=Shape(
                    local={"type": "stdio"},
                    remote={"type": "streamable_http"},
                    last={
                        "description": "Companies, prospects, signals and runs of Flintt",
                        "enabled": True,
                        "timeout": 300,
                    },
                    command="cmd",
                    env="envs",
                    url="uri",
                    reference="${{{}}}",  # docs: in headers, for what env_keys names
                    passed="env_keys",
                    keeps_name=True,
                ),  # docs
                format="yaml",
            ),
        ),
        commands=("goose",),
        link=goose_link,  # docs
        next="start a new session",
        environment="Goose's own store of secrets (`goose configure`), or its environment",
    ),
    Host(
        name="opencode",
        title="opencode",
        places=(
            Place(
                paths={
                    "mac": ("~/.config/opencode/opencode.jsonc", "~/.config/opencode/opencode.json"),
                    "linux": ("{XDG_CONFIG_HOME}/opencode/opencode.jsonc", "{XDG_CONFIG_HOME}/opencode/opencode.json"),
                    "windows": ("~/.config/opencode/opencode.jsonc", "~/.config/opencode/opencode.json"),
                },
                section=("mcp",),
                shape=Shape(
                    local={"type": "local"},
                    remote={"type": "remote"},
                    last={"enabled": True},
                    args="",
                    env="environment",
                    reference="{{env:{}}}",
                ),  # docs: version 1
            ),
        ),
        commands=("opencode",),
        next="start a new session",
    ),
)

BY_NAME = {host.name: host for host in HOSTS}
