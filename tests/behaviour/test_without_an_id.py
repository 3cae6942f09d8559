"""Messages whose method and id do not fit: a call without an id calls nothing, a notification with one notifies of nothing."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import MCPError

from .conftest import Connect
from .test_reading import done
from .ways import Truth, Way

pytestmark = pytest.mark.anyio

NAMED = "SELECT name FROM flintt_companies WHERE name LIKE ? ORDER BY name"
SIGNAL = "SELECT id FROM flintt_signals WHERE id = ?"


async def _notify(client: Client, method: str, params: dict[str, Any]) -> None:
    """Sends a message without an id, which no method of the SDK's client would, with all that this client puts around one."""
    message: dict[str, Any] = {"method": method, "params": params}
    options = CallOptions()
    client.session._stamp(message, options)
    await client.session._dispatcher.notify(method, message["params"], options)


async def _ask(client: Client, method: str, params: dict[str, Any]) -> Any:
    message: dict[str, Any] = {"method": method, "params": params}
    options = CallOptions()
    client.session._stamp(message, options)
    return await client.session._dispatcher.send_raw_request(method, message["params"], options)


async def test_a_call_without_an_id_neither_makes_nor_deletes_anything(
    connect: Connect, way: Way, truth: Truth
) -> None:
    asked = f"Asked over {way}"
    async with connect() as client:
        signal = (await done(client, "create_signal", name=asked, frequency="weekly"))["signal"]["id"]
        await _notify(client, "tools/call", {"name": "create_company", "arguments": {"name": asked}})
        await _notify(client, "tools/call", {"name": "delete_signal", "arguments": {"signal_id": signal}})
        # On every way messages are taken in their order; three real calls behind them leave the others time to be done.
        for number in range(3):
            await done(client, "create_company", name=f"{asked} with an id {number}")
    made = [f"{asked} with an id {number}" for number in range(3)]
    assert (truth.rows(NAMED, f"{asked}%"), truth.rows(SIGNAL, signal)) == ([(name,) for name in made], [(signal,)])


@pytest.mark.parametrize("method", ["notifications/initialized", "notifications/cancelled", "notifications/x"])
async def test_a_notification_with_an_id_is_answered_as_a_method_that_there_is_not(
    connect: Connect, method: str
) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await _ask(client, method, {"requestId": 1})
    assert (caught.value.error.code, caught.value.error.message) == (-32601, "Method not found")
