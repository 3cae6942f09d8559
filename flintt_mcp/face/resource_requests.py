"""Resources: the lists of fixed ones and of templates, and reading one.

In: rows of `offers/resources.py`. Out: handlers, whose results say who may keep them and for how long. What cannot be read is
one error, with the reason and what to do; the URI in it is bounded.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ReadResourceRequestParams

from flintt_mcp.calls.arguments.names import shown_name
from flintt_mcp.calls.wording import told
from flintt_mcp.errors import FlinttError
from flintt_mcp.face.face import Face
from flintt_mcp.face.questions import AskAgain, rounds
from flintt_mcp.face.shown import Context, McpChannel, listing
from flintt_mcp.offers.resources import Contents, Reading, Resource


def list_resources(face: Face) -> Callable[..., Any]:
    """Answers `resources/list`: the fixed ones."""
    return listing(face, "resources/list")


def list_templates(face: Face) -> Callable[..., Any]:
    """Answers `resources/templates/list`."""
    return listing(face, "resources/templates/list")


def read_resource(face: Face) -> Callable[..., Any]:
    """Answers `resources/read`: finds the row and reads it, in rounds while it has questions."""

    async def answer(ctx: Context, params: ReadResourceRequestParams) -> dict[str, Any]:
        found = face.resources.find(params.uri)
        caller, channel = face.caller_of(ctx), McpChannel(ctx)
        if found is None or not face.shows(found[0], caller):
            raise _not_there(params.uri, "resources/list and resources/templates/list name those there are")
        resource, values = found

        async def run(again: AskAgain) -> Any:
            return await resource.read(Reading(params.uri, values, caller, channel, again.answers, again.state))

        try:
            contents = await rounds(ctx, params, run)
        except FlinttError as error:
            raise _not_there(params.uri, told(error, "resources/read")) from None
        return contents if isinstance(contents, dict) else _result(params.uri, resource, contents)

    return answer


def _result(uri: str, resource: Resource, contents: Contents) -> dict[str, Any]:
    item: dict[str, Any] = {"uri": uri, "mimeType": contents.mime_type}
    if contents.blob is not None:
        item["blob"] = base64.b64encode(contents.blob).decode()
    else:
        item["text"] = contents.text or ""
    scope = "public" if resource.public else "private"
    return {"contents": [item], "ttlMs": resource.ttl_ms, "cacheScope": scope, "resultType": "complete"}


def _not_there(uri: str, why: str) -> MCPError:
    return MCPError(INVALID_PARAMS, f"Resource not found or not readable. {why}", {"uri": shown_name(uri)})
