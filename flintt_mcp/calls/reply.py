"""What comes of a call: it is done, it needs answers first, or it was refused.

A reply says nothing about the MCP protocol: `face/` renders it for the client's revision, `cli/` for a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flintt_mcp.errors import Changed, FlinttError


class Done(msgspec.Struct, frozen=True):
    """The call did its work.

    `structured` is valid against the tool's output schema and `text` stands on its own. `content`, when given, holds
    ready MCP content blocks (images, resources) and replaces the text. What holds a secret is `shown_once`: nobody keeps it.
    `api_status` is the HTTP status of the API's last answer, for those who watch; `request_id` is the API's own for it. `intent` is
    the id of the intent whose result it is.
    """

    text: str = ""
    structured: Mapping[str, Any] | None = None
    content: Sequence[Mapping[str, Any]] | None = None
    changed: Changed = "no"
    shown_once: bool = False
    api_status: int | None = None
    request_id: str = ""
    intent: str = ""


class Ask(msgspec.Struct, frozen=True):
    """The call needs answers from the client first.

    `requests` maps a name to an MCP input request (`{"method": ..., "params": ...}`). The call runs again with
    `Call.answers` under the same names and with `state` as it was left here. After an `optional` question it runs again also when
    the client fails on it: then there is no answer of that name.
    """

    requests: Mapping[str, Mapping[str, Any]] = {}
    state: str | None = None
    optional: bool = False


class Refused(msgspec.Struct, frozen=True):
    """The call failed or was not let through; the error says what happened, what was changed and what to do next."""

    error: FlinttError


Reply = Done | Ask | Refused


def objects_of(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a list in a structured result, each as an object."""
    same = table.get("same_in_all", {})
    return [{**dict(zip(table["columns"], row, strict=True)), **same} for row in table["rows"]]
