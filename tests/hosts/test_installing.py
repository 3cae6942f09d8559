"""What a host's file may be like: a link, read-only, half written, of Windows, huge; and who else may write it meanwhile."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts.document import edit
from flintt_mcp.hosts.installing import carry_out, plan_install, standing
from flintt_mcp.hosts.table import BY_NAME
from tests.hosts.machine import LOCAL, REMOTE, TYPED, install, machine, uninstall


def cursor_file(home: Path, text: str | bytes) -> Path:
    file = home / ".cursor/mcp.json"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    ("host", "path", "text", "line"),
    [
        ("cursor", ".cursor/mcp.json", '{\n  "mcpServers": {\n    "a": {}\n    "b": {}\n  }\n}\n', 4),
        ("cursor", ".cursor/mcp.json", '{\n  "mcpServers": []\n}\n', 2),
        ("codex", ".codex/config.toml", "model = 'o3'\nmodel = 'o4'\n", 2),
        ("goose", ".config/goose/config.yaml", "a: 1\nb: [\n", 3),
        ("zed", ".config/zed/settings.json", b"{\n  // caf\xe9\n}\n", 2),
        ("cursor", ".cursor/mcp.json", '{"mcpServers": {}}'.encode("utf-16"), 1),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line_and_left_alone(
    host: str, path: str, text: str | bytes, line: int, tmp_path: Path
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    content = text.encode() if isinstance(text, str) else text
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        install(machine(tmp_path), host)
    assert f"{file}, line {line}: " in refused.value.message
    assert "left alone" in refused.value.advice
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [file]
    assert file.read_bytes() == content


def test_a_link_stays_a_link_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "cursor.json").write_text("{}\n")
    (tmp_path / ".cursor").mkdir()
    link = tmp_path / ".cursor/mcp.json"
    link.symlink_to("../dotfiles/cursor.json")
    (plan,) = install(machine(tmp_path), "cursor")
    assert link.is_symlink()
    assert plan.file.path == dotfiles / "cursor.json"
    assert "flintt" in json.loads(link.read_text())["mcpServers"]
    uninstall(machine(tmp_path), "cursor")
    assert (link.is_symlink(), link.read_text()) == (True, "{}\n")


def test_links_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor/mcp.json").symlink_to("mcp.json")
    with pytest.raises(ConfigError, match="cannot be read"):
        install(machine(tmp_path), "cursor")


def test_a_read_only_file_is_somebody_elses_to_write(tmp_path: Path) -> None:
    file = cursor_file(tmp_path, "{}\n")
    file.chmod(0o444)
    with pytest.raises(ConfigError, match="is read-only, and was left alone"):
        install(machine(tmp_path), "cursor")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("{}\n", 0o444)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".cursor/mcp.json").mkdir(parents=True)
    with pytest.raises(ConfigError, match="is no file"):
        install(machine(tmp_path), "cursor")


@pytest.mark.parametrize("text", ['\ufeff{\r\n\t"mcpServers": {\r\n\t\t"other": {}\r\n\t}\r\n}\r\n', "", "{}", " \n"])
def test_marks_ends_of_lines_and_files_that_hold_nothing_come_back_as_they_were(text: str, tmp_path: Path) -> None:
    file = cursor_file(tmp_path, text)
    install(machine(tmp_path), "cursor")
    written = file.read_bytes().decode()
    assert written.startswith("\ufeff") is text.startswith("\ufeff")
    assert edit.value("jsonc", written.removeprefix("\ufeff"))["mcpServers"]["flintt"]
    assert ("\n" in written.replace("\r\n", "")) is ("\r\n" not in text)
    uninstall(machine(tmp_path), "cursor")
    assert file.read_bytes().decode() == text


def test_a_home_with_spaces_quotes_and_other_letters_is_a_home(tmp_path: Path) -> None:
    home = tmp_path / 'Zoë\'s "home" 家'
    home.mkdir()
    server = replace(LOCAL, words=(f"{home}/bin/flintt-mcp", "stdio"))
    for host in ("cursor", "codex", "goose", "zed"):
        (plan,) = install(machine(home), host, server)
        entry = edit.at(edit.value(plan.place.format, plan.file.path.read_text()), [*plan.place.section, "flintt"])
        assert f"{home}/bin/flintt-mcp" in entry.values()
        assert [again.done for again in install(machine(home), host, server)] == ["unchanged"]


@pytest.mark.parametrize("key", ["flt_$(reboot)`;'\"\\", "flt_%PATH%", "flt_#: yes", "flt_{}[]&*!|>"])
def test_a_key_of_any_signs_is_written_as_it_is(key: str, tmp_path: Path) -> None:
    server = replace(LOCAL, keys=(replace(TYPED, value=key),))
    for host in ("claude-desktop", "codex", "goose", "opencode"):
        (plan,) = install(machine(tmp_path), host, server)
        entry = edit.at(edit.value(plan.place.format, plan.file.path.read_text()), [*plan.place.section, "flintt"])
        assert entry[plan.place.shape.env] == {"FLINTT_API_KEY": key}


def test_a_large_file_keeps_every_other_byte(tmp_path: Path) -> None:
    history = {f"/project/{number}": {"history": ["x" * 200] * 20} for number in range(2_000)}
    text = json.dumps({"projects": history, "mcpServers": {"other": {}}}, indent=2)
    assert len(text) > 8_000_000
    file = tmp_path / ".claude.json"
    file.write_text(text)
    install(machine(tmp_path), "claude-code")
    start = text.index('"other": {}') + len('"other": {}')
    written = file.read_text()
    assert written.startswith(text[:start])
    assert written.endswith(text[start:])


def test_what_a_person_changed_after_the_install_stays_when_it_is_taken_out(tmp_path: Path) -> None:
    file = cursor_file(tmp_path, '{\n  "mcpServers": {}\n}\n')
    (plan,) = install(machine(tmp_path), "cursor")
    file.write_text(file.read_text().replace("{\n", '{\n  "mine": true,\n', 1))
    assert [gone.done for gone in uninstall(machine(tmp_path), "cursor")] == ["removed"]
    assert json.loads(file.read_text()) == {"mine": True, "mcpServers": {}}
    assert not plan.backup.exists()


def test_another_entry_of_that_name_is_kept_in_the_backup_and_the_first_backup_stays(tmp_path: Path) -> None:
    mine = '{"mcpServers": {"flintt": {"command": "by-hand"}}}'
    file = cursor_file(tmp_path, mine)
    (plan,) = install(machine(tmp_path), "cursor")
    (again,) = install(machine(tmp_path), "cursor", REMOTE)
    assert (plan.done, again.done) == ("changed", "changed")
    assert plan.backup.read_text() == mine
    uninstall(machine(tmp_path), "cursor")
    assert not file.exists()


def test_a_host_that_writes_its_file_meanwhile_loses_nothing(tmp_path: Path) -> None:
    file = cursor_file(tmp_path, "{}\n")
    system = machine(tmp_path)
    (plan,) = plan_install(BY_NAME["cursor"], system, LOCAL)
    file.write_text('{"by": "the host"}\n')
    with pytest.raises(ConfigError, match="changed meanwhile, and was left alone"):
        carry_out(plan, system)
    assert file.read_text() == '{"by": "the host"}\n'


def test_the_questions_of_vs_code_go_with_the_last_entry_that_asks_them(tmp_path: Path) -> None:
    system = machine(tmp_path)
    file = tmp_path / ".config/Code/User/mcp.json"
    file.parent.mkdir(parents=True)
    file.write_text('{\n  "inputs": [\n    {"id": "mine", "type": "promptString"}\n  ]\n}\n')
    install(system, "vscode")
    install(system, "vscode", replace(REMOTE, name="elsewhere"))
    assert [one["id"] for one in json.loads(file.read_text())["inputs"]] == ["mine", "flintt-api-key"]
    uninstall(system, "vscode")
    assert [one["id"] for one in json.loads(file.read_text())["inputs"]] == ["mine", "flintt-api-key"]
    uninstall(system, "vscode", "elsewhere")
    assert [one["id"] for one in json.loads(file.read_text())["inputs"]] == ["mine"]


def own_command(home: Path, name: str, body: str) -> str:
    """A folder with a command of that name; what it was told goes into a file beside it."""
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    command = folder / name
    command.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nhome = os.environ['HOME']\n"
        f"open(home + '/told', 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n{body}\n"
    )
    command.chmod(0o755)
    return str(folder)


WRITES = """
path = home + '/.claude.json'
tree = json.load(open(path)) if os.path.exists(path) else {}
servers = tree.setdefault('mcpServers', {})
if sys.argv[2] == 'remove': del servers[sys.argv[-1]]
else: servers[sys.argv[-2]] = json.loads(sys.argv[-1])
open(path, 'w').write(json.dumps(tree))
"""


def told(home: Path) -> list[list[str]]:
    file = home / "told"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_the_hosts_own_command_does_it_where_there_is_one(tmp_path: Path) -> None:
    system = machine(tmp_path, path=own_command(tmp_path, "claude", WRITES))
    assert [plan.done for plan in install(system, "claude-code")] == ["added"]
    assert [plan.done for plan in install(system, "claude-code")] == ["unchanged"]
    assert [plan.done for plan in install(system, "claude-code", REMOTE)] == ["changed"]
    entry = json.loads((tmp_path / ".claude.json").read_text())["mcpServers"]["flintt"]
    assert entry["url"] == REMOTE.url
    assert [words[1] for words in told(tmp_path)] == ["add-json", "remove", "add-json"]
    assert [plan.done for plan in uninstall(system, "claude-code")] == ["restored"]
    assert not (tmp_path / ".claude.json").exists()


@pytest.mark.parametrize("body", ["sys.exit(1)", "os.kill(os.getpid(), 9)", "pass"])
def test_a_command_that_fails_leaves_it_to_the_file(body: str, tmp_path: Path) -> None:
    system = machine(tmp_path, path=own_command(tmp_path, "claude", body))
    assert [plan.done for plan in install(system, "claude-code")] == ["added"]
    assert "flintt" in json.loads((tmp_path / ".claude.json").read_text())["mcpServers"]


def test_no_key_is_among_the_words_of_a_command(tmp_path: Path) -> None:
    folders = {own_command(tmp_path, name, "pass") for name in ("claude", "codex", "gemini")}
    system = machine(tmp_path, path=os.pathsep.join(folders))
    for host in ("claude-code", "codex", "gemini"):
        for server in (LOCAL, replace(LOCAL, name="typed", keys=(TYPED,)), replace(REMOTE, name="far", keys=(TYPED,))):
            install(system, host, server)
    assert len(told(tmp_path)) == 2
    assert "flt_secret" not in json.dumps(told(tmp_path))


def test_the_words_of_codex_and_gemini_are_those_that_their_commands_know(tmp_path: Path) -> None:
    folders = {own_command(tmp_path, name, "pass") for name in ("codex", "gemini")}
    system = machine(tmp_path, path=os.pathsep.join(folders))
    install(system, "codex", replace(LOCAL, keys=()))
    install(system, "gemini", LOCAL)
    install(system, "gemini", replace(REMOTE, name="far", headers={}))
    command = "/opt/flintt tools/flintt-mcp"
    assert told(tmp_path) == [
        ["mcp", "add", "flintt", "--", command, "stdio"],
        *[["mcp", "add", "--scope", "user", "flintt", command, "-e", "FLINTT_API_KEY=$FLINTT_API_KEY", "--", "stdio"]],
        ["mcp", "add", "--scope", "user", "--transport", "http", "far", REMOTE.url, "-H", "X-API-Key: $FLINTT_API_KEY"],
    ]


def test_a_machine_says_of_each_host_how_it_stands(tmp_path: Path) -> None:
    cursor_file(tmp_path, "{ nonsense")
    system = machine(tmp_path, path=own_command(tmp_path, "goose", "pass"))
    install(system, "zed")
    rows = {
        name: standing(BY_NAME[name], system, "flintt") for name in ("cursor", "zed", "goose", "codex", "claude-code")
    }
    assert {name: (row.here, row.has_entry) for name, row in rows.items()} == {
        "cursor": (True, False),
        "zed": (True, True),
        "goose": (True, False),
        "codex": (False, False),
        "claude-code": (False, False),
    }
    assert rows["cursor"].problem == f"{tmp_path}/.cursor/mcp.json, line 1: it is not JSON"
