"""The door of every /v1 route: the caller's key is checked first, then the route gets that caller's workspace.

In: a request. Out: the `Workspace` of the key's user, whose id every query is given. Only X-API-Key is taken: the texts give
Authorization: Bearer to the management endpoints alone.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader

from flintt_mcp.sandbox.flintt.keys import KeyUse, find_key, note_use
from flintt_mcp.sandbox.flintt.running.sources.reach import WEB, Reach
from flintt_mcp.sandbox.ground import doors
from flintt_mcp.sandbox.network.urls import PUBLIC, Policy

KEY_HEADER = APIKeyHeader(
    name="X-API-Key", scheme_name="ApiKey", description="A key of the form flt_...", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Ground(doors.Ground):
    """What this API stands on. `webhooks` says where webhooks may go, `sources` what signals may read."""

    webhooks: Policy = PUBLIC
    sources: Reach = WEB


Workspace = doors.Workspace[Ground, str]
"""One user's rows, by the user's id."""


async def open_workspace(ground: Ground, key: str | None) -> Workspace:
    """The workspace that a key opens.

    Raises:
        HTTPException: 401, with the same words for an unknown and for a revoked key.
    """
    if not key:
        raise _unauthorized("Missing API key: send it in the X-API-Key header.")
    use = await ground.database.read(_use, ground, key)
    now = ground.clock()
    if use.is_news(now):
        await ground.database.note(note_use, use, now)
    return Workspace(ground, lambda connection: _use(connection, ground, key).user_id)


def _use(connection: sqlite3.Connection, ground: Ground, key: str) -> KeyUse:
    use = find_key(connection, ground.digester, key)
    if use is None:
        raise _unauthorized("Invalid API key.")
    return use


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "ApiKey"})


class KeyedRoute(doors.DoorRoute):
    """A route that a key opens."""

    async def open(self, request: Request) -> Workspace:
        return await open_workspace(request.app.state.ground, request.headers.get(KEY_HEADER.model.name))


async def _opened(request: Request, _documented: Annotated[Any, Security(KEY_HEADER)]) -> Any:
    return request.state.caller


Caller = Annotated[Workspace, Depends(_opened)]
