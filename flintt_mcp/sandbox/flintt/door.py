"""The door of every /v1 route: the caller's key is checked first, then the route gets that caller's workspace.

In: a request. Out: a `Workspace`, whose reads and writes hand the owner's user_id to every query; a route cannot forget
it. The check comes before the body is read, so a caller without a key learns nothing but 401. Only X-API-Key is taken:
the texts give Authorization: Bearer to the management endpoints alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, HTTPException, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader

from flintt_mcp.sandbox.database import Database
from flintt_mcp.sandbox.flintt.keys import find_key, note_use
from flintt_mcp.sandbox.flintt.running.reach import WEB, Reach
from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.network.guard import PUBLIC, Policy

P = ParamSpec("P")
T = TypeVar("T")
Query = Callable[Concatenate[sqlite3.Connection, str, P], T]

KEY_HEADER = APIKeyHeader(
    name="X-API-Key", scheme_name="ApiKey", description="A key of the form flt_...", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the app stands on; one per opened sandbox. `webhooks` says where webhooks may go, `sources` what signals may read."""

    database: Database
    digester: Digester
    clock: Clock
    webhooks: Policy = PUBLIC
    sources: Reach = WEB


@dataclass(frozen=True, slots=True)
class Workspace:
    """One user's rows."""

    ground: Ground
    user_id: str

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(connection, user_id, ...)` on a snapshot."""
        return await self.ground.database.read(query, self.user_id, *args, **kwargs)

    async def write(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(connection, user_id, ...)` as one change."""
        return await self.ground.database.write(query, self.user_id, *args, **kwargs)


async def open_workspace(ground: Ground, key: str | None) -> Workspace:
    """The workspace that a key opens.

    Raises:
        HTTPException: 401, with the same words for an unknown and for a revoked key.
    """
    if not key:
        raise _unauthorized("Missing API key: send it in the X-API-Key header.")
    use = await ground.database.read(find_key, ground.digester, key)
    if use is None:
        raise _unauthorized("Invalid API key.")
    now = ground.clock()
    if use.is_news(now):
        await ground.database.write(note_use, use, now)
    return Workspace(ground, use.user_id)


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "ApiKey"})


class KeyedRoute(APIRoute):
    """A route that checks the key before anything else of the request is looked at."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handle_keyed(request: Request) -> Response:
            request.state.workspace = await open_workspace(
                request.app.state.ground, request.headers.get(KEY_HEADER.model.name)
            )
            return await handle(request)

        return handle_keyed


async def _opened(request: Request, _documented: Annotated[str | None, Security(KEY_HEADER)]) -> Workspace:
    return request.state.workspace


Caller = Annotated[Workspace, Depends(_opened)]
