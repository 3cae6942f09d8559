"""Output never fails what was done: an encoding that lacks a character, a full disk, a closed stream, a reader who left."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from flintt_mcp.offers.early import early_inventory
from flintt_mcp.settings import Settings
from tests.certain import there
from tests.processes import COMMAND, closed_port, environment, patiently

pytestmark = pytest.mark.long

NAME = "Kestrel Ω 🚀 é €"
CREATE = ["call", "create_company", "--sandbox", "--name", NAME]
FULL = "no space left on device"


@pytest.fixture
def env(seeded: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose data folder holds a fresh sandbox."""
    shutil.copytree(seeded, tmp_path / "data")
    return environment(tmp_path)


def shell(
    words: list[str], redirected: str, env: Mapping[str, str], **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """A command line as a shell runs it, with its streams redirected."""
    line = f"{COMMAND} {shlex.join(words)} {redirected}"
    return subprocess.run(line, shell=True, env={**env, **variables}, capture_output=True, timeout=60)


def companies(env: Mapping[str, str]) -> list[str]:
    with closing(sqlite3.connect(f"{env['FLINTT_MCP_DATA_DIR']}/sandbox.db")) as file:
        return [name for (name,) in file.execute("SELECT name FROM flintt_companies WHERE name LIKE 'Kestrel %'")]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-16", "utf-8"])
def test_what_an_encoding_lacks_is_written_as_an_escape(env: dict[str, str], encoding: str) -> None:
    done = shell(CREATE, "", env, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr, companies(env)) == (0, b"", [NAME])
    assert NAME.encode(encoding, "backslashreplace").decode(encoding) in done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_json_stays_json_in_every_encoding(env: dict[str, str], encoding: str) -> None:
    done = shell([*CREATE, "--json"], "", env, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.decode(encoding))["company"]["name"] == NAME
    tools = shell(["tools", "--json"], "", env, PYTHONIOENCODING=encoding)
    assert (len(json.loads(tools.stdout.decode(encoding))), tools.stderr) == (len(early_inventory(Settings(), {})), b"")


@pytest.mark.parametrize(("redirected", "reason"), [("> /dev/full", FULL), (">&-", "it is closed")])
def test_a_change_whose_result_cannot_be_written_is_done_and_its_result_is_on_stderr(
    env: dict[str, str], redirected: str, reason: str
) -> None:
    done = shell([*CREATE, "--json"], redirected, env)
    assert (done.returncode, done.stdout, companies(env)) == (0, b"", [NAME])
    first, result = done.stderr.decode().split("\n", 1)
    assert first == (
        "flintt-mcp: create_company was done, and need not be done again; its result could not be written to stdout: "
        f"{reason}. It is:"
    )
    assert json.loads(result)["company"]["name"] == NAME


@pytest.mark.parametrize(("redirected", "reason"), [("> /dev/full", FULL), (">&-", "it is closed")])
@pytest.mark.parametrize(
    "words",
    [
        ["call", "list_signals", "--sandbox"],
        ["tools"],
        ["tools", "--json", "--toolsets", "all"],
        ["sandbox", "token"],
    ],
    ids=" ".join,
)
def test_a_look_whose_result_cannot_be_written_has_failed(
    env: dict[str, str], words: list[str], redirected: str, reason: str
) -> None:
    done = shell(words, redirected, env)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"flintt-mcp: the result could not be written to stdout: {reason}\n"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["serve", "--help"], ["sandbox", "run-signal", "--help"]])
def test_help_that_cannot_be_written_says_so(env: dict[str, str], words: list[str]) -> None:
    done = shell(words, "> /dev/full", env)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"flintt-mcp: the result could not be written to stdout: {FULL}\n"


@pytest.mark.parametrize("words", [CREATE, ["tools", "--json", "--toolsets", "all"], ["serve", "--help"]])
def test_a_reader_who_has_seen_enough_is_no_failure(env: dict[str, str], words: list[str]) -> None:
    with subprocess.Popen([COMMAND, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        there(process.stdout).close()
        assert (there(process.stderr).read(), process.wait(60)) == (b"", 0)


def test_without_any_stream_a_change_is_done_and_no_other_file_is_taken_for_one(env: dict[str, str]) -> None:
    assert shell(CREATE, "<&- >&- 2>&-", env).returncode == 0
    assert companies(env) == [NAME]
    with closing(sqlite3.connect(f"{env['FLINTT_MCP_DATA_DIR']}/sandbox.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("redirected", ["2>&-", "2> /dev/full"])
def test_what_is_wrong_does_not_go_to_stdout_where_stderr_cannot_take_it(env: dict[str, str], redirected: str) -> None:
    refused = shell(["call", "list_company"], redirected, env)
    wrong = shell(["serve", "--port", "eighty"], redirected, env)
    assert [(done.returncode, done.stdout, done.stderr) for done in (refused, wrong)] == [(1, b"", b""), (2, b"", b"")]


@pytest.mark.parametrize("redirected", ["2>&-", "2> /dev/full"])
def test_a_server_that_cannot_say_that_it_is_ready_serves(env: dict[str, str], redirected: str) -> None:
    port = closed_port()
    line = f"exec {COMMAND} serve --port {port} {redirected}"
    with subprocess.Popen(line, shell=True, env=env) as process:
        try:
            assert patiently(lambda: answers(port), bool)
        finally:
            process.terminate()
    assert process.returncode == 0


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("at_first", [True, False])
def test_a_receiver_whose_lines_nobody_can_have_ends_and_takes_its_webhook_along(
    env: dict[str, str], at_first: bool
) -> None:
    command = [COMMAND, "sandbox", "listen", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        if not at_first:
            assert there(process.stdout).readline().startswith(b"Listening at ")
        there(process.stdout).close()
        if not at_first:
            assert shell(CREATE, "", env).returncode == 0
        assert (there(process.stderr).read(), process.wait(60)) == (b"", 0)
    with closing(sqlite3.connect(f"{env['FLINTT_MCP_DATA_DIR']}/sandbox.db")) as file:
        assert file.execute("SELECT * FROM webhook_endpoints").fetchall() == []
