"""docs/authentication.md says what is so: its tables are those of the code, and its sign-in works as it is shown."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import anyio
import httpx2

from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.management import FLINTT_MANAGEMENT
from flintt_mcp.oauth.registration import HELP
from flintt_mcp.sandbox.flintt.session_tokens import LIFETIME
from flintt_mcp.sandbox.server import open_sandbox
from tests.oauth.browser import browse
from tests.processes import COMMAND, SANDBOX_READY, environment, running

from .scene import PAGE, flintt_mcp, table, until

TEXT = (PAGE.parent / "authentication.md").read_text("utf-8")


def section(title: str) -> str:
    return TEXT[TEXT.index(f"\n## {title}\n") :].split("\n## ")[1]


def test_every_api_is_on_the_page_with_its_header_query_and_variable() -> None:
    assert [row[2:] for row in table("API", section("Several APIs in one request"))] == [
        [api.own_header, api.own_query, f"{api.variable}_{api.secret}"] for api in APIS
    ]
    management = section("The management API")
    assert all(name in management for name in (FLINTT_MANAGEMENT.own_header, FLINTT_MANAGEMENT.own_query))


def test_the_published_keys_are_those_of_the_sandbox_and_open_it(tmp_path: Path) -> None:
    keys = re.findall(r"`([a-z_]+)`", section("Sandbox keys"))
    paths = {
        "flt": ("flintt/v1/signals", "X-API-Key", ""),
        "fp": ("flowpilot/public/runs", "X-API-Key", ""),
        "lg": ("flowmaticx/credits", "Authorization", "Bearer "),
        "flextell": ("flextell/contacts", "Authorization", "Bearer "),
    }

    async def statuses() -> list[int]:
        async with (
            open_sandbox(tmp_path / "data") as sandbox,
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=sandbox.app), base_url="http://sandbox/") as client,
        ):
            found = []
            for key in keys:
                path, header, scheme = paths[key.split("_")[0]]
                found.append((await client.get(path, headers={header: scheme + key})).status_code)
            return found

    assert {api.sandbox_key for api in APIS if api is not FLINTT_MANAGEMENT} <= set(keys)
    assert anyio.run(statuses) == [200] * len(keys)


def test_a_session_token_is_good_for_as_long_as_the_page_says() -> None:
    assert "good for a day" in section("The management API")
    assert LIFETIME.total_seconds() == 24 * 3600


def test_the_settings_of_the_sign_in_are_those_there_are() -> None:
    assert table("variable", section("Signing in to Flextell")) == [
        [f"FLEXTELL_{name}", about] for name, about in HELP.items()
    ]


def test_a_person_signs_in_to_flextell_as_the_page_shows_it(tmp_path: Path) -> None:
    commands = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)[0].replace("127.0.0.1:8002", "{base}").splitlines()
    env = environment(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring")
    with running([COMMAND, *commands[0].split()[1:-1], "0"], env) as sandbox:
        base = sandbox.wait_for(SANDBOX_READY)["base"].removeprefix("http://")
        exports = [line.format(base=base).removeprefix("export ").split() for line in commands[1:3]]
        env |= dict(one.split("=", 1) for line in exports for one in line)
        env["FLINTT_MCP_DATA_DIR"] = str(tmp_path / "mcp")
        with running([*commands[3].replace("flintt-mcp", COMMAND, 1).split(), "--no-browser"], env) as login:
            address = until(lambda: re.search(r"^(http://\S+)$", login.stderr, re.MULTILINE), "the address")
            page = anyio.run(browse, address[1])
            assert (page.status_code, login.end()) == (200, 0)
            assert login.stdout.startswith("Signed in; the tokens are kept in ")
        listed = flintt_mcp(*commands[4].split()[1:], env=env)

    assert listed.startswith("resources: ")
    [kept] = (tmp_path / "mcp").glob("flextell*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
