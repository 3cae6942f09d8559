"""The lists of resources, templates and prompts in the form of the wire, by method. Knows nothing of the SDK.

In: what a face shows, and who asks. Out: what each list answers, with its members in the order in which the SDK writes them,
and of its rows those that this caller sees.
"""

from __future__ import annotations

from typing import Any

from flintt_mcp.calls.caller import Caller
from flintt_mcp.face.face import Face
from flintt_mcp.offers.prompts import Prompt
from flintt_mcp.offers.resources import Resource

LISTS_TTL_MS = 300_000
"""How long a client may keep any list."""


class Lists:
    """The lists of one face that hold rows beside tools."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._rows: dict[str, tuple[str, list[tuple[Prompt | Resource, dict[str, Any]]]]] = {
            "resources/list": ("resources", [(row, _resource(row, "uri")) for row in face.resources.fixed]),
            "resources/templates/list": (
                "resourceTemplates",
                [(row, _resource(row, "uriTemplate")) for row in face.resources.templates],
            ),
            "prompts/list": ("prompts", [(row, _prompt(row)) for row in face.prompts]),
        }

    def __contains__(self, method: str) -> bool:
        return method in self._rows

    def shown(self, method: str, caller: Caller) -> dict[str, Any]:
        """What a list shows to this caller."""
        name, rows = self._rows[method]
        return {name: [wire for row, wire in rows if self._face.shows(row, caller)]}


def _prompt(prompt: Prompt) -> dict[str, Any]:
    return {
        "arguments": [
            {"description": arg.about, "name": arg.name, "required": arg.required} for arg in prompt.arguments
        ],
        "description": prompt.about,
        "name": prompt.name,
        "title": prompt.title,
    }


def _resource(row: Resource, uri: str) -> dict[str, Any]:
    return {"description": row.about, "mimeType": row.mime_type, "name": row.name, "title": row.title, uri: row.uri}
