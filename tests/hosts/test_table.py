"""Every host's file with an entry in it, as it stands in `golden/`, and where that file lies on each system.

The golden files were held against each host's documentation, and those of Claude Code, Codex and Gemini CLI against what their own
commands write. `make hosts` asks the real ones.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts import HOST_NAMES
from flintt_mcp.hosts.installing import places
from flintt_mcp.hosts.system import Kind
from flintt_mcp.hosts.table import BY_NAME, HOSTS, Place
from tests.hosts.machine import LOCAL, REMOTE, TYPED, install, machine, uninstall
from tests.page_tables import page, rows_of

GOLDEN = Path(__file__).parent / "golden"
ENDING = {"jsonc": "json", "toml": "toml", "yaml": "yaml"}
BEFORE = {
    "jsonc": "{\n  // a person wrote this\n"
    '  "theme": "dark",\n  "SECTION": {\n    "other": { "command": "/bin/other" }, // and this\n  },\n}\n',
    "toml": '# a person wrote this\nmodel = "o3"\n\n[mcp_servers.other]\ncommand = "/bin/other" # and this\n',
    "yaml": "# a person wrote this\nGOOSE_MODEL: o3\nextensions:\n  other:   # and this\n    cmd: /bin/other\n",
}

MAC = "Library/Application Support"
PATHS = {
    "claude-desktop": (
        f"{MAC}/Claude/claude_desktop_config.json",
        ".config/Claude/claude_desktop_config.json",
        "Roaming/Claude/claude_desktop_config.json",
    ),
    "claude-code": (".claude.json", ".claude.json", ".claude.json"),
    "cursor": (".cursor/mcp.json", ".cursor/mcp.json", ".cursor/mcp.json"),
    "vscode": (f"{MAC}/Code/User/mcp.json", ".config/Code/User/mcp.json", "Roaming/Code/User/mcp.json"),
    "windsurf": (".config/devin/mcp_config.json", ".config/devin/mcp_config.json", "Roaming/devin/mcp_config.json"),
    "zed": (".config/zed/settings.json", ".config/zed/settings.json", "Roaming/Zed/settings.json"),
    "codex": (".codex/config.toml", ".codex/config.toml", ".codex/config.toml"),
    "gemini": (".gemini/settings.json", ".gemini/settings.json", ".gemini/settings.json"),
    "goose": (".config/goose/config.yaml", ".config/goose/config.yaml", "Roaming/Block/goose/config/config.yaml"),
    "opencode": (
        ".config/opencode/opencode.json",
        ".config/opencode/opencode.json",
        ".config/opencode/opencode.json",
    ),
}
"""Host -> where its file lies below the home on macOS, Linux and Windows, from each host's documentation."""


KINDS: tuple[Kind, ...] = ("mac", "linux", "windows")
GOLDENS = [(host, way) for host in PATHS for way in ("local", "remote") if (host, way) != ("claude-desktop", "remote")]


def before(place: Place) -> str:
    return BEFORE[place.format].replace("SECTION", place.section[0])


def test_every_host_that_a_person_may_name_has_a_row_and_its_paths_stand_here() -> None:
    assert tuple(host.name for host in HOSTS) == HOST_NAMES == tuple(PATHS)


def test_there_is_a_golden_file_for_each_way_of_each_host_and_claude_desktop_takes_no_url() -> None:
    assert len(list(GOLDEN.iterdir())) == len(GOLDENS) == 2 * len(PATHS) - 1
    assert [host.name for host in HOSTS if host.remote_instead] == ["claude-desktop"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("host", "way"), GOLDENS)
def test_an_entry_stands_in_the_hosts_file_as_the_host_wants_it(
    host: str, kind: Kind, way: str, tmp_path: Path
) -> None:
    row, system = BY_NAME[host], machine(tmp_path, kind)
    file = tmp_path / PATHS[host][KINDS.index(kind)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before(row.places[0]))
    (plan,) = install(system, host, LOCAL if way == "local" else REMOTE)
    golden = GOLDEN / f"{host}.{way}.{ENDING[row.places[0].format]}"
    assert plan.file.path == file
    assert file.read_text() == golden.read_text()
    assert (file.stat().st_mode & 0o777, plan.backup.stat().st_mode & 0o777) == (0o600, 0o600)
    assert plan.backup.read_text() == before(row.places[0])
    assert [again.done for again in install(system, host, LOCAL if way == "local" else REMOTE)] == ["unchanged"]
    assert file.read_text() == golden.read_text()
    assert [gone.done for gone in uninstall(system, host)] == ["restored"]
    assert file.read_text() == before(row.places[0])
    assert not plan.backup.exists()


@pytest.mark.parametrize("host", PATHS)
def test_a_file_that_was_not_there_is_made_and_is_gone_again(host: str, tmp_path: Path) -> None:
    system = machine(tmp_path)
    (plan,) = install(system, host)
    assert plan.file.path.exists()
    assert [gone.done for gone in uninstall(system, host)] == ["restored"]
    assert not plan.file.path.exists()
    assert [gone.done for gone in uninstall(system, host)] == ["absent"]


@pytest.mark.parametrize("host", PATHS)
def test_a_key_is_written_only_where_the_host_has_no_other_way(host: str, tmp_path: Path) -> None:
    (plan,) = install(machine(tmp_path), host)
    holds = "flt_secret" in plan.file.path.read_text()
    assert holds is (host in ("claude-desktop", "zed"))
    assert "flt_secret" not in f"{plan!r}"


def test_a_key_that_was_typed_stands_in_the_file_and_vs_code_asks_for_it_by_itself(tmp_path: Path) -> None:
    for host in PATHS:
        (plan,) = install(machine(tmp_path), host, replace(LOCAL, keys=(TYPED,)))
        assert ("flt_secret" in plan.file.path.read_text()) is (host != "vscode"), host


def packaged(home: Path, *names: str) -> list[Path]:
    """The folders of packages of Claude Desktop on Windows, beside the one that an older version used."""
    (home / "Roaming/Claude").mkdir(parents=True)
    folders = [home / f"Local/Packages/{name}/LocalCache/Roaming/Claude" for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def test_the_packaged_claude_desktop_of_windows_has_its_own_folder(tmp_path: Path) -> None:
    (folder,) = packaged(tmp_path, "Claude_a1")
    (plan,) = install(machine(tmp_path, "windows"), "claude-desktop")
    assert plan.file.path == folder / "claude_desktop_config.json"


def test_two_packages_of_claude_desktop_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    packaged(tmp_path, "Claude_a1", "Claude_b2")
    with pytest.raises(ConfigError, match="more than once"):
        install(machine(tmp_path, "windows"), "claude-desktop")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_both_files_of_windsurf_are_written_where_the_older_one_is_there(tmp_path: Path) -> None:
    system = machine(tmp_path)
    (tmp_path / ".codeium/windsurf").mkdir(parents=True)
    first, second = install(system, "windsurf", REMOTE)
    assert '"url": "https://mcp.example.com/mcp"' in first.file.path.read_text()
    assert '"serverUrl": "https://mcp.example.com/mcp"' in second.file.path.read_text()


def test_folders_that_a_variable_moves_are_found_there(tmp_path: Path) -> None:
    moved = {
        "XDG_CONFIG_HOME": f"{tmp_path}/xdg",
        "CODEX_HOME": f"{tmp_path}/codex",
        "CLAUDE_CONFIG_DIR": f"{tmp_path}/cc",
    }
    system = replace(machine(tmp_path), environment={"PATH": "", **moved})
    (tmp_path / "codex").mkdir()
    (tmp_path / "cc").mkdir()
    found = {host: [path for _, path in places(BY_NAME[host], system)] for host in ("zed", "codex", "claude-code")}
    assert found == {
        "zed": [tmp_path / "xdg/zed/settings.json"],
        "codex": [tmp_path / "codex/config.toml"],
        "claude-code": [tmp_path / "cc/.claude.json"],
    }


def test_a_file_of_either_name_is_taken_where_a_host_knows_two(tmp_path: Path) -> None:
    system = machine(tmp_path)
    folder = tmp_path / ".config/opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.jsonc").write_text("{}")
    assert [plan.file.path for plan in install(system, "opencode")] == [folder / "opencode.jsonc"]


def test_the_page_for_people_says_of_each_host_where_its_servers_stand_and_how_it_gets_the_key() -> None:
    rows = rows_of(page("mcp-setup.md"), "application")
    told = [tuple(row.values())[:4] for row in rows]
    linux = [(host, host.places[0].paths["linux"][-1].replace("{XDG_CONFIG_HOME}", "~/.config")) for host in HOSTS]
    assert told == [(host.title, host.name, path, host.places[0].section[0]) for host, path in linux]
    for host, row in zip(HOSTS, rows, strict=True):
        entry = json.dumps([host.places[0].shape.entry(server) for server in (LOCAL, REMOTE)])
        assert ("flt_secret" in entry) is (row["the key"] == "in the file")
        assert "flt_secret" in entry or re.split("[`,]", row["the key"])[0] in entry
