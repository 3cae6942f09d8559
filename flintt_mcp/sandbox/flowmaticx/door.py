"""The door of every route: key, rate, plan and scope are checked before anything else of the request is looked at.

In: a request. Out: a `Workspace`, whose reads and writes hand the caller's grant to every query; a route cannot forget it.
A route names its scope in its OpenAPI entry (`scope(...)`), and is refused at start-up without one. The order of refusals:
UNAUTHORIZED, RATE_LIMITED, PLAN_FEATURE_LOCKED (API access), FORBIDDEN.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from flintt_mcp.sandbox.database import Database
from flintt_mcp.sandbox.flowmaticx.answers import Refused
from flintt_mcp.sandbox.flowmaticx.keys import Grant, Scope, find_key
from flintt_mcp.sandbox.flowmaticx.meter import Meter
from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sandbox.ground.secret import Digester

P = ParamSpec("P")
T = TypeVar("T")
Query = Callable[Concatenate[sqlite3.Connection, Grant, P], T]

BEARER = HTTPBearer(scheme_name="ApiKey", description="A key of the form lg_live_...", auto_error=False)
_SCOPE = "x-required-scope"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the app stands on; one per opened sandbox."""

    database: Database
    digester: Digester
    clock: Clock
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The caller's workspace, as far as the caller's key opens it."""

    ground: Ground
    grant: Grant

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(connection, grant, ...)` on a snapshot."""
        return await self.ground.database.read(query, self.grant, *args, **kwargs)

    async def write(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(connection, grant, ...)` as one change."""
        return await self.ground.database.write(query, self.grant, *args, **kwargs)


def scope(name: Scope) -> dict[str, Any]:
    """The OpenAPI entry that makes a route ask for a scope."""
    return {_SCOPE: name}


async def open_workspace(ground: Ground, authorization: str | None, needed: Scope) -> Workspace:
    """The workspace that a request may work in.

    Raises:
        Refused: UNAUTHORIZED, with the same words for an unknown and for a revoked key; RATE_LIMITED; PLAN_FEATURE_LOCKED;
            FORBIDDEN.
    """
    scheme, key = get_authorization_scheme_param(authorization)
    if scheme.lower() != "bearer" or not key:
        raise _unauthorized("Missing API key: send Authorization: Bearer lg_live_...")
    grant = await ground.database.read(find_key, ground.digester, key)
    if grant is None:
        raise _unauthorized("Invalid API key")
    wait = ground.meter.take(grant.key_id, ground.clock())
    if wait is not None:
        raise Refused("RATE_LIMITED", f"Too many requests, retry after {wait} seconds", {"Retry-After": str(wait)})
    if not grant.may_call:
        raise Refused("PLAN_FEATURE_LOCKED", "API access requires the Agency plan")
    if not grant.allows(needed):
        raise Refused("FORBIDDEN", f"This API key lacks the scope {needed}")
    return Workspace(ground, grant)


def _unauthorized(message: str) -> Refused:
    return Refused("UNAUTHORIZED", message, {"WWW-Authenticate": "Bearer"})


class KeyedRoute(APIRoute):
    """A route that checks the key before anything else of the request is looked at."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()
        needed = (self.openapi_extra or {})[_SCOPE]

        async def handle_keyed(request: Request) -> Response:
            request.state.workspace = await open_workspace(
                request.app.state.ground, request.headers.get("Authorization"), needed
            )
            return await handle(request)

        return handle_keyed


async def _opened(request: Request, _documented: Annotated[Any, Security(BEARER)]) -> Workspace:
    return request.state.workspace


Caller = Annotated[Workspace, Depends(_opened)]
