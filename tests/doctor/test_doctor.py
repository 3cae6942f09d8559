"""`flintt-mcp doctor` on a machine that is a folder, beside a sandbox that plays the API in another process."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flintt_mcp.doctor.server import look_at_server
from flintt_mcp.offers.early import early_inventory
from flintt_mcp.settings import Settings
from tests.processes import BIN, COMMAND, SANDBOX_READY, closed_port, environment, running

pytestmark = pytest.mark.long

SCHEMA = json.loads((Path(__file__).parent / "report.schema.json").read_text("utf-8"))
KEY = "flt_0123456789abcdef"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of the API of a sandbox."""
    env = environment(tmp_path_factory.mktemp("api"))
    with running([COMMAND, "sandbox", "--port", "0"], env) as process:
        yield process.wait_for(SANDBOX_READY)["base"] + "/flintt"


@pytest.fixture
def env(tmp_path: Path, api: str) -> dict[str, str]:
    """The environment of somebody for whom all is well."""
    return environment(
        tmp_path, FLINTT_API_URL=api, FLINTT_API_KEY="flt_sandbox_key", FLINTT_MCP_PORT="0", PIP_NO_INDEX="1"
    )


def doctor(env: dict[str, str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the findings; they fit the schema, and no key is in them."""
    done = subprocess.run([COMMAND, "doctor", "--json", *words], env=env, capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    key = env.get("FLINTT_API_KEY", "")
    assert key in ("", "flt_sandbox_key") or key not in done.stdout + done.stderr
    return done.returncode, report["findings"]


def wrong(findings: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["group"], one["said"], one["remedy"]) for one in findings if one["state"] != "ok"]


def install(env: dict[str, str], host: str, *words: str) -> None:
    subprocess.run([COMMAND, "install", host, *words], env=env, check=True, capture_output=True, timeout=60)


def test_where_all_is_well_it_says_so_and_ends_well(env: dict[str, str]) -> None:
    install(env, "cursor")
    code, findings = doctor(env)
    assert (code, wrong(findings)) == (0, [])
    assert [one["group"] for one in findings] == [
        *("command", "versions", "data", "api", "key", "server", "server", "server", "hosts", "port")
    ]
    assert {one["name"]: one["said"] for one in findings}[
        "stdio: tools/list"
    ] == f"{len(early_inventory(Settings(), {}))} tools listed"
    assert sum(one.get("milliseconds", 0) for one in findings if one["group"] == "server") > 0


def test_a_person_reads_signs_words_and_a_sum(env: dict[str, str]) -> None:
    env["FLINTT_API_KEY"] = "flt_your_api_key"
    done = subprocess.run([COMMAND, "doctor"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert (
        "key\n  ✗ Flintt: FLINTT_API_KEY holds a placeholder and no key\n      → a key looks like flt_" in done.stdout
    )
    assert done.stdout.splitlines()[-1].endswith("1 to look at, 1 wrong")


def test_the_sandbox_needs_nothing_from_outside(tmp_path: Path) -> None:
    env = environment(tmp_path, FLINTT_MCP_PORT="0", PIP_NO_INDEX="1")
    install(env, "codex", "--sandbox")
    code, findings = doctor(env, "--sandbox")
    assert (code, wrong(findings)) == (0, [])


@pytest.mark.parametrize(
    ("key", "said", "remedy"),
    [
        ("", "FLINTT_API_KEY is not set", "set it: a key looks like flt_"),
        ("${user_config.api_key}", "FLINTT_API_KEY holds a placeholder and no key", "a key looks like flt_"),
        ("fp_test_1", "FLINTT_API_KEY holds no key of Flintt", "a key looks like flt_"),
        (KEY, "Flintt does not accept this key (401)", "Check that the key"),
    ],
)
def test_a_key_that_is_missing_unfilled_of_another_api_or_refused_is_told(
    env: dict[str, str], key: str, said: str, remedy: str
) -> None:
    env["FLINTT_API_KEY"] = key
    code, findings = doctor(env)
    problems = [one for one in wrong(findings) if one[0] == "key"]
    assert (code, len(problems)) == (1, 1)
    assert said in problems[0][1]
    assert problems[0][2].lower().startswith(remedy.lower()), problems


def test_an_api_that_does_not_answer_is_told_and_its_key_is_not_judged(env: dict[str, str]) -> None:
    env["FLINTT_API_URL"] = f"http://127.0.0.1:{closed_port()}"
    code, findings = doctor(env)
    assert code == 1
    (problem,) = [one for one in wrong(findings) if one[0] != "hosts"]
    assert problem[0] == "api"
    assert problem[1].startswith("No answer from 127.0.0.1: connection refused")
    assert problem[2] == "nothing listens there: check the URL, or start what should listen"
    assert "key" not in [one["group"] for one in findings]


def test_a_clock_that_is_off_is_told(env: dict[str, str]) -> None:
    class Old(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Fri, 01 Jan 2021 00:00:00 GMT"

        def do_GET(self) -> None:
            self.send_error(401)

        def log_message(self, *words: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Old) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env["FLINTT_API_URL"] = f"http://127.0.0.1:{server.server_port}"
        told = [one for one in wrong(doctor(env)[1]) if one[0] == "api"]
        server.shutdown()
    assert len(told) == 1
    assert re.fullmatch(r"this clock is \d+ s ahead of 127.0.0.1", told[0][1])
    assert told[0][2] == "set the clock of this machine by the network"


def test_a_setting_that_cannot_work_is_told(env: dict[str, str]) -> None:
    done = subprocess.run(
        [COMMAND, "doctor", "--toolsets", "nonsense"], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "✗ settings: --toolsets: no toolset 'nonsense'" in done.stdout


def test_a_url_that_is_none_is_told(env: dict[str, str]) -> None:
    env["FLINTT_API_URL"] = "nonsense"
    code, findings = doctor(env)
    assert code == 1
    assert ("settings", "FLINTT_API_URL: a URL such as https://api.example.com") in [one[:2] for one in wrong(findings)]


def test_an_entry_whose_command_is_gone_is_told_and_another_install_mends_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    install(env, "cursor")
    file = tmp_path / ".cursor/mcp.json"
    file.write_text(file.read_text().replace(COMMAND, "/old/venv/bin/flintt-mcp"))
    code, findings = doctor(env, "--host", "cursor")
    assert code == 1
    said = "its entry starts /old/venv/bin/flintt-mcp, which is not there"
    assert wrong(findings) == [("hosts", said, "`flintt-mcp install cursor`")]
    install(env, "cursor")
    assert doctor(env, "--host", "cursor")[0] == 0


def test_a_file_that_cannot_be_read_is_told_with_its_line(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex/config.toml").write_text("model = 'o3'\nbroken\n")
    code, findings = doctor(env)
    assert code == 1
    assert [one[1] for one in wrong(findings)] == [f"{tmp_path}/.codex/config.toml, line 2: it is not TOML"]


@pytest.mark.parametrize("value", ["flt_your_api_key", "${user_config.api_key}"])
def test_a_placeholder_in_an_entry_is_told(env: dict[str, str], tmp_path: Path, value: str) -> None:
    install(env, "claude-desktop")
    file = tmp_path / ".config/Claude/claude_desktop_config.json"
    file.write_text(file.read_text().replace("flt_sandbox_key", value))
    said = "FLINTT_API_KEY in its entry is a placeholder that nobody filled in"
    remedy = "`flintt-mcp install claude-desktop`, with the key in FLINTT_API_KEY"
    assert ("hosts", said, remedy) in wrong(doctor(env)[1])


def test_a_variable_that_an_entry_needs_and_that_is_not_set_is_told(env: dict[str, str]) -> None:
    for host in ("cursor", "codex", "goose", "gemini"):
        install(env, host)
    del env["FLINTT_API_KEY"]
    told = [one["name"] for one in doctor(env)[1] if one["group"] == "hosts" and one["state"] == "warning"]
    assert told == ["Cursor", "Codex", "Gemini CLI", "Goose"]


def test_a_url_in_the_file_of_claude_desktop_is_told(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / ".config/Claude/claude_desktop_config.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"mcpServers": {"flintt": {"type": "sse", "url": "http://127.0.0.1:8000/mcp"}}}')
    (problem,) = wrong(doctor(env)[1])
    assert problem[1] == "its entry has a URL, which it does not take"
    assert "Settings, Connectors" in problem[2]


def test_what_others_can_read_is_told_and_mended_on_request(env: dict[str, str], tmp_path: Path) -> None:
    env["FLINTT_API_KEY"] = KEY
    install(env, "claude-desktop")
    file = tmp_path / ".config/Claude/claude_desktop_config.json"
    file.chmod(0o644)
    (tmp_path / "data").chmod(0o755)
    found = [one for one in doctor(env)[1] if one.get("mendable")]
    assert [one["group"] for one in found] == ["data", "hosts"]
    assert [one for one in doctor(env, "--fix")[1] if one.get("mendable")] == []
    assert (file.stat().st_mode & 0o777, (tmp_path / "data").stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_port_that_is_taken_is_told(env: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env["FLINTT_MCP_PORT"] = str(taken.getsockname()[1])
        told = [one for one in wrong(doctor(env)[1]) if one[0] == "port"]
    assert [remedy for _, _, remedy in told] == ["`flintt-mcp serve --port 0` takes a free one; stdio needs none"]


def test_a_host_without_an_entry_is_told_when_it_was_asked_for(env: dict[str, str]) -> None:
    code, findings = doctor(env, "--host", "zed")
    assert code == 1
    assert [remedy for group, _, remedy in wrong(findings) if group == "hosts"] == ["`flintt-mcp install zed`"]
    done = subprocess.run([COMMAND, "doctor", "--host", "emacs"], env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no host 'emacs'" in done.stderr


PRINTS = "print('hello'); import runpy, sys; sys.argv = ['flintt-mcp', 'stdio']; "
PRINTS += "runpy.run_module('flintt_mcp', run_name='__main__')"
STOPS = "import sys; print('flintt-mcp: --port: a whole number', file=sys.stderr); sys.exit(2)"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (PRINTS, "1 lines on stdout are no messages"),
        (STOPS, "--port: a whole number"),
        ("pass", "no answer within 10 s, or it ended before"),
    ],
)
def test_a_server_that_prints_or_does_not_start_is_told(program: str, said: str, tmp_path: Path) -> None:
    findings = list(look_at_server([sys.executable, "-c", program], environment(tmp_path)))
    assert [(one.state, one.said) for one in findings if one.state != "ok"] == [("error", said)]
    assert findings[-1].remedy


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    (finding,) = look_at_server([str(BIN / "nothing")], environment(tmp_path))
    assert (finding.state, finding.said) == ("error", f"{BIN}/nothing cannot be started: no such file or directory")
