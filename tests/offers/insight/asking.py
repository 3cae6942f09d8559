"""What the tests of insight share: a question to the app over a seeded sandbox, and its rows."""

from __future__ import annotations

from typing import Any

from flintt_mcp.app import App
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.errors import FlinttError


async def ask(app: App, tool: str, caller: Caller | None = None, **arguments: Any) -> Reply:
    """One call."""
    who = caller or app.caller
    return await app.pipeline.run(Call(app.inventory.find(tool, who), arguments, who, QuietChannel()))


async def told(app: App, tool: str, caller: Caller | None = None, **arguments: Any) -> dict[str, Any]:
    """The structured result of one call that succeeds."""
    reply = await ask(app, tool, caller, **arguments)
    assert isinstance(reply, Done), reply
    assert reply.structured is not None
    return dict(reply.structured)


async def query(app: App, sql: str, caller: Caller | None = None, **arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement, which all fit one page."""
    found = await told(app, "query_workspace", caller, sql=sql, **arguments)
    assert "next_cursor" not in found, found
    return [tuple(row) for row in found["rows"]["rows"]]


async def refused(app: App, tool: str, caller: Caller | None = None, **arguments: Any) -> FlinttError:
    """The error of one call that is refused."""
    reply = await ask(app, tool, caller, **arguments)
    assert isinstance(reply, Refused), reply
    return reply.error
