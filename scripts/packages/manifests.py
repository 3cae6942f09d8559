"""The manifests of each format, as values: what a bundle, the registry, and the plugins of Claude, Codex, Cursor and Gemini say.

Every one starts the same command; they differ in how a host keeps the key and hands it on. A host that knows secrets asks for the
key and keeps it; where it does not, the key comes from the environment, and no manifest holds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.packages.project import REGISTRY_NAME, Project

KEY = "FLINTT_API_KEY"
ICON = "icon.png"
"""The picture that stands for this server, in pictures/ and in the bundle."""
_ASKED = {
    "title": "Flintt API key",
    "description": "Starts with flt_. Leave it empty to have the handbook alone.",
    "sensitive": True,
    "required": False,
}
_PLATFORMS = ["darwin", "linux", "win32"]

Manifest = Mapping[str, Any]


def bundle(project: Project, tools: Mapping[str, str]) -> Manifest:
    """manifest.json of an MCP bundle (MCPB 0.4, run by uv), with the tools that are on unasked.

    The bundle carries the wheel; uv makes its environment when it is installed.
    """
    return {
        "manifest_version": "0.4",
        "name": project.name,
        "display_name": "Flintt",
        "version": project.version,
        "description": project.about,
        "author": {"name": project.author, "url": project.homepage},
        "repository": {"type": "git", "url": project.repository},
        "homepage": project.homepage,
        "icon": ICON,
        "documentation": f"{project.repository}#readme",
        "support": f"{project.repository}/issues",
        "server": {
            "type": "uv",
            "entry_point": "server.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "server.py", "stdio"],
                "env": {KEY: "${user_config.api_key}"},
            },
        },
        "tools": [{"name": name, "description": about} for name, about in tools.items()],
        "prompts_generated": True,
        "keywords": list(project.keywords),
        "license": project.license,
        "compatibility": {"platforms": _PLATFORMS, "runtimes": {"python": ">=3.11 <4"}},
        "user_config": {"api_key": {"type": "string", **_ASKED}},
    }


def registry(project: Project) -> Manifest:
    """server.json of the MCP registry: the package on the index, started over stdio."""
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": REGISTRY_NAME,
        "title": "Flintt",
        "description": project.about,
        "version": project.version,
        "websiteUrl": project.homepage,
        "icons": [{"src": f"{project.files}/pictures/{ICON}", "mimeType": "image/png", "sizes": ["512x512"]}],
        "repository": {"url": project.repository, "source": "github"},
        "packages": [
            {
                "registryType": "pypi",
                "identifier": project.name,
                "version": project.version,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "packageArguments": [{"type": "positional", "value": "stdio"}],
                "environmentVariables": [
                    {"name": KEY, "description": "Your Flintt API key.", "isRequired": False, "isSecret": True}
                ],
            }
        ],
    }


def plugin(project: Project, *, read_only: bool) -> Manifest:
    """What Claude, Codex and Cursor want to know of a plugin alike."""
    return {
        "name": plugin_name(read_only=read_only),
        "version": project.version,
        "description": f"{project.about} Nothing can be written." if read_only else project.about,
        "author": {"name": project.author, "url": project.homepage},
        "homepage": project.homepage,
        "repository": project.repository,
        "license": project.license,
        "keywords": list(project.keywords),
    }


def plugin_name(*, read_only: bool) -> str:
    return "flintt-read-only" if read_only else "flintt"


def claude_plugin(project: Project, *, read_only: bool) -> Manifest:
    """.claude-plugin/plugin.json: Claude Code asks for the key once and keeps it in the system's keychain."""
    return {**plugin(project, read_only=read_only), "userConfig": {"api_key": {"type": "string", **_ASKED}}}


def servers(project: Project, *, read_only: bool, **key: Any) -> Manifest:
    """An `mcpServers` table that starts the published version, with the host's own way to hand on the key."""
    words = ["stdio", "--read-only"] if read_only else ["stdio"]
    return {"mcpServers": {"flintt": {"command": "uvx", "args": [project.published, *words], **key}}}


def gemini_extension(project: Project) -> Manifest:
    """gemini-extension.json: Gemini asks for the key and hands on only the variables named in `env`."""
    return {
        "name": "flintt",
        "version": project.version,
        "description": project.about,
        **servers(project, read_only=False, env={KEY: f"${KEY}"}),
        "settings": [{"name": _ASKED["title"], "description": _ASKED["description"], "envVar": KEY, "sensitive": True}],
    }
