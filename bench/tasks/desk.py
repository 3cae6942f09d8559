"""A client of the server that counts what it costs a model: calls, and characters of their results.

In: an open SDK client. Out: results, and the two counts. Of a result's two forms the larger counts, since hosts differ in which
they show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp import Client
from mcp_types import CallToolResult, TextContent


class Desk:
    """One person's work. `calls` and `characters` are counted from when it was made."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.calls = 0
        self.characters = 0

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured result of a call that succeeds."""
        result = await self._called(tool, arguments)
        assert not result.is_error, text_of(result)
        assert result.structured_content is not None, tool
        return result.structured_content

    async def read(self, tool: str, **arguments: Any) -> str:
        """The text of a call that succeeds."""
        result = await self._called(tool, arguments)
        assert not result.is_error, text_of(result)
        return text_of(result)

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The text of a call that is refused."""
        result = await self._called(tool, arguments)
        assert result.is_error, tool
        return text_of(result)

    async def all(self, tool: str, rows: str, **arguments: Any) -> list[dict[str, Any]]:
        """All rows of a list, page after page."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self.call(tool, **arguments)
            found += objects(page[rows])
            if "next_cursor" not in page or page.get("complete"):
                return found
            arguments["cursor"] = page["next_cursor"]
            if tool == "changes_since":
                arguments.pop("since", None)

    async def query(self, sql: str, **arguments: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return [tuple(row.values()) for row in await self.all("query_workspace", "rows", sql=sql, **arguments)]

    async def _called(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        result = await self._client.call_tool(tool, dict(arguments))
        structured = json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
        self.calls += 1
        self.characters += max(len(text_of(result)), len(structured) if result.structured_content else 0)
        return result


def text_of(result: CallToolResult) -> str:
    """The text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def objects(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table as objects: each with the columns in their order, and what is the same in all."""
    shared = table.get("same_in_all", {})
    return [dict(zip(table["columns"], row, strict=True)) | shared for row in table["rows"]]
