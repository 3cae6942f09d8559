"""Everything that is answered without the SDK: greetings, lists, and calls of tools that ask and show nothing on the way.

In: one request whose outside was checked, who sends it, and at which revision. Out: its result, equal to the SDK's, or None for
a request that the SDK has to see. Whoever serves a handshake client sees to it that it has been greeted first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flintt_mcp.calls.call import Channel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.face.face import Face
from flintt_mcp.face.greeting import STAMP, Greeting
from flintt_mcp.face.lists import LISTS_TTL_MS, Lists
from flintt_mcp.face.replies import ToolAnswers
from flintt_mcp.face.revisions import MODERN
from flintt_mcp.face.shapes import is_good_meta
from flintt_mcp.offers.instructions import told_to

_ONLY_META = frozenset({"_meta"})


class PlainAnswers:
    """The plain answers of one face. A method that somebody replaced is left to the SDK."""

    def __init__(self, face: Face) -> None:
        self._replaced = face.extra.keys()
        self.greeting = Greeting(told_to(face.caller, face.instructions), face.extra)
        self._tools = ToolAnswers(face.inventory, face.pipeline, STAMP)
        self._lists = Lists(face)

    async def answer(
        self, method: str, params: Mapping[str, Any], caller: Caller, channel: Channel, version: str
    ) -> dict[str, Any] | None:
        """The result, or None."""
        if method in self._replaced:
            return None
        if method in ToolAnswers.METHODS:
            return await self._tools.answer(method, params, caller, channel, version)
        if method in self._lists:
            return self._list(self._lists.shown(method, caller), params, version)
        return self.greeting.answer(method, params, version)

    def _list(self, rows: dict[str, Any], params: Mapping[str, Any], version: str) -> dict[str, Any] | None:
        if not _ONLY_META.issuperset(params) or not is_good_meta(version, params.get("_meta", {})):
            return None
        if version not in MODERN:
            return rows
        return {"cacheScope": "private", **rows, "resultType": "complete", "ttlMs": LISTS_TTL_MS, "_meta": STAMP}
