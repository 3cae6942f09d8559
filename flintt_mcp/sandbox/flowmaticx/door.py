"""The door of every route: key, rate, plan and scope are checked before anything else of the request is looked at.

In: a request. Out: a `Workspace`, whose reads and writes hand the caller's grant to every query. The order of refusals:
UNAUTHORIZED, RATE_LIMITED, PLAN_FEATURE_LOCKED (API access), FORBIDDEN.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from flintt_mcp.sandbox.flowmaticx.answers import Refused
from flintt_mcp.sandbox.flowmaticx.keys import Grant, find_key
from flintt_mcp.sandbox.flowmaticx.meter import Meter
from flintt_mcp.sandbox.ground import doors

BEARER = HTTPBearer(scheme_name="ApiKey", description="A key of the form lg_live_...", auto_error=False)


@dataclass(frozen=True, slots=True)
class Ground(doors.Ground):
    """What this API stands on; `meter` counts the requests of its keys."""

    meter: Meter = field(default_factory=Meter)


Workspace = doors.Workspace[Ground, Grant]
"""The caller's workspace, as far as the caller's key opens it."""


async def open_workspace(ground: Ground, authorization: str | None, needed: str) -> Workspace:
    """The workspace that a request may work in.

    Raises:
        Refused: UNAUTHORIZED, with the same words for an unknown and for a revoked key; RATE_LIMITED; PLAN_FEATURE_LOCKED;
            FORBIDDEN.
    """
    key = doors.bearer_of(authorization)
    if key is None:
        raise _unauthorized("Missing API key: send Authorization: Bearer lg_live_...")
    grant = await ground.database.read(_grant, ground, key)
    wait = ground.meter.take(grant.key_id, ground.clock())
    if wait is not None:
        raise Refused("RATE_LIMITED", f"Too many requests, retry after {wait} seconds", {"Retry-After": str(wait)})
    _check(grant, needed)

    def find(connection: sqlite3.Connection) -> Grant:
        grant = _grant(connection, ground, key)
        _check(grant, needed)
        return grant

    return Workspace(ground, find)


def _grant(connection: sqlite3.Connection, ground: Ground, key: str) -> Grant:
    grant = find_key(connection, ground.digester, key)
    if grant is None:
        raise _unauthorized("Invalid API key")
    return grant


def _check(grant: Grant, needed: str) -> None:
    if not grant.may_call:
        raise Refused("PLAN_FEATURE_LOCKED", "API access requires the Agency plan")
    if not grant.allows(needed):
        raise Refused("FORBIDDEN", f"This API key lacks the scope {needed}")


def _unauthorized(message: str) -> Refused:
    return Refused("UNAUTHORIZED", message, {"WWW-Authenticate": "Bearer"})


class KeyedRoute(doors.ScopedRoute):
    """A route that a key with the right scope opens."""

    async def open(self, request: Request) -> Workspace:
        return await open_workspace(request.app.state.ground, request.headers.get("Authorization"), self.needed)


async def _opened(request: Request, _documented: Annotated[Any, Security(BEARER)]) -> Any:
    return request.state.caller


Caller = Annotated[Workspace, Depends(_opened)]
