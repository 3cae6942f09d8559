"""What is published beside the wheel: one command and version everywhere, and no key. `make package` checks the forms."""

from __future__ import annotations

import json
import re
import struct
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flintt_mcp import __version__
from scripts.packages import manifests
from scripts.packages.bundle import write_bundle
from scripts.packages.plugins import write_gemini, write_plugins
from scripts.packages.project import REGISTRY_NAME, ROOT, read_project

PROJECT = read_project()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that needs no wheel of its own, below one folder."""
    folder = tmp_path_factory.mktemp("built")
    wheel = folder / "flintt_mcp-1-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    write_bundle(PROJECT, wheel, {"get_run": "Get a run"}, folder / "bundle")
    write_plugins(PROJECT, ROOT / "skills", folder / "plugins")
    write_gemini(PROJECT, ROOT / "skills", folder / "gemini")
    return folder


def manifests_in(folder: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.rglob("*.json")):
        yield path.relative_to(folder).as_posix(), json.loads(path.read_text("utf-8"))


def test_every_manifest_that_names_a_version_names_the_packages_own(built: Path) -> None:
    named = {name: value["version"] for name, value in manifests_in(built) if "version" in value}
    assert set(named.values()) == {__version__}
    assert {"bundle/manifest.json", "gemini/gemini-extension.json", "plugins/flintt/.claude-plugin/plugin.json"} <= set(
        named
    )
    registry = manifests.registry(PROJECT)
    assert (registry["version"], registry["packages"][0]["version"]) == (__version__, __version__)


def test_every_host_starts_the_same_version_and_is_handed_the_key_in_its_own_way(built: Path) -> None:
    def entry(name: str) -> Mapping[str, Any]:
        (server,) = json.loads((built / name).read_text("utf-8"))["mcpServers"].values()
        return server

    start = {"command": "uvx", "args": [f"flintt-mcp=={__version__}", "stdio"]}
    assert entry("plugins/flintt/.mcp.json") == {**start, "env": {"FLINTT_API_KEY": "${user_config.api_key}"}}
    assert entry("plugins/flintt/codex.mcp.json") == {**start, "env_vars": ["FLINTT_API_KEY"]}
    assert entry("plugins/flintt/cursor.mcp.json") == {**start, "env": {"FLINTT_API_KEY": "${env:FLINTT_API_KEY}"}}
    assert entry("gemini/gemini-extension.json") == {**start, "env": {"FLINTT_API_KEY": "$FLINTT_API_KEY"}}


@pytest.mark.parametrize("name", [".mcp.json", "codex.mcp.json", "cursor.mcp.json"])
def test_the_read_only_plugin_starts_a_server_that_writes_nothing(built: Path, name: str) -> None:
    (server,) = json.loads((built / "plugins/flintt-read-only" / name).read_text("utf-8"))["mcpServers"].values()
    assert server["args"][-2:] == ["stdio", "--read-only"]


def test_what_a_manifest_leads_to_is_there(built: Path) -> None:
    plugins = built / "plugins"
    for market in (".claude-plugin", ".cursor-plugin", ".agents/plugins"):
        listed = json.loads((plugins / market / "marketplace.json").read_text("utf-8"))["plugins"]
        sources = [each["source"] if isinstance(each["source"], str) else each["source"]["path"] for each in listed]
        assert [(plugins / source / "README.md").exists() for source in sources] == [True, True]
    for host in ("codex", "cursor"):
        told = json.loads((plugins / f"flintt/.{host}-plugin/plugin.json").read_text("utf-8"))
        assert (plugins / "flintt" / told["skills"]).is_dir()
        assert (plugins / "flintt" / told["mcpServers"]).is_file()


def test_every_package_has_all_the_skills(built: Path) -> None:
    skills = {path.parent.name for path in (ROOT / "skills").glob("*/SKILL.md")}
    assert skills
    for folder in ("plugins/flintt", "plugins/flintt-read-only", "gemini"):
        assert {path.parent.name for path in (built / folder / "skills").glob("*/SKILL.md")} == skills


def test_no_file_of_a_package_holds_a_key(built: Path) -> None:
    files = [path for path in built.rglob("*") if path.is_file() and path.name != "README.md"]
    held = [path for path in files if re.search(rb"flt_[a-z0-9_]{4,}", path.read_bytes())]
    assert held == []
    asked = [
        json.loads((built / "plugins/flintt/.claude-plugin/plugin.json").read_text("utf-8"))["userConfig"]["api_key"],
        json.loads((built / "bundle/manifest.json").read_text("utf-8"))["user_config"]["api_key"],
    ]
    assert [(each["sensitive"], each["required"]) for each in asked] == [(True, False), (True, False)]


def test_the_bundle_installs_its_own_wheel_in_the_locked_versions(built: Path) -> None:
    table = tomllib.loads((built / "bundle/pyproject.toml").read_text("utf-8"))
    assert table["tool"]["uv"]["sources"] == {"flintt-mcp": {"path": "flintt_mcp-1-py3-none-any.whl"}}
    assert (built / "bundle/flintt_mcp-1-py3-none-any.whl").read_bytes() == b"a wheel"
    assert f"mcp=={_pinned('mcp')}" in table["tool"]["uv"]["constraint-dependencies"]


def test_the_icon_is_in_the_bundle_and_where_the_registry_is_told_it_is(built: Path) -> None:
    name = json.loads((built / "bundle/manifest.json").read_text("utf-8"))["icon"]
    drawn = (built / "bundle" / name).read_bytes()
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", drawn[16:24]) == (512, 512)
    (told,) = manifests.registry(PROJECT)["icons"]
    path = told["src"].removeprefix(f"{PROJECT.repository}/raw/v{__version__}/")
    assert (told["mimeType"], told["sizes"]) == ("image/png", ["512x512"])
    assert (ROOT / path).read_bytes() == drawn


def _pinned(name: str) -> str:
    (line,) = [
        line
        for line in (ROOT / "constraints/locked.txt").read_text("utf-8").splitlines()
        if line.startswith(f"{name}==")
    ]
    return line.removeprefix(f"{name}==")


def test_the_registry_finds_its_name_in_the_readme_and_on_the_image() -> None:
    assert f"<!-- mcp-name: {REGISTRY_NAME} -->" in (ROOT / "README.md").read_text("utf-8").splitlines()
    assert (
        f'LABEL io.modelcontextprotocol.server.name="{REGISTRY_NAME}"'
        in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    )
    assert len(manifests.registry(PROJECT)["description"]) <= 100
