"""Replies in the form of the wire, and from them the answers to tool calls and tool lists.

In: the inventory, the pipeline and one request that has been judged to be whole. Out: a result as the newest revision or a
handshake revision has it. Knows no transport and runs nothing of the SDK: the middleware of `face/` and the direct engine of
`transports/` both answer through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flintt_mcp.calls.call import Call, Channel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.inventory import Inventory, is_visible
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.calls.wording import told
from flintt_mcp.face.lists import LISTS_TTL_MS
from flintt_mcp.face.revisions import MODERN
from flintt_mcp.face.shapes import is_good_meta

_CALL_MEMBERS = frozenset({"name", "arguments", "_meta"})
_LIST_MEMBERS = frozenset({"_meta"})
_MODERN_ONLY = frozenset({"resultType", "ttlMs", "cacheScope"})


def tool_result(tool: Tool, reply: Reply) -> dict[str, Any]:
    """A reply as the result of `tools/call`, in the form of the newest revision; the SDK trims it for older ones."""
    match reply:
        case Done(text=text, structured=structured, content=content):
            blocks = [{"type": "text", "text": text}] if content is None else list(content)
            result: dict[str, Any] = {"content": blocks, "isError": False, "resultType": "complete"}
            return result if structured is None else {**result, "structuredContent": structured}
        case Refused(error=error):
            block = {"type": "text", "text": told(error, tool.name)}
            return {"content": [block], "isError": True, "resultType": "complete"}
        case Ask():
            raise TypeError("a question is answered in rounds, it is no result")


def tool_list(inventory: Inventory, caller: Caller) -> dict[str, Any]:
    """The result of `tools/list` for one caller."""
    return {"resultType": "complete", "tools": [tool.wire for tool in inventory.visible_to(caller)]}


def tools_listed(
    inventory: Inventory, params: Mapping[str, Any], caller: Caller, version: str, stamp: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What `tools/list` is answered with, each tool already written; None for a request that needs the SDK."""
    if not _LIST_MEMBERS.issuperset(params) or not is_good_meta(version, params.get("_meta", {})):
        return None
    tools = [tool.encoded for tool in inventory.visible_to(caller)]
    result = {"resultType": "complete", "tools": tools, "ttlMs": LISTS_TTL_MS, "cacheScope": "private"}
    return _at(version, result, stamp)


def _at(version: str, result: dict[str, Any], stamp: Mapping[str, Any]) -> dict[str, Any]:
    """A result in the form of that revision."""
    if version in MODERN:
        return {**result, "_meta": stamp}
    return {name: value for name, value in result.items() if name not in _MODERN_ONLY}


class ToolAnswers:
    """Answers calls and lists of tools. `stamp` is the `_meta` that every result of the newest revision carries."""

    METHODS = frozenset({"tools/call", "tools/list"})

    def __init__(self, inventory: Inventory, pipeline: Pipeline, stamp: Mapping[str, Any]) -> None:
        self._inventory = inventory
        self._pipeline = pipeline
        self._stamp = stamp

    async def answer(
        self, method: str, params: Mapping[str, Any], caller: Caller, channel: Channel, version: str
    ) -> dict[str, Any] | None:
        """The result, or None for what needs the SDK: unknown tools, tools that ask or begin tasks, state, a wrong `_meta`."""
        if method == "tools/list":
            return tools_listed(self._inventory, params, caller, version, self._stamp)
        if method != "tools/call" or not _CALL_MEMBERS.issuperset(params):
            return None
        if not is_good_meta(version, params.get("_meta", {})):
            return None
        result = await self._call(params, caller, channel)
        return None if result is None else _at(version, result, self._stamp)

    async def _call(self, params: Mapping[str, Any], caller: Caller, channel: Channel) -> dict[str, Any] | None:
        name, arguments = params.get("name"), params.get("arguments", {})
        tool = self._inventory.get(name) if isinstance(name, str) else None
        if (
            tool is None
            or not isinstance(arguments, dict)
            or not is_visible(tool, caller)
            or tool.begins is not None
            or self._pipeline.may_ask(tool)
        ):
            return None
        reply = await self._pipeline.run(Call(tool, arguments, caller, channel))
        # A question that nobody announced: it needs the SDK's rounds, where the call begins anew.
        return None if isinstance(reply, Ask) else tool_result(tool, reply)
