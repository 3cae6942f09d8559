"""Every command, configuration and example that the README shows is run, or stands in a short table that says what runs it.

A sandbox server takes the place of the one on port 8000 that the README speaks of; the installed command is on PATH and the home
is empty.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.processes import BIN, READY, SANDBOX_READY, Served, environment, running, serving
from tests.wire import PLAIN, call, client

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = "http://127.0.0.1:8000"
"""The address that documents use for a local server."""

MAKES = {
    "serve": ".venv/bin/flintt-mcp serve --sandbox",
    "test": ".venv/bin/python -m pytest",
    "lint": ".venv/bin/ruff check .",
    "conformance": ".venv/bin/python -m tests.conformance.run",
    "bench": ".venv-bench/bin/python -m bench",
    "docs": ".venv/bin/python -m scripts.handbook.pages",
}
"""Target -> what it comes to. `make -n` shows it; a target would make environments, and `make test` would run this test again."""
ELSEWHERE = {
    "pip install .": "tests/test_packaging.py builds the same wheel without the package index and imports what is in it",
}
"""Command -> what runs it instead."""


BACKED_BY = {
    "Nothing is lost or invented.": (
        "rest/reading/test_paging.py::test_the_pages_together_are_every_row_the_api_gives_once_and_in_order",
        "behaviour/test_reading.py::test_where_the_api_caps_a_list_the_result_says_so_and_narrowing_finds_the_rest",
        "test_docs.py::test_the_table_of_errors_is_what_happens",
    ),
    "Your key stays yours.": (
        "apis/test_keys_stay_apart.py::test_every_key_at_once_in_every_way_still_goes_to_its_own_api_only",
        "serving/test_serving.py::test_no_key_is_ever_written_or_sent_back_not_even_at_debug",
        "transports/http/test_sessions.py::test_another_caller_cannot_use_a_session",
        "transports/http/test_sse.py::test_the_caller_of_the_stream_is_the_caller_of_its_messages",
        "transports/http/test_logs.py::test_no_key_and_no_session_id_is_logged_even_at_debug",
    ),
    "Cheap for the model.": (
        "catalogue/test_every_tool.py::test_all_default_tools_together_cost_a_model_little",
        "test_readme.py::test_the_table_of_tools_names_the_default_tools",
    ),
    "Deletion and spending ask first.": (
        "behaviour/test_approving.py::test_a_person_reads_what_is_stored_and_says_yes_and_it_is_done_once",
        "behaviour/test_approving.py::test_what_is_no_persons_yes_leaves_it_to_the_page",
        "behaviour/test_approving.py::test_a_client_that_asks_nobody_is_told_and_only_its_own_key_gets_what_was_approved",
        "catalogue/test_every_tool.py::test_hints_follow_the_effect_and_never_contradict",
        "offers/test_toolsets.py::test_a_read_only_server_has_no_tool_that_changes_anything",
        "apis/test_spending_is_allowed_on_purpose.py::test_a_refusal_says_what_would_have_been_spent_and_sends_nothing",
    ),
    "Nothing is made or paid twice.": (
        "calls/stages/test_once.py::test_the_same_create_again_gets_the_first_result_and_is_told_that_nothing_was_done",
        "calls/stages/test_once.py::test_a_lost_answer_that_is_found_at_the_api_is_the_result",
        "calls/stages/test_once.py::test_what_nobody_can_see_is_never_done_again_unasked",
        "end_to_end/test_exactly_once.py::test_effects_on_the_api_equal_distinct_intents_whatever_fails",
        "state/test_journal.py::test_whatever_is_changed_taken_out_or_cut_off_is_found",
    ),
    "Measured.": ("test_readme.py::test_a_command_of_the_readme_works",),
}
"""What the README claims -> the tests that fail when it is not so."""


def blocks(kind: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands_of(block: str) -> Iterator[str]:
    """The commands of a shell block; one may go on over several lines."""
    lines: list[str] = []
    for line in block.splitlines():
        lines.append(line)
        text = "\n".join(lines)
        try:
            shlex.split(text, comments=True)
        except ValueError:
            continue  # inside quotes
        if not line.endswith("\\"):
            yield text.replace("\\\n", " ")
            lines.clear()
    assert not lines, lines


COMMANDS = [command for block in blocks("sh") for command in commands_of(block)]
RUN_HERE = [command for command in dict.fromkeys(COMMANDS) if command not in ELSEWHERE]
CONFIGURATIONS = {
    f"{page.name} {number}": json.loads(block)
    for page in PAGES
    for number, block in enumerate(blocks("json", page.read_text("utf-8")), 1)
    if '"mcpServers"' in block
} | {"the example file": json.loads((ROOT / "claude_desktop_config.example.json").read_text("utf-8"))}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving("--sandbox", env=environment(tmp_path_factory.mktemp("readme"))) as served:
        yield served


def here(text: str, served: Served) -> str:
    return text.replace(SHOWN, served.base)


def test_every_command_that_is_run_elsewhere_is_still_in_the_readme() -> None:
    assert set(ELSEWHERE) - set(COMMANDS) == set()
    assert len(RUN_HERE) > 15


@pytest.mark.long
@pytest.mark.anyio
@pytest.mark.parametrize("command", RUN_HERE, ids=lambda command: command.split("\n")[0][:60])
async def test_a_command_of_the_readme_works(command: str, served: Served, tmp_path: Path) -> None:
    words = shlex.split(command, comments=True)
    match words:
        case ["make", target]:
            done = run(["make", "-n", "-B", target], tmp_path, cwd=ROOT)
            assert MAKES[target] in done.stdout
        case ["flintt-mcp", "serve" | "sandbox", *_]:
            serves(words, tmp_path)
        case ["flintt-mcp", *_]:
            assert len(run(words, tmp_path).stdout) > 40
        case ["curl", *_]:
            answer = json.loads(posted(shlex.split(here(command, served)), tmp_path))
            assert answer["result"]["structuredContent"]["count"] == 2
        case ["claude", "mcp", "add", *rest]:
            await connects(entry_of([here(word, served) for word in rest]), tmp_path)
        case _:
            pytest.fail(f"nothing runs this command: {command}")


@pytest.mark.anyio
@pytest.mark.parametrize("place", CONFIGURATIONS)
async def test_a_configuration_works_as_it_stands(place: str, served: Served, tmp_path: Path) -> None:
    (servers,) = CONFIGURATIONS[place].values()
    for entry in servers.values():
        await connects(json.loads(here(json.dumps(entry), served)), tmp_path)


@pytest.mark.anyio
async def test_what_a_server_prints_for_clients_works_as_it_stands_from_anywhere(
    served: Served, tmp_path: Path
) -> None:
    decoder = json.JSONDecoder()
    printed = [
        decoder.raw_decode(text.lstrip())[0] for text in re.split(r"^(?=    \{)", served.process.stderr, flags=re.M)[1:]
    ]
    local, remote = (block["mcpServers"]["flintt"] for block in printed)
    assert local == {
        "command": str(BIN / "flintt-mcp"),
        # As the environment of the tests' processes has it: what a server was told goes into the entry.
        "args": ["stdio", "--sandbox", "--data-dir", f"{served.home}/data", "--approve", "none"],
    }
    assert remote == {"type": "sse", "url": served.mcp, "headers": {"X-API-Key": "flt_sandbox_key"}}
    for entry in (local, remote):
        await connects(entry, tmp_path, PATH=os.defpath)


@pytest.mark.parametrize("example", blocks("python"))
def test_a_python_example_runs(example: str, served: Served, tmp_path: Path) -> None:
    done = run([sys.executable, "-c", here(example, served)], tmp_path)
    assert done.stdout.startswith("companies: 3")


def test_every_claim_is_backed_by_tests_and_no_other_claim_is_made() -> None:
    claims = README.split("\n## Why this one\n")[1].split("\n## ")[0]
    assert re.findall(r"^- \*\*(.+?)\*\*", claims, re.MULTILINE) == list(BACKED_BY)
    for named in (one for tests in BACKED_BY.values() for one in tests):
        path, name = named.split("::")
        assert f"def {name}(" in (ROOT / "tests" / path).read_text("utf-8"), named


def test_the_workspace_is_as_large_as_the_readme_says(served: Served) -> None:
    shown = re.search(r"\((\d+) companies, (\d+) deals, (\d+)\s+signals, (\d+) runs\)", README)
    assert shown
    tables = ("flintt_companies", "flintt_prospects", "flintt_signals", "flintt_runs")
    first = "user_id = (SELECT id FROM flintt_users ORDER BY rowid LIMIT 1)"
    with closing(sqlite3.connect(served.home / "data/sandbox.db")) as file:
        held = [file.execute(f"SELECT count(*) FROM {table} WHERE {first}").fetchone()[0] for table in tables]
    assert held == [int(number) for number in shown.groups()]


def test_the_table_of_tools_names_the_default_tools(tmp_path: Path) -> None:
    table = README.split("\n## Tools\n\n")[1].split("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in row.split("|")[2].replace(" ", "").split(",")}
    listed = json.loads(run(["flintt-mcp", "tools", "--json"], tmp_path).stdout)
    assert named == {tool["name"] for tool in listed}
    assert f"All {len(listed)} default tools" in README


def test_the_table_of_troubles_shows_what_a_server_really_says(served: Served, tmp_path: Path) -> None:
    table = README.split("\n## When something is wrong\n")[1].split("\n\n")[1]
    shown = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    port = served.base.rsplit(":", 1)[1]
    with client() as http:
        said = [
            call(http, served.mcp, "list_signals")["content"][0]["text"],
            call(http, served.mcp, "list_signals", x_api_key="flt_wrong")["content"][0]["text"],
            *(told(http.get(served.mcp, headers={name: "http://evil.example"})) for name in ("host", "origin")),
            subprocess.run(
                ["flintt-mcp", "serve", "--port", port],
                env=environment(tmp_path),
                capture_output=True,
                text=True,
                timeout=60,
            ).stderr.replace(port, "8000"),
        ]
    phrases = [re.search(r"(?:(\d{3}) )?`([^`]+)`", row) for row in shown]
    executed = [(found[1] or "", found[2]) for found in phrases if found and not found[2].startswith("/")]
    assert len(executed) == len(said)
    for (status, phrase), answer in zip(executed, said, strict=True):
        assert status in answer
        assert phrase in answer


def told(answer: httpx2.Response) -> str:
    return f"{answer.status_code} {answer.text}"


def run(words: list[str], home: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command that ends well and says nothing on stderr."""
    done = subprocess.run(words, env=environment(home), cwd=cwd or home, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done


def serves(words: list[str], home: Path) -> None:
    """Start a server, on a free port of the loopback interface whatever the command says, and see that it answers."""
    local = ["127.0.0.1" if word == "0.0.0.0" else word for word in words]
    if "--port" in local:
        del local[local.index("--port") : local.index("--port") + 2]
    with running([*local, "--port", "0"], environment(home)) as process, client() as http:
        if words[1] == "sandbox":
            base = process.wait_for(SANDBOX_READY)["base"]
            assert http.get(f"{base}/flintt/v1/signals", headers={"x-api-key": "flt_sandbox_key"}).status_code == 200
        else:
            base = process.wait_for(READY)["base"]
            hosts = [word for option, word in pairwise(words) if option == "--allowed-host"]
            for host in [*hosts, base.removeprefix("http://")]:
                assert http.get(f"{base}/mcp", headers={"accept": "text/html", "host": host}).status_code == 303
            assert http.get(f"{base}/mcp", headers={"accept": "text/html", "host": "evil.example"}).status_code == 421
        assert process.stop() == 0


def posted(words: list[str], home: Path) -> str:
    """What curl prints; where there is no curl the same request is sent without it."""
    if shutil.which("curl"):
        return run(words, home).stdout
    given: dict[str, list[str]] = {"-H": [], "-d": []}
    for option, word in pairwise(words):
        if option in given:
            given[option].append(word)
    url = next(word for word in words if "://" in word)
    with client() as http:
        headers = dict(header.split(": ", 1) for header in given["-H"])
        return http.post(url, content=given["-d"][0], headers=headers).text


def entry_of(words: list[str]) -> dict[str, Any]:
    """What `claude mcp add` writes into a configuration."""
    if "--" in words:
        cut = words.index("--")
        env = dict(word.split("=", 1) for option, word in pairwise(words[:cut]) if option == "--env")
        return {"command": words[cut + 1], "args": words[cut + 2 :], "env": env}
    url = next(word for word in words if "://" in word)
    headers = [word for option, word in pairwise(words) if option == "--header"]
    return {"url": url, "headers": dict(header.split(": ", 1) for header in headers)}


async def connects(entry: dict[str, Any], home: Path, **more: str) -> None:
    """Use a configuration's entry as a client does: start its command, or call its URL with a tool that needs its key."""
    if "command" in entry:
        env = environment(home, **more) | entry.get("env", {})
        command = StdioServerParameters(command=entry["command"], args=entry["args"], env=env)
        async with Client(stdio_client(command), mode="legacy", read_timeout_seconds=60) as session:
            assert f"All {len((await session.list_tools()).tools)} default tools" in README
        return
    async with AsyncExitStack() as stack:
        if entry.get("type") == "sse":
            transport: Any = sse_client(entry["url"], headers=entry["headers"], httpx_client_factory=http_client)
        else:
            http = await stack.enter_async_context(http_client(entry["headers"]))
            transport = streamable_http_client(entry["url"], http_client=http)
        session = await stack.enter_async_context(Client(transport, mode="legacy", read_timeout_seconds=30))
        result = await session.call_tool("list_signals", {"limit": 1})
        assert result.structured_content["count"] == 1


def http_client(headers: Any = None, timeout: Any = 30, auth: Any = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, verify=PLAIN)
