"""Keys and webhooks managed over MCP, over HTTP and stdio: with a session token, or by itself in the sandbox."""

from __future__ import annotations

import json
import ssl
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from flintt_mcp.calls.reply import objects_of
from tests.certain import of_kind
from tests.processes import COMMAND, SANDBOX_READY, Served, environment, running, serving

from .scene import flintt_mcp

pytestmark = pytest.mark.anyio

Transport = Literal["http", "stdio"]
TOOLSETS = ("--toolsets", "default,flintt-management")
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SECRET_FIELDS = ("signing_secret", "auth_token", "raw_key")


@dataclass(frozen=True)
class Scene:
    """A REST API that is a sandbox of its own, and an MCP server that knows it by its URL only."""

    home: Path
    url: str
    token: str
    server: Served

    def env(self, **more: str) -> dict[str, str]:
        """The environment of another MCP server on this machine, with a data folder of its own."""
        return environment(self.home, FLINTT_MCP_DATA_DIR=str(self.home / "mcp"), FLINTT_API_URL=self.url, **more)

    @property
    def secrets(self) -> Path:
        return self.home / "mcp" / "secrets"

    @asynccontextmanager
    async def connected(
        self, transport: Transport, *, jwt: str | None = None, key: str | None = None, mode: str = "legacy"
    ) -> AsyncIterator[Client]:
        """A client with these credentials, as each transport takes them; by default in a session that stays open."""
        given = {"FLINTT_JWT": ("X-Flintt-JWT", jwt), "FLINTT_API_KEY": ("X-API-Key", key)}
        if transport == "http":
            headers = {header: value for header, value in given.values() if value}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=30, verify=PLAIN) as http,
                Client(streamable_http_client(self.server.mcp, http_client=http), mode=mode) as client,
            ):
                yield client
            return
        env = self.env(**{name: value for name, (_header, value) in given.items() if value})
        process = StdioServerParameters(command=COMMAND, args=["stdio", *TOOLSETS], env=env)
        async with Client(stdio_client(process), mode=mode) as client:
            yield client


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("management")
    with running([COMMAND, "sandbox", "--port", "0"], environment(home)) as api:
        url = api.wait_for(SANDBOX_READY)["base"] + "/flintt"
        token = flintt_mcp("sandbox", "token", env=environment(home)).strip()
        env = environment(home, FLINTT_MCP_DATA_DIR=str(home / "mcp"), FLINTT_API_URL=url)
        with serving(*TOOLSETS, env=env) as server:
            yield Scene(home, url, token, server)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return of_kind(TextContent, result.content[0]).text


def kept(answer: dict[str, Any], *, key: str = "", jwt: str = "") -> dict[str, str]:
    """The secrets of a result: from the private file that it names, or from behind its link, where they lie once."""
    if "secret_link" in answer:
        headers = {"X-Flintt-JWT": jwt} if jwt else {"X-API-Key": key}
        answers = [httpx2.get(answer["secret_link"], headers=headers, verify=PLAIN) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 410]
        secrets = answers[0].json()
    else:
        path = Path(answer["secret_file"])
        assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
        secrets = json.loads(path.read_text("utf-8"))
    shown = json.dumps(answer)
    assert not any(field in shown or secret in shown for field, secret in secrets.items())
    return secrets


@pytest.mark.parametrize("transport", ["http", "stdio"])
async def test_webhooks_are_managed_with_a_session_token_and_no_secret_is_shown(
    scene: Scene, transport: Transport
) -> None:
    async with scene.connected(transport, jwt=scene.token) as client:
        new = {"name": "Mine", "endpoint_url": "https://hooks.example.com/a", "event_types": ["company.created"]}
        made = await call(client, "create_webhook", **new)
        webhook = made["webhook"]
        first = kept(made, jwt=scene.token)
        changed = await call(client, "update_webhook", webhook_id=webhook["id"], name="Yours", active=False)
        second = kept(await call(client, "rotate_webhook_secret", webhook_id=webhook["id"]), jwt=scene.token)
        listed = await call(client, "list_webhooks")
        await call(client, "delete_webhook", webhook_id=webhook["id"])
        left = await call(client, "list_webhooks")

    assert (sorted(first), list(second)) == (["auth_token", "signing_secret"], ["signing_secret"])
    assert first["signing_secret"] != second["signing_secret"]
    assert (changed["webhook"]["name"], changed["webhook"]["active"]) == ("Yours", False)
    assert [one["id"] for one in objects_of(listed["webhooks"])] == [webhook["id"]]
    assert not any(field in json.dumps(listed) for field in SECRET_FIELDS)
    assert objects_of(left["webhooks"]) == []


@pytest.mark.parametrize("transport", ["http", "stdio"])
async def test_a_key_works_until_it_is_revoked_and_not_one_call_longer_also_in_an_open_session(
    scene: Scene, transport: Transport
) -> None:
    async with scene.connected(transport, jwt=scene.token) as manager:
        made = await call(manager, "create_api_key", name="For a client")
        key = kept(made, jwt=scene.token)["raw_key"]
        async with scene.connected(transport, key=key) as client:
            assert objects_of((await call(client, "list_companies", limit=1))["companies"])
            await call(manager, "revoke_api_key", key_id=made["api_key"]["id"])
            told = await refused(client, "list_companies", limit=1)
        listed = await call(manager, "list_api_keys")

    assert told.startswith("list_companies failed: Flintt does not accept this key (401)")
    assert key not in told
    [row] = [row for row in objects_of(listed["api_keys"]) if row["id"] == made["api_key"]["id"]]
    assert row["revoked_at"] is not None
    assert row["last_used_at"] is not None
    assert key not in json.dumps(listed)


async def test_without_a_session_token_each_transport_says_how_to_give_one(scene: Scene) -> None:
    said = {}
    for transport in ("http", "stdio"):
        async with scene.connected(transport, key="flt_sandbox_key") as client:
            said[transport] = await refused(client, "list_webhooks")
    said["shell"] = flintt_mcp("call", "list_webhooks", *TOOLSETS, env=scene.env(), code=1)

    hint = "a session token (JWT) of Flintt, not an API key; it expires"
    ways = {
        "http": f"send the header X-Flintt-JWT: JWT or add ?flintt_jwt=JWT to the MCP URL ({hint})",
        "stdio": "set FLINTT_JWT in the env block of this server's entry in the client's configuration and restart the client "
        f"({hint})",
        "shell": f"set the environment variable FLINTT_JWT, or add --sandbox to try without an account ({hint})",
    }
    assert {name: text.strip() for name, text in said.items()} == {
        name: f"list_webhooks failed: list_webhooks needs a Flintt session token.\nChanged: no.\nNext: {way}."
        for name, way in ways.items()
    }


@pytest.mark.parametrize("transport", ["http", "stdio"])
async def test_a_session_token_that_is_no_good_is_refused_and_never_repeated(
    scene: Scene, transport: Transport
) -> None:
    wrong = scene.token[:-4] + "AAAA"
    async with scene.connected(transport, jwt=wrong, mode="auto") as client:
        told = await refused(client, "list_api_keys")

    assert told.startswith("list_api_keys failed: Flintt does not accept this session token (401)")
    assert "session token (JWT) of Flintt" in told
    assert wrong not in told


async def test_a_setting_shows_secrets_in_the_result(scene: Scene) -> None:
    before = set(scene.secrets.iterdir()) if scene.secrets.exists() else set()
    env = scene.env(FLINTT_JWT=scene.token)
    shown = flintt_mcp("call", "create_api_key", "--name", "Shown", "--json", "--show-secrets", *TOOLSETS, env=env)

    made = json.loads(shown)["api_key"]
    assert made["raw_key"].startswith(made["key_prefix"])
    assert (set(scene.secrets.iterdir()) if scene.secrets.exists() else set()) == before


async def test_a_sandbox_on_stdio_brings_the_published_key_which_is_enough(tmp_path: Path) -> None:
    arguments = ["stdio", "--sandbox", *TOOLSETS]
    process = StdioServerParameters(command=COMMAND, args=arguments, env=environment(tmp_path))
    async with Client(stdio_client(process)) as client:
        assert "api_keys" in await call(client, "list_api_keys")


async def test_in_the_sandbox_the_published_key_is_enough_and_another_key_is_told_what_is(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with serving("--sandbox", *TOOLSETS, env=env) as server:
        async with Client(f"{server.mcp}?api_key=flt_sandbox_key") as client:
            made = await call(client, "create_api_key", name="Another")
            key = kept(made, key="flt_sandbox_key")["raw_key"]
        async with Client(f"{server.mcp}?api_key={key}") as client:
            told = await refused(client, "list_api_keys")
            assert objects_of((await call(client, "list_companies", limit=1))["companies"])
        token = flintt_mcp("sandbox", "token", env=env).strip()
        async with Client(f"{server.mcp}?flintt_jwt={token}") as client:
            assert "api_keys" in await call(client, "list_api_keys")

    assert told == (
        "list_api_keys failed: list_api_keys needs a Flintt session token.\nChanged: no.\n"
        "Next: come with the sandbox's published key, or send the header X-Flintt-JWT: JWT or add ?flintt_jwt=JWT to the MCP URL "
        "(a session token (JWT) of Flintt, not an API key; it expires); `flintt-mcp sandbox token` prints one."
    )
