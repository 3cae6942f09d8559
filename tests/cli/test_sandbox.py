"""`flintt-mcp sandbox ACTION`: each action as a person runs it, what it prints, and how it says no."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from flintt_mcp.calls.reply import objects_of
from flintt_mcp.cli.main import run
from flintt_mcp.cli.parser import ACTIONS
from flintt_mcp.sandbox.server import open_sandbox
from tests.certain import there
from tests.end_to_end.scene import PAGE, feed, flintt_mcp, said
from tests.processes import COMMAND, Process, environment, running, serving

NOBODY = "00000000-0000-4000-8000-000000000000"
LISTENS = re.compile(r"^Listening at (http://127\.0\.0\.1:\d+/) for (.+)\. Ctrl-C ends it and removes the webhook\.$")


@pytest.fixture
def env(seeded: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose data folder holds a fresh sandbox."""
    shutil.copytree(seeded, tmp_path / "data")
    return environment(tmp_path)


def called(tool: str, *words: str, env: Mapping[str, str], toolset: str = "all") -> dict[str, Any]:
    """The structured result of a tool, called from the shell."""
    out = flintt_mcp("call", tool, *words, "--sandbox", "--json", "--toolsets", toolset, env=env)
    return json.loads(out, parse_float=Decimal)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "sandbox.db")) as connection:
        return connection.execute(query).fetchall()


def data_of(env: Mapping[str, str]) -> Path:
    return Path(env["FLINTT_MCP_DATA_DIR"])


async def managed(folder: Path, token: str, path: str) -> httpx2.Response:
    """What a management endpoint answers to a token."""
    async with (
        open_sandbox(folder) as sandbox,
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=sandbox.app),
            base_url="http://sandbox/flintt/",
            headers={"Authorization": f"Bearer {token}"},
        ) as client,
    ):
        return await client.get(path)


def test_the_token_opens_the_management_api_and_each_user_has_one_of_their_own(env: dict[str, str]) -> None:
    tokens = [flintt_mcp("sandbox", "token", *words, env=env) for words in ((), ("--second",))]
    keys = [anyio.run(managed, data_of(env), token.strip(), "api/api-keys") for token in tokens]

    assert all(re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", token) for token in tokens)
    assert [answer.status_code for answer in keys] == [200, 200]
    assert {key["id"] for key in keys[0].json()}.isdisjoint(key["id"] for key in keys[1].json())


def test_options_before_the_action_and_after_it_count(env: dict[str, str], tmp_path: Path) -> None:
    for place, words in {"before": ("--data-dir", "X", "token"), "after": ("token", "--data-dir", "X")}.items():
        folder = tmp_path / place
        token = flintt_mcp("sandbox", *(str(folder) if word == "X" else word for word in words), env=env).strip()
        assert anyio.run(managed, folder, token, "api/api-keys").status_code == 200


def test_an_approved_run_moves_money_and_every_kobo_is_accounted_for(env: dict[str, str]) -> None:
    pilot: dict[str, Any] = {"env": env, "toolset": "flowpilot"}
    before = Decimal(called("flowpilot_get_wallet_balance", **pilot)["wallet"]["balance"])
    listed = objects_of(called("flowpilot_list_runs", **pilot)["runs"])
    [run, *_] = [run for run in listed if run["status"] == "awaiting_approval"]

    first, second = flintt_mcp("sandbox", "approve-run", run["id"], env=env).splitlines()

    assert first == f"{run['objective']}: completed"
    told = re.fullmatch(r"approved (\d+), rejected (\d+), paid ([\d.]+) (\w+)", second)
    approved, rejected, paid, currency = there(told).groups()
    assert int(approved) + int(rejected) == run["candidate_count"]
    assert (int(approved) > 0, currency) == (True, "NGN")
    made = [
        one
        for one in objects_of(called("flowpilot_list_transactions", "--limit", "100", **pilot)["transactions"])
        if one["run_id"] == run["id"]
    ]
    after = Decimal(called("flowpilot_get_wallet_balance", **pilot)["wallet"]["balance"])
    assert len(made) == int(approved)
    assert before - after == Decimal(paid) == sum(Decimal(one["amount"]) for one in made if one["status"] == "SUCCESS")
    assert flintt_mcp("sandbox", "approve-run", run["id"], env=env, code=1) == (
        "flintt-mcp: the FlowPilot run is completed, not awaiting_approval. a run asks for approval a few seconds after it was "
        "created, and is decided once\n"
    )


def test_a_rejected_run_moves_nothing(env: dict[str, str]) -> None:
    [(run_id, objective), *_] = rows(
        data_of(env), "SELECT id, objective FROM flowpilot_runs WHERE status = 'awaiting_approval'"
    )
    count = "SELECT (SELECT count(*) FROM flowpilot_transactions), (SELECT sum(balance_kobo) FROM flowpilot_wallets)"
    before = rows(data_of(env), count)

    first, second = flintt_mcp("sandbox", "approve-run", run_id, "--reject", env=env).splitlines()

    assert first == f"{objective}: failed (rejected)"
    assert re.fullmatch(r"approved 0, rejected \d+, paid 0\.00 NGN", second)
    assert rows(data_of(env), count) == before


def test_a_signal_is_built_from_a_file_and_run_without_a_server(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_text(
        "<rss><channel><item><title>Kestrel Machines raises €12M</title></item></channel></rss>", "utf-8"
    )
    called("create_company", "--name", "Kestrel Machines", env=env)
    made = called("create_signal", "--name", "Funding rounds", env=env)["signal"]
    folder = ("--source-folder", str(tmp_path))

    built = flintt_mcp("sandbox", "build-signal", made["id"], "--file", "news.xml", *folder, env=env)
    ran = flintt_mcp("sandbox", "run-signal", made["id"], *folder, env=env)

    assert built == "built: Funding rounds (1 source, active)\n"
    lines = ran.splitlines()
    assert lines[:2] == [
        "completed: 1 found, 1 valid, 0 deals",
        "  Kestrel Machines: Kestrel Machines raises €12M.",
    ]
    shown = flintt_mcp(*lines[2].removeprefix("  more: flintt-mcp ").split(), env=env)
    assert "Kestrel Machines raises €12M." in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["approve-run", NOBODY],
            "the sandbox has no FlowPilot run with that id. take the id from flowpilot_list_runs",
        ),
        (["run-signal", NOBODY], "Signal not found. take the id from list_signals"),
        (
            ["build-signal", NOBODY, "--feed", "https://a.example/feed"],
            "Signal not found. take the id from list_signals",
        ),
        (["build-signal", "SIGNAL"], "a signal needs a source. give --feed, --page, --json or --file"),
        (
            ["build-signal", "SIGNAL", "--feed", "http://127.0.0.1:8080/feed"],
            "tools.url: This source may not be read: this machine (loopback) is not allowed here. "
            "add --allow-loopback to read from this machine",
        ),
        (
            ["build-signal", "SIGNAL", "--file", "news.xml"],
            "tools.path: This source may not be read: local files are off: no folder for them was named. "
            "add --source-folder to say where local files lie",
        ),
        (
            ["run-signal", "SIGNAL"],
            "This signal has no sources here: build it first. run `flintt-mcp sandbox build-signal`",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(env: dict[str, str], words: list[str], message: str) -> None:
    signal_id = rows(data_of(env), "SELECT id FROM flintt_signals ORDER BY rowid")[0][0]
    words = [signal_id if word == "SIGNAL" else word for word in words]

    assert flintt_mcp("sandbox", *words, env=env, code=1) == f"flintt-mcp: {message}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["approve-run"], "sandbox approve-run: the following arguments are required: RUN_ID"),
        (["bogus"], "sandbox: argument ACTION: invalid choice: 'bogus' (choose from "),
        (["listen", "--api", "flextell"], "sandbox listen: argument --api: invalid choice: 'flextell' (choose from "),
        (["token", "--port", "eighty"], "--port: a whole number"),
        (["token", "more"], "sandbox does not take more; `flintt-mcp sandbox --help` says more"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"flintt-mcp: {message}")


@pytest.mark.parametrize("action", ACTIONS)
def test_the_help_of_an_action_says_what_it_does_and_what_it_takes(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["sandbox", action, "--help"])
    out, err = capsys.readouterr()
    about = ACTIONS[action]

    assert (code, err) == (0, "")
    assert out.startswith(f"usage: flintt-mcp sandbox {action} ")
    assert out.splitlines()[0].endswith("[options]")
    assert about[0].upper() + about[1:] in " ".join(out.split())
    assert "--data-dir DIR" in out
    assert f"    {action} " in help_of_the_sandbox(capsys)


def help_of_the_sandbox(capsys: pytest.CaptureFixture[str]) -> str:
    run(["sandbox", "--help"])
    return capsys.readouterr().out


@pytest.fixture
def listening(env: dict[str, str]) -> Iterator[Callable[..., Process]]:
    """Starts a receiver and waits until it says that it listens."""
    processes = []

    def start(*words: str) -> Process:
        context = running([COMMAND, "sandbox", "listen", "--port", "0", *words], env)
        process = context.__enter__()
        processes.append(context)
        said(process, LISTENS.pattern)
        return process

    yield start
    for context in processes:
        context.__exit__(None, None, None)


def test_a_receiver_prints_a_verified_delivery_and_takes_its_webhook_along(
    env: dict[str, str], listening: Callable[..., Process]
) -> None:
    process = listening()
    flintt_mcp("call", "create_company", "--name", "Kestrel Machines", "--sandbox", env=env)
    line = said(process, r"^verified (\S+) (\S+) (\S+) (\{.*)$")
    [(delivery_id, event)] = rows(data_of(env), "SELECT id, event FROM webhook_deliveries")

    assert (line[2], line[3]) == (event, delivery_id) == ("company.created", delivery_id)
    assert '"name": "Kestrel Machines"' in line[4]
    assert process.stop(signal.SIGTERM) == 0
    assert rows(data_of(env), "SELECT * FROM webhook_endpoints") == []
    assert process.stderr == ""


def test_a_receiver_beside_a_server_that_may_not_reach_this_machine_still_gets_everything(
    env: dict[str, str], listening: Callable[..., Process]
) -> None:
    with serving("--sandbox", env=env) as server:
        process = listening()
        with httpx2.Client() as client:
            for number in range(3):
                made = create_company(client, server.mcp, f"Kestrel Machines {number}")
                said(process, rf'^verified \S+ company\.created \S+ {{"id": "{made}"', most=15)
        assert "not sent" not in server.process.stderr
    [(attempts,)] = rows(data_of(env), "SELECT count(*) FROM webhook_attempts")
    assert attempts == 3


def create_company(client: httpx2.Client, url: str, name: str) -> str:
    """Call a tool of a running server without a session; answers the new company's id."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    answer = client.post(
        url,
        headers={
            "X-API-Key": "flt_sandbox_key",
            "Accept": "application/json",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": "create_company",
        },
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "create_company", "arguments": {"name": name}, "_meta": meta},
        },
    )
    return answer.raise_for_status().json()["result"]["structuredContent"]["company"]["id"]


def test_flowpilot_tests_its_webhook_and_asks_for_approval_though_nobody_looks(
    env: dict[str, str], listening: Callable[..., Process]
) -> None:
    process = listening("--api", "flowpilot")
    said(process, r"^verified \S+ webhook\.test ")
    made = called(
        "flowpilot_create_run",
        "--objective",
        "Pay Adaeze Okonkwo",
        "--budget-cap",
        "1000",
        env=env,
        toolset="flowpilot",
    )
    asked = said(process, r"^verified \S+ approval\.requested \S+ (\{.*)$")

    assert json.loads(asked[1])["run_id"] == next(iter(made.values()))["id"]


def test_the_session_of_the_webhooks_page_works_as_it_is_shown(env: dict[str, str]) -> None:
    receive, change = re.findall(r"```sh\nflintt-mcp (.*?)\n```", PAGE.read_text("utf-8"))
    with running([COMMAND, *receive.split()], env) as process:
        said(process, LISTENS.pattern)
        subprocess.run(f"{COMMAND} {change}", shell=True, env=env, check=True, capture_output=True, timeout=60)
        said(process, r"^verified \S+ company\.created ")
        assert process.stop(signal.SIGINT) == 0
    assert rows(data_of(env), "SELECT * FROM webhook_endpoints") == []


def test_a_feed_on_this_machine_is_read_where_loopback_is_allowed_on_purpose(env: dict[str, str]) -> None:
    made = called("create_signal", "--name", "Funding rounds", env=env)["signal"]
    with feed() as news:
        news.put(("Nobody you know raises €5M", "A round of funding."))
        flintt_mcp("sandbox", "build-signal", made["id"], "--feed", news.url, "--allow-loopback", env=env)
        refused = flintt_mcp("sandbox", "run-signal", made["id"], env=env)
        assert (refused.splitlines()[0], news.asked) == ("failed: 0 found, 0 valid, 0 deals", 0)
        assert "  not read: not allowed: this machine (loopback) is not allowed here (source 1)" in refused
        ran = flintt_mcp("sandbox", "run-signal", made["id"], "--allow-loopback", env=env)
    assert (ran.splitlines()[0], news.asked) == ("completed: 0 found, 0 valid, 0 deals", 1)
