"""Each kind of client before a real process on stdio: what it answers deletes nothing, a person at a terminal does, and once.

In: the server as a client starts it, a second process for the terminal, and one more for another key. The database is the witness.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio.to_thread
import mcp.client.session
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from flintt_mcp.sandbox.server import open_sandbox
from tests.certain import of_kind
from tests.processes import COMMAND, SANDBOX_READY, environment, running

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")]

SIGNAL = "331e6dbc-ac37-53c7-8cc8-a602506c7eb0"
NEWEST = "2026-07-28"
NO_ENV: Mapping[str, str] = {}
Before = Callable[[], Awaitable[None]]
PROFILES: dict[str, types.ElicitResult | None] = {
    "asks nobody": None,
    "instant accept": types.ElicitResult(action="accept", content={"approve": True}),
    "instant cancel": types.ElicitResult(action="cancel"),
    "a word for a yes": types.ElicitResult(action="accept", content={"approve": "true"}),
    "nothing in it": types.ElicitResult(action="accept"),
    "decline": types.ElicitResult(action="decline"),
    "empty box": types.ElicitResult(action="accept", content={"approve": False}),
    "pages alone": types.ElicitResult(action="accept"),
}
NOES = ("decline", "empty box")


class Desk:
    """One person's machine: a data folder that every process shares, and the signals that are really there."""

    def __init__(self, home: Path) -> None:
        self.env = environment(home, FLINTT_MCP_APPROVE="destroy")
        self.data = Path(self.env["FLINTT_MCP_DATA_DIR"])

    @property
    def is_there(self) -> bool:
        with closing(sqlite3.connect(f"file:{self.data / 'sandbox.db'}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM flintt_signals WHERE id = ?", (SIGNAL,)).fetchone() == (1,)

    @property
    def waiting(self) -> str:
        """The id of the one intent there is."""
        with closing(sqlite3.connect(f"file:{self.data / 'server.db'}?mode=ro", uri=True)) as connection:
            ((id,),) = connection.execute("SELECT id FROM intents").fetchall()
            return str(id)

    def let_pass(self, seconds: float) -> None:
        """The one intent there is becomes so much older, as it would while a person takes that long."""
        with closing(sqlite3.connect(self.data / "server.db")) as connection, connection:
            connection.execute(
                "UPDATE intents SET changed_at = changed_at - ?, ends_at = ends_at - ?", (seconds, seconds)
            )

    @asynccontextmanager
    async def client(
        self, revision: str, profile: str = "asks nobody", before: Before | None = None, env: Mapping[str, str] = NO_ENV
    ) -> AsyncIterator[Client]:
        """A client that starts a server of its own: on the sandbox here, or as `env` says. It answers after `before`."""
        arguments = ["stdio"] if env else ["stdio", "--sandbox"]
        process = StdioServerParameters(command=COMMAND, args=arguments, env={**self.env, **env})

        async def elicit(context: Any, params: Any) -> types.ElicitResult:
            answer = PROFILES[profile]
            assert answer is not None
            if before is not None:
                await before()
            return answer

        asks: dict[str, Any] = {} if PROFILES[profile] is None else {"elicitation_callback": elicit}
        client = Client(stdio_client(process), mode="auto" if revision == NEWEST else "legacy", cache=None, **asks)
        with contextlib.ExitStack() as patches:
            patches.enter_context(patch("mcp.client.session.LATEST_HANDSHAKE_VERSION", revision))
            if profile == "pages alone":
                patches.enter_context(patch.object(mcp.client.session.types, "FormElicitationCapability", lambda: None))
            async with client:
                yield client

    async def at_the_terminal(self, intent: str, typed: str) -> int:
        """How `flintt-mcp approve` ends for a person who types this."""
        ours, theirs = pty.openpty()
        try:
            os.write(ours, typed.encode())
            command = [COMMAND, "approve", intent]
            ended = await anyio.to_thread.run_sync(
                lambda: subprocess.run(
                    command, env=self.env, stdin=theirs, stdout=theirs, stderr=theirs, timeout=60, check=False
                )
            )
        finally:
            os.close(ours)
            os.close(theirs)
        return ended.returncode


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    async with open_sandbox(desk.data):
        pass
    return desk


async def delete(client: Client) -> str:
    """What a client is told that deletes the signal."""
    return text_of(await client.call_tool("delete_signal", {"signal_id": SIGNAL}))


async def get_approval(client: Client, intent: str) -> str:
    return text_of(await client.call_tool("get_approval", {"intent": intent}))


def text_of(result: types.CallToolResult) -> str:
    return of_kind(types.TextContent, result.content[0]).text


def intent_in(text: str) -> str:
    found = re.search(r"flintt-mcp approve [^`]*(int_[\w-]+)`", text)
    assert found is not None, text
    return found[1]


@pytest.mark.parametrize("revision", ["2025-11-25", NEWEST])
@pytest.mark.parametrize("profile", [name for name in PROFILES if name not in NOES])
async def test_only_a_person_at_the_terminal_deletes_and_once(desk: Desk, profile: str, revision: str) -> None:
    async with desk.client(revision, profile) as client:
        intent = intent_in(await delete(client))
        assert intent_in(await delete(client)) == intent
        assert desk.is_there
        assert await desk.at_the_terminal(intent, "yes\n") == 0
        assert desk.is_there
        assert (await get_approval(client, intent)).startswith("Signal deleted")
        assert not desk.is_there
        assert "nothing was done again" in await get_approval(client, intent)


@pytest.mark.parametrize("revision", ["2025-11-25", NEWEST])
@pytest.mark.parametrize("answer", NOES)
async def test_a_person_who_says_no_in_the_client_has_nothing_done(desk: Desk, answer: str, revision: str) -> None:
    async with desk.client(revision, answer) as client:
        assert "The person declined this call: nothing was sent" in await delete(client)
    assert desk.is_there


@pytest.mark.parametrize("revision", ["2025-11-25", NEWEST])
async def test_a_yes_in_the_client_that_comes_after_the_no_at_the_terminal_changes_nothing(
    desk: Desk, revision: str
) -> None:
    declined: list[str] = []

    async def no() -> None:
        if not declined:
            declined.append(desk.waiting)
            assert await desk.at_the_terminal(declined[0], "no\n") == 0

    async with desk.client(revision, "instant accept", no) as client:
        assert "nothing was sent" in await delete(client)
        assert "The person declined this call: nothing was sent" in await get_approval(client, declined[0])
    assert desk.is_there


@pytest.mark.parametrize("revision", ["2025-11-25", NEWEST])
@pytest.mark.parametrize(
    ("seconds", "said", "stays"),
    [
        (0.9, "Signal deleted", False),
        (599.0, "Signal deleted", False),
        (601.0, "Nobody approved this call in time: nothing was sent", True),
    ],
)
async def test_a_yes_counts_once_a_person_can_have_read_it_and_for_ten_minutes(
    desk: Desk, seconds: float, said: str, stays: bool, revision: str
) -> None:
    async def read() -> None:
        desk.let_pass(seconds)

    async with desk.client(revision, "instant accept", read) as client:
        assert said in await delete(client)
    assert desk.is_there is stays


async def test_what_one_key_had_approved_is_not_there_for_another(desk: Desk) -> None:
    with running((COMMAND, "sandbox", "--port", "0"), desk.env) as sandbox:
        url = sandbox.wait_for(SANDBOX_READY)["base"] + "/flintt"
        other = {"FLINTT_API_URL": str(url), "FLINTT_API_KEY": "flt_sandbox_second_key"}
        async with desk.client(NEWEST) as client, desk.client(NEWEST, env=other) as stranger:
            intent = intent_in(await delete(client))
            assert await desk.at_the_terminal(intent, "yes\n") == 0
            assert "there is none of that id for this key" in await get_approval(stranger, intent)
            assert desk.is_there
            assert (await get_approval(client, intent)).startswith("Signal deleted")
            assert not desk.is_there
