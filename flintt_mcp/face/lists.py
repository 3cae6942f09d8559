"""The lists of resources, templates and prompts in the form of the wire, by method. Knows nothing of the SDK.

In: the rows on offer. Out: what each list answers, with its members in the order in which the SDK writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flintt_mcp.offers.prompts import Prompt
from flintt_mcp.offers.resources import Resource, Resources

LISTS_TTL_MS = 300_000
"""How long a client may keep any list."""
Rows = list[dict[str, Any]]


def resource_rows(resources: Resources) -> Rows:
    """What `resources/list` shows: the fixed ones."""
    return _resources(resources.fixed, "uri")


def template_rows(resources: Resources) -> Rows:
    """What `resources/templates/list` shows."""
    return _resources(resources.templates, "uriTemplate")


def prompt_rows(prompts: Sequence[Prompt]) -> Rows:
    """What `prompts/list` shows."""
    return [
        {
            "arguments": [
                {"description": arg.about, "name": arg.name, "required": arg.required} for arg in prompt.arguments
            ],
            "description": prompt.about,
            "name": prompt.name,
            "title": prompt.title,
        }
        for prompt in prompts
    ]


def _resources(rows: Iterable[Resource], uri: str) -> Rows:
    return [
        {"description": row.about, "mimeType": row.mime_type, "name": row.name, "title": row.title, uri: row.uri}
        for row in rows
    ]
