"""When an answer to a form counts, before real processes: once a person can have read, within ten minutes, from the right caller.

The processes run by a clock that the test moves (`tests.clocked`); the sandbox's database is the witness.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from flintt_mcp.sandbox.server import open_sandbox
from tests.certain import of_kind, there
from tests.clocked import CLOCKED, VARIABLE, ClockFile

from .ways import NEWEST, OTHER_KEY, Servers, Truth, Way, connected

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")]

WAYS = (
    Way("stdio", NEWEST),
    Way("http", "2025-06-18"),
    Way("http", NEWEST),
    Way("sse", "2025-11-25"),
)
YES = types.ElicitResult(action="accept", content={"approve": True})


class Hall:
    """Servers on one sandbox, their clock, and the signals that are really there."""

    def __init__(self, servers: Servers, clock: ClockFile) -> None:
        self.servers = servers
        self.clock = clock
        self._truth = Truth(servers.data / "sandbox.db")

    @property
    def signals(self) -> list[str]:
        return self._truth.ids("flintt_signals")

    @asynccontextmanager
    async def client(self, way: Way, *pauses: float) -> AsyncIterator[Client]:
        """A client whose person says yes to each question, each time after a pause of so many seconds."""
        left = list(pauses)

        async def yes(context: Any, params: Any) -> types.ElicitResult:
            self.clock.forward(left.pop(0))
            return YES

        async with connected(way, self.servers, elicitation_callback=yes) as client:
            yield client
        assert left == []


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    home = tmp_path_factory.mktemp("hall")
    clock = ClockFile(home / "ahead")

    async def seed() -> None:
        async with open_sandbox(home / "data"):
            pass

    anyio.run(seed)
    told = {VARIABLE: str(clock.file), "FLINTT_MCP_APPROVE": "destroy"}
    servers = Servers(home, home / "data", CLOCKED, **told)
    yield Hall(servers, clock)
    servers.close()


async def delete(client: Client, signal: str) -> str:
    """What a client is told that deletes the signal."""
    return text_of(await client.call_tool("delete_signal", {"signal_id": signal}))


def text_of(result: object) -> str:
    return of_kind(types.TextContent, of_kind(types.CallToolResult, result).content[0]).text


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_a_yes_counts_from_when_a_person_can_have_read_until_ten_minutes_later(hall: Hall, way: Way) -> None:
    first, second = hall.signals[:2]
    async with hall.client(way, 0.9, 601, 0.9) as client:
        assert (await delete(client, first)).startswith("Signal deleted")
        assert first not in hall.signals
        assert "Nobody approved this call in time: nothing was sent" in await delete(client, second)
        assert second in hall.signals
        assert (await delete(client, second)).startswith("Signal deleted")
    assert second not in hall.signals


async def test_an_answer_is_worth_nothing_from_another_key_for_other_arguments_or_a_second_time(
    hall: Hall,
) -> None:
    first, second = hall.signals[:2]
    way = Way("stdio", NEWEST)
    async with hall.client(way) as client, connected(way, hall.servers, key=OTHER_KEY) as stranger:
        asked = of_kind(types.InputRequiredResult, await _called(client, first))
        answer = {"input_responses": {"approval": YES}, "request_state": there(asked.request_state)}
        hall.clock.forward(2)
        for who, signal in ((stranger, first), (client, second)):
            with pytest.raises(MCPError) as refused:
                await _called(who, signal, **answer)
            assert there(refused.value.error.data)["reason"] == "invalid_request_state"
        assert hall.signals[:2] == [first, second]
        assert text_of(await _called(client, first, **answer)).startswith("Signal deleted")
        assert "Changed: no." in text_of(await _called(client, first, **answer))
    assert hall.signals[0] == second


async def _called(client: Client, signal: str, **answer: Any) -> object:
    """One round of a call: the question itself, or the result."""
    return await client.session.call_tool("delete_signal", {"signal_id": signal}, allow_input_required=True, **answer)
