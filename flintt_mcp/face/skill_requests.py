"""The Skills extension (SEP-2640): the list of skills, and one by its URI. Their files are resources, read as all others are.

In: values of `offers/skills.py`. Out: handlers, with the frontmatter and the digest of every file, so that a client can show a
skill, have it allowed, and know later that what it reads is what was allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams, RequestParams

from flintt_mcp.calls.arguments.names import shown_name
from flintt_mcp.face.face import Face
from flintt_mcp.face.shown import Context, Handler, one_page
from flintt_mcp.offers.skills import SKILLS_TTL_MS, Skill

_KEPT = {"ttlMs": SKILLS_TTL_MS, "cacheScope": "private", "resultType": "complete"}


class GetSkillParams(RequestParams):
    """What `skills/get` takes: the URI of a SKILL.md."""

    uri: str


def skill_handlers(face: Face) -> dict[str, Handler]:
    """The methods of the extension."""
    return {
        "skills/list": (PaginatedRequestParams, _list(face)),
        "skills/get": (GetSkillParams, _get(face)),
    }


def _list(face: Face) -> Callable[..., Any]:
    entries = [(skill, _entry(skill)) for skill in face.skills]

    async def answer(ctx: Context, params: PaginatedRequestParams) -> dict[str, Any]:
        one_page(params)
        caller = face.caller_of(ctx)
        return {"skills": [entry for skill, entry in entries if face.shows(skill, caller)], **_KEPT}

    return answer


def _get(face: Face) -> Callable[..., Any]:
    entries = {skill.uri: (skill, _entry(skill)) for skill in face.skills}

    async def answer(ctx: Context, params: GetSkillParams) -> dict[str, Any]:
        caller = face.caller_of(ctx)
        shown = {uri: entry for uri, (skill, entry) in entries.items() if face.shows(skill, caller)}
        if params.uri not in shown:
            known = ", ".join(shown) or "none"
            raise MCPError(INVALID_PARAMS, f"Unknown skill: {shown_name(params.uri)}. There are: {known}")
        return {"skill": shown[params.uri], **_KEPT}

    return answer


def _entry(skill: Skill) -> dict[str, Any]:
    files = [{"uri": file.uri, "digest": file.digest, "size": len(file.content)} for file in skill.files]
    return {"uri": skill.uri, "frontmatter": dict(skill.frontmatter), "resources": files}
