"""The ways from a client to the server: each transport, at an old revision of the protocol and at the newest.

In: a way, and which key to come with. Out: a connected client of the official SDK. One data folder lies behind all ways of a
test worker, so that `Truth`, which reads the database itself, is a witness for each of them.
"""

from __future__ import annotations

import sqlite3
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from flintt_mcp.app import open_app
from flintt_mcp.settings import Settings
from tests.conformance.fixtures import conformance_additions
from tests.processes import COMMAND, SANDBOX_READY, Served, environment, running, serving

NEWEST = "2026-07-28"
KEY = "flt_sandbox_key"
OTHER_KEY = "flt_sandbox_second_key"
WRONG_KEY = "flt_wrong"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Way:
    """One transport at one revision."""

    transport: str
    revision: str

    def __str__(self) -> str:
        return f"{self.transport} {self.revision}"

    @property
    def brings_key(self) -> bool:
        """Whether each connection brings a key of its own."""
        return self.transport in ("http", "workers", "sse")

    @property
    def modern(self) -> bool:
        return self.revision == NEWEST

    @property
    def starts_server(self) -> bool:
        """Whether each connection starts a server of its own, so that tests share one."""
        return self.transport in ("stdio", "memory")


WAYS = (
    Way("memory", "2025-11-25"),
    Way("memory", NEWEST),
    Way("stdio", "2024-11-05"),
    Way("stdio", NEWEST),
    Way("http", "2025-03-26"),
    Way("http", "2025-11-25"),
    Way("http", NEWEST),
    Way("workers", "2025-06-18"),
    Way("workers", NEWEST),
    Way("sse", "2024-11-05"),
    Way("sse", "2025-11-25"),
)


@dataclass(frozen=True)
class Truth:
    """What the sandbox really holds for the user of `KEY`, read from its file."""

    file: Path

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    @cached_property
    def user(self) -> str:
        return self.rows("SELECT id FROM flintt_users ORDER BY rowid LIMIT 1")[0][0]

    def ids(self, table: str, where: str = "1") -> list[str]:
        """The ids of this user's rows, sorted."""
        return [
            row[0] for row in self.rows(f"SELECT id FROM {table} WHERE user_id = ? AND {where} ORDER BY id", self.user)
        ]


class Servers:
    """The servers of one test worker, each started when first needed and kept until `close`.

    `command` is what they are started with, and `more` stands in their environment.
    """

    def __init__(self, home: Path, data: Path, command: Sequence[str] = (COMMAND,), **more: str) -> None:
        self.data = data
        self.command = command
        self._home = home
        self._more = more
        self._stack = ExitStack()

    def close(self) -> None:
        self._stack.close()

    def env(self, **more: str) -> dict[str, str]:
        return environment(self._home, **{"FLINTT_MCP_DATA_DIR": str(self.data), **self._more, **more})

    def _start(self, *arguments: str, **how: Any) -> Served:
        return self._stack.enter_context(serving(*arguments, env=self.env(), **how))

    @cached_property
    def http(self) -> Served:
        return self._start("--sandbox", command=(*self.command, "serve"))

    @cached_property
    def workers(self) -> Served:
        return self._start("--sandbox", "--workers", "2", command=(*self.command, "serve"))

    @cached_property
    def with_fixtures(self) -> Served:
        """The same server with the conformance suite's fixtures, which show progress and ask questions."""
        return self._start(command=(sys.executable, "-m", "tests.behaviour.fixture_server", "serve"))

    @cached_property
    def sandbox_url(self) -> str:
        """Where the sandbox's Flintt API is served by itself."""
        process = self._stack.enter_context(running((*self.command, "sandbox", "--port", "0"), self.env()))
        return process.wait_for(SANDBOX_READY)["base"] + "/flintt"

    def of(self, way: Way, *, fixtures: bool) -> Served:
        if fixtures:
            return self.with_fixtures
        return self.workers if way.transport == "workers" else self.http


@asynccontextmanager
async def connected(
    way: Way,
    servers: Servers,
    *,
    key: str | None = KEY,
    fixtures: bool = False,
    read_only: bool = False,
    **callbacks: Any,
) -> AsyncIterator[Client]:
    """A client that comes with this key, or with none; a `read_only` one asks for tools that change nothing, where it cannot say so
    itself by the settings of its server.
    """
    narrowed = "?readonly=1" if read_only else ""
    async with AsyncExitStack() as stack:
        server: Any
        match way.transport:
            case "memory":
                settings = Settings(sandbox=True, data_dir=str(servers.data), approve=("none",), read_only=read_only)
                additions = conformance_additions() if fixtures else None
                app = await stack.enter_async_context(open_app(settings, {}, additions))
                secrets = {} if key is None else {"flintt": key}
                server = replace(app, caller=app.credentials.with_secrets(secrets)).server()
            case "stdio":
                process = _process(servers, key, fixtures=fixtures)
                server = stdio_client(process if not read_only else _read_only(process))
            case "sse":
                url = f"{servers.of(way, fixtures=fixtures).mcp}{narrowed or '?'}"
                server = sse_client(url if key is None else f"{url}&api_key={key}", httpx_client_factory=_http)
            case _:
                headers = {} if key is None else {"X-API-Key": key}
                http = await stack.enter_async_context(_http(headers))
                url = f"{servers.of(way, fixtures=fixtures).mcp}{narrowed}"
                server = streamable_http_client(url, http_client=http)
        yield await stack.enter_async_context(_speaking(way, server, callbacks))


@asynccontextmanager
async def _speaking(way: Way, server: Any, callbacks: dict[str, Any]) -> AsyncIterator[Client]:
    """A client that speaks the way's revision; the SDK's own offers only the newest of the handshakes."""
    mode = "auto" if way.modern else "legacy"
    client = Client(server, mode=mode, cache=None, read_timeout_seconds=30, **callbacks)
    async with AsyncExitStack() as stack:
        with patch("mcp.client.session.LATEST_HANDSHAKE_VERSION", way.revision):
            await stack.enter_async_context(client)
        yield client


def _http(headers: Any = None, timeout: Any = 30, auth: Any = None) -> httpx2.AsyncClient:
    """An HTTP client that does not read the system's certificates, which takes longer than a test."""
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, verify=PLAIN)


def _read_only(process: StdioServerParameters) -> StdioServerParameters:
    return process.model_copy(update={"args": [*process.args, "--read-only"]})


def _process(servers: Servers, key: str | None, *, fixtures: bool) -> StdioServerParameters:
    """How the client starts a server on stdio: on the sandbox, or with another key, or none, beside a sandbox of its own."""
    if fixtures:
        command, arguments = sys.executable, ["-m", "tests.behaviour.fixture_server", "stdio"]
    else:
        command, *words = servers.command
        arguments = [*words, "stdio", "--sandbox"] if key == KEY else [*words, "stdio"]
    env = servers.env()
    if key != KEY:
        env |= {"FLINTT_API_URL": servers.sandbox_url} | ({} if key is None else {"FLINTT_API_KEY": key})
    return StdioServerParameters(command=command, args=arguments, env=env, cwd=ROOT)
