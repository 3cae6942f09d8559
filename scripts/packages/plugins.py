"""One folder a plugin, for Claude, Codex and Cursor alike, with a market of all beside them, and an extension for Gemini.

In: the project and the folder of skills. Out: files below a folder. The three hosts read the same skills and each its own manifest.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from scripts.packages import manifests
from scripts.packages.project import Project

_README = """\
# {name}

{about}

The plugin starts `{command}` with [uv](https://docs.astral.sh/uv/) and brings skills for what people ask most. Claude Code asks for
your Flintt API key and keeps it; for Codex and Cursor set `{key}` in the environment. Without a key the handbook works alone.
"""


def write_plugins(project: Project, skills: Path, into: Path) -> None:
    """Write the plugin, its read-only twin and the markets of each host below `into`."""
    for read_only in (False, True):
        _write_plugin(project, skills, into / manifests.plugin_name(read_only=read_only), read_only=read_only)
    for market, entry in (
        (".claude-plugin", _claude_entry),
        (".cursor-plugin", _claude_entry),
        (".agents/plugins", _codex_entry),
    ):
        listed = [entry(project, read_only=read_only) for read_only in (False, True)]
        about = {"owner": {"name": project.author}, "metadata": {"description": project.about}}
        write_json(into / market / "marketplace.json", {"name": "flintt", **about, "plugins": listed})


def write_gemini(project: Project, skills: Path, into: Path) -> None:
    """Write the extension of Gemini below `into`."""
    write_json(into / "gemini-extension.json", manifests.gemini_extension(project))
    _copy_skills(skills, into)


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_plugin(project: Project, skills: Path, into: Path, *, read_only: bool) -> None:
    shared = manifests.plugin(project, read_only=read_only)
    write_json(into / ".claude-plugin/plugin.json", manifests.claude_plugin(project, read_only=read_only))
    write_json(into / ".mcp.json", _servers(project, read_only, env={manifests.KEY: "${user_config.api_key}"}))
    # Codex hands on the variables that it is told by name, and no others.
    write_json(into / ".codex-plugin/plugin.json", {**shared, "skills": "./skills/", "mcpServers": "./codex.mcp.json"})
    write_json(into / "codex.mcp.json", _servers(project, read_only, env_vars=[manifests.KEY]))
    write_json(
        into / ".cursor-plugin/plugin.json", {**shared, "skills": "./skills/", "mcpServers": "./cursor.mcp.json"}
    )
    write_json(into / "cursor.mcp.json", _servers(project, read_only, env={manifests.KEY: f"${{env:{manifests.KEY}}}"}))
    _copy_skills(skills, into)
    command = f"uvx {project.published} stdio{' --read-only' if read_only else ''}"
    text = _README.format(name=shared["name"], about=shared["description"], command=command, key=manifests.KEY)
    (into / "README.md").write_text(text, encoding="utf-8")


def _servers(project: Project, read_only: bool, **key: Any) -> manifests.Manifest:
    return manifests.servers(project, read_only=read_only, **key)


def _copy_skills(skills: Path, into: Path) -> None:
    shutil.copytree(skills, into / "skills", ignore=shutil.ignore_patterns("__pycache__", "*.py"))


def _claude_entry(project: Project, *, read_only: bool) -> dict[str, Any]:
    name = manifests.plugin_name(read_only=read_only)
    about = manifests.plugin(project, read_only=read_only)
    return {"name": name, "source": f"./{name}", "description": about["description"], "version": project.version}


def _codex_entry(project: Project, *, read_only: bool) -> dict[str, Any]:
    name = manifests.plugin_name(read_only=read_only)
    return {
        "name": name,
        "source": {"source": "local", "path": f"./{name}"},
        "policy": {"installation": "AVAILABLE", "authentication": "ON_USE"},
        "category": "Productivity",
    }
