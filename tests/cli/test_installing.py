"""`flintt-mcp install` and `uninstall` as a person says them: what is written, what is said, and that no key is in it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from flintt_mcp.hosts import HOST_NAMES
from tests.processes import COMMAND, environment

KEY = "flt_0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, without any host's command, and the key in the environment."""
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": str(tmp_path), "PATH": "", "FLINTT_API_KEY": KEY, "FLINTT_MCP_APPROVE": ""}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def entry(home: Path, path: str = ".cursor/mcp.json", section: str = "mcpServers") -> dict[str, Any]:
    return json.loads((home / path).read_text())[section]["flintt"]


@pytest.mark.parametrize("where", ["", "."])
def test_without_a_home_nothing_is_written_anywhere(
    say, home: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("HOME", where)
    monkeypatch.chdir(home)
    code, out, err = say("install", "cursor")
    assert (code, out) == (2, "")
    assert err.startswith("flintt-mcp: HOME is set to no whole path")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("host", HOST_NAMES)
def test_no_key_is_ever_printed(say, home: Path, host: str) -> None:
    for words in (["--dry-run"], [], ["--json"], ["--list"], ["--list", "--json"]):
        code, out, err = say("install", host, *words)
        assert (code, err) == (0, "")
        assert KEY not in out
    assert say("uninstall", host)[0] == 0


def test_an_install_says_what_it_did_where_the_key_is_and_what_to_do_next(say, home: Path) -> None:
    code, out, err = say("install", "cursor")
    assert (code, err) == (0, "")
    first, runs, key, after = out.splitlines()
    assert first == f"Cursor: flintt was added to {home}/.cursor/mcp.json"
    assert runs.split()[0] == "runs"
    assert key.endswith("FLINTT_API_KEY, from the environment that Cursor is started in")
    assert after.startswith("  next    ")
    assert say("install", "cursor")[1].startswith("Cursor: flintt is as it should be in ")
    assert (
        say("uninstall", "cursor")[1] == f"Cursor: flintt was taken out, as it was before, of {home}/.cursor/mcp.json\n"
    )
    assert say("uninstall", "cursor")[1] == f"Cursor: flintt is not in {home}/.cursor/mcp.json\n"


def test_a_dry_run_shows_the_entry_and_writes_nothing(say, home: Path) -> None:
    code, out, _ = say("install", "claude-desktop", "--toolsets", "docs,flintt", "--dry-run")
    assert code == 0
    assert out.startswith("Claude Desktop: flintt would be added to ")
    shown = json.loads(out[out.index("  {") :])
    assert shown["args"][shown["args"].index("--toolsets") + 1] == "docs,flintt"
    assert shown["env"] == {"FLINTT_API_KEY": "(FLINTT_API_KEY)"}
    assert not (home / ".config").exists()


def test_what_was_done_comes_as_json(say, home: Path) -> None:
    (done,) = json.loads(say("install", "cursor", "--json")[1])
    assert (done["host"], done["done"], done["file"]) == ("cursor", "added", f"{home}/.cursor/mcp.json")
    assert done["entry"] == entry(home)
    (done,) = json.loads(say("uninstall", "cursor", "--json")[1])
    assert (done["done"], done["entry"]) == ("restored", None)


def test_the_command_is_whole_and_starts_without_any_environment(home: Path) -> None:
    say = subprocess.run([COMMAND, "install", "claude-desktop"], env=environment(home, FLINTT_API_KEY=KEY), timeout=60)
    assert say.returncode == 0
    written = entry(home, ".config/Claude/claude_desktop_config.json")
    assert os.path.isabs(written["command"])
    started = subprocess.run([written["command"], "--version"], env={}, capture_output=True, text=True, timeout=60)
    assert started.stdout.startswith("flintt-mcp ")


def test_a_sandbox_needs_no_key_and_its_settings_go_along(say, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLINTT_API_KEY")
    assert say("install", "cursor", "--sandbox", "--read-only", "--toolsets", "all")[0] == 0
    assert "env" not in entry(home)
    assert {"--sandbox", "--read-only", "--toolsets", "all"} <= set(entry(home)["args"])


def test_the_url_of_an_api_goes_along(say, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINTT_API_URL", "https://api.example.com")
    assert say("install", "claude-desktop")[0] == 0
    assert entry(home, ".config/Claude/claude_desktop_config.json")["env"] == {
        "FLINTT_API_URL": "https://api.example.com",
        "FLINTT_API_KEY": KEY,
    }


def test_a_server_elsewhere_is_entered_with_the_key_in_a_header(say, home: Path) -> None:
    assert say("install", "cursor", "--remote", "https://mcp.example.com", "--toolsets", "docs,flintt")[0] == 0
    assert entry(home) == {
        "url": "https://mcp.example.com/mcp",
        "headers": {"X-API-Key": "${env:FLINTT_API_KEY}", "X-MCP-Toolsets": "docs,flintt"},
    }
    less = ("--tools", "get_doc,list_docs", "--exclude-tools", "list_docs", "--read-only")
    assert say("install", "cursor", "--remote", "https://mcp.example.com", *less)[0] == 0
    assert entry(home)["headers"] == {
        "X-API-Key": "${env:FLINTT_API_KEY}",
        "X-MCP-Tools": "get_doc,list_docs",
        "X-MCP-Exclude-Tools": "list_docs",
        "X-MCP-Readonly": "true",
    }
    assert say("install", "zed", "--remote", "http://127.0.0.1:8000/mcp", "--sandbox")[0] == 0
    assert entry(home, ".config/zed/settings.json", "context_servers") == {
        "url": "http://127.0.0.1:8000/mcp",
        "headers": {"X-API-Key": "flt_sandbox_key"},
    }


def test_keys_of_other_apis_go_along_when_they_are_there_and_are_named_when_not(
    say, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWPILOT_API_KEY", "fp_test_1")
    code, out, _ = say("install", "cursor", "--toolsets", "flintt,flowpilot,flowmaticx")
    assert code == 0
    assert entry(home)["env"] == {name: f"${{env:{name}}}" for name in ("FLINTT_API_KEY", "FLOWPILOT_API_KEY")}
    assert "FLOWMATICX_API_KEY is not set" in out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["install"], "install: say which host; there are claude-desktop, "),
        (["install", "cursr"], "install: no host 'cursr'; there are claude-desktop, "),
        (["install", "cursor", "--name", "my server"], "--name: at most 20 letters, digits and hyphens"),
        (["install", "claude-desktop", "--remote", "https://x.example"], "Claude Desktop takes no remote servers"),
        (["install", "cursor", "--remote", "https://x.example/mcp?api_key=flt_1"], "--remote: without a query"),
        (["install", "cursor", "--remote", "http://x.example/mcp"], "--remote: plain http only to this machine"),
        (["uninstall", "netscape"], "uninstall: no host 'netscape'"),
    ],
)
def test_what_cannot_be_installed_is_told_and_nothing_is_written(
    say, home: Path, words: list[str], problem: str
) -> None:
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert problem in err
    assert "flt_1" not in err
    assert [path.name for path in home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "FLINTT_API_KEY is not set, and the tools need a key. Set it, or "),
        ("${FLINTT_API_KEY}", "FLINTT_API_KEY holds a placeholder and no key"),
        ("flt_your_api_key", "FLINTT_API_KEY holds a placeholder and no key"),
        (
            "flt_sandbox_key",
            "FLINTT_API_KEY holds the sandbox's published key, which no hosted API takes. Add --sandbox",
        ),
        ("fp_test_123", "FLINTT_API_KEY holds no key of Flintt"),
        ("a password", "FLINTT_API_KEY holds no key of Flintt"),
    ],
)
def test_what_is_no_key_is_written_nowhere(
    say, home: Path, monkeypatch: pytest.MonkeyPatch, key: str, problem: str
) -> None:
    monkeypatch.setenv("FLINTT_API_KEY", key)
    code, out, err = say("install", "claude-desktop")
    assert (code, out) == (2, "")
    assert problem.lower() in err.lower()
    assert key == "" or key not in err
    assert not (home / ".config").exists()


def test_a_person_at_a_terminal_is_asked_for_the_key_and_sees_it_nowhere(
    say, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLINTT_API_KEY")
    monkeypatch.setattr("flintt_mcp.cli.installing.at_a_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: f" {KEY} ")
    code, out, err = say("install", "cursor")
    assert (code, err) == (0, "")
    assert KEY not in out
    assert "stands in that file, which is for you alone (mode 600)" in out
    assert entry(home)["env"] == {"FLINTT_API_KEY": KEY}


def test_the_list_says_which_hosts_are_here_and_where_each_keeps_its_servers(say, home: Path) -> None:
    say("install", "goose")
    (home / ".codex").mkdir()
    (home / ".codex/config.toml").write_text("= nonsense\n")
    lines = say("install", "--list")[1].splitlines()
    assert lines[0].split() == ["HOST", "HERE", "FLINTT", "CONFIGURATION"]
    told = {line.split()[0]: line.split(maxsplit=3)[1:] for line in lines[1:11]}
    assert told["goose"] == ["yes", "yes", f"{home}/.config/goose/config.yaml"]
    assert told["cursor"] == ["-", "-", f"{home}/.cursor/mcp.json"]
    assert told["codex"] == ["yes", "-", f"{home}/.codex/config.toml, line 1: it is not TOML"]
    rows = json.loads(say("install", "--list", "--json")[1])
    assert [row["host"] for row in rows] == list(HOST_NAMES)
    assert [row["host"] for row in rows if row["installed"]] == ["goose"]


def test_installs_that_come_together_lose_nothing_of_each_other(home: Path) -> None:
    names = [f"flintt-{number}" for number in range(4)]
    env = environment(home, FLINTT_API_KEY=KEY)
    running = [
        subprocess.Popen([COMMAND, "install", "cursor", "--name", name], env=env, stdout=subprocess.DEVNULL)
        for name in names
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    assert sorted(json.loads((home / ".cursor/mcp.json").read_text())["mcpServers"]) == names


def test_no_key_is_in_a_link_that_the_command_prints(say, home: Path) -> None:
    for words in ([], ["--remote", "https://mcp.example.com"]):
        code, out, err = say("links", "--json", *words)
        made = json.loads(out)
        assert (code, err, list(made)) == (0, "", ["cursor", "vscode", "goose"])
        seen = out + unquote(out) + base64.b64decode(parse_qs(urlsplit(made["cursor"]).query)["config"][0]).decode()
        assert KEY not in seen
    assert say("links")[1].splitlines()[::3] == ["Cursor", "VS Code", "Goose"]
    assert say("links", "--remote", "https://x.example/?api_key=flt_1")[0] == 2


def test_a_data_folder_that_cannot_be_made_is_told_and_nothing_is_written(say, home: Path) -> None:
    (home / "file").write_text("")
    code, out, err = say("install", "cursor", "--data-dir", f"{home}/file/folder")
    assert (code, out) == (2, "")
    assert err.startswith(f"flintt-mcp: {home}/file/folder cannot hold the lock of an install: ")
    assert "--data-dir" in err
    assert not (home / ".cursor").exists()
