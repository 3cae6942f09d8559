"""What a client hears first: who this server is, what it can do, and what it says of itself. Knows nothing of the SDK.

In: instructions, and which methods somebody added. Out: the results of `initialize`, `server/discover` and `ping`, with their
members in the order in which the SDK writes them; None for a request that the SDK has to judge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flintt_mcp import __version__
from flintt_mcp.face.lists import LISTS_TTL_MS
from flintt_mcp.face.revisions import HANDSHAKE, MODERN
from flintt_mcp.face.shapes import is_good_initialize, is_good_meta

NAME, TITLE = "flintt-mcp", "Flintt"
SERVER_INFO = {"name": NAME, "title": TITLE, "version": __version__}
STAMP: Mapping[str, Any] = {"io.modelcontextprotocol/serverInfo": SERVER_INFO}
"""The `_meta` that every result of the newest revision carries."""
TASKS = "io.modelcontextprotocol/tasks"
EXTENSIONS: Mapping[str, dict[str, Any]] = {"io.modelcontextprotocol/skills": {}, TASKS: {}}
"""Extensions of the protocol that this server speaks; handshake revisions have no place for them."""


class Greeting:
    """The first answers. `methods` are those that somebody added to the server's own."""

    METHODS = frozenset({"initialize", "server/discover", "ping"})

    def __init__(self, instructions: str, methods: Collection[str] = ()) -> None:
        self._instructions = {"instructions": instructions} if instructions else {}
        self._methods = frozenset(methods)

    def answer(self, method: str, params: Mapping[str, Any], version: str) -> dict[str, Any] | None:
        """The result for a client of that revision; of `initialize`, which agrees on one, for any."""
        if method == "initialize":
            return self._initialized(params) if is_good_initialize(params) else None
        if not is_good_meta(version, params.get("_meta", {})):
            return None
        if method == "ping" and version in HANDSHAKE:
            return {}
        return self._discovered() if method == "server/discover" and version in MODERN else None

    def _initialized(self, params: Mapping[str, Any]) -> dict[str, Any]:
        wanted = params["protocolVersion"]
        return {
            "capabilities": self._capabilities(subscribe="resources/subscribe" in self._methods, changes=False),
            **self._instructions,
            "protocolVersion": wanted if wanted in HANDSHAKE else HANDSHAKE[-1],
            "serverInfo": SERVER_INFO,
        }

    def _discovered(self) -> dict[str, Any]:
        listens = "subscriptions/listen" in self._methods
        return {
            "cacheScope": "public",
            "capabilities": self._capabilities(subscribe=listens, changes=listens, extensions=EXTENSIONS),
            **self._instructions,
            "resultType": "complete",
            "supportedVersions": list(MODERN),
            "ttlMs": LISTS_TTL_MS,
            "_meta": STAMP,
        }

    def _capabilities(self, *, subscribe: bool, changes: bool, **more: Any) -> dict[str, Any]:
        logging: dict[str, Any] = {"logging": {}} if "logging/setLevel" in self._methods else {}
        return {
            "completions": {},
            **more,
            **logging,
            "prompts": {"listChanged": changes},
            "resources": {"listChanged": changes, "subscribe": subscribe},
            "tools": {"listChanged": changes},
        }
