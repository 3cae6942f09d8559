"""The door of the resource API: the caller's token is checked first, then the route gets that user's resources.

In: a request. Out: a `Workspace`, whose reads and writes hand the owner's user_id to every query; a route cannot forget it.
The check comes before the body is read. Reading needs the scope `read`, everything else `write`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from flintt_mcp.sandbox.flextell.answers import problem
from flintt_mcp.sandbox.flextell.oauth.token_rows import find_access
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.ground.clock import stamp

P = ParamSpec("P")
T = TypeVar("T")
Query = Callable[Concatenate[sqlite3.Connection, str, P], T]

TOKEN = HTTPBearer(
    scheme_name="AccessToken", description="An access token from the OAuth 2.0 server.", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One user's resources."""

    ground: Ground
    user_id: str

    @property
    def now(self) -> str:
        return stamp(self.ground.clock())

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(connection, user_id, ...)` on a snapshot."""
        return await self.ground.database.read(query, self.user_id, *args, **kwargs)

    async def write(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(connection, user_id, ...)` as one change."""
        return await self.ground.database.write(query, self.user_id, *args, **kwargs)


async def open_workspace(ground: Ground, authorization: str | None, scope: str) -> Workspace:
    """The workspace that an Authorization header opens for `scope`.

    Raises:
        HTTPException: 401, the same for an unknown, an expired and a revoked token; 403 without the scope.
    """
    scheme, _, token = (authorization or "").partition(" ")
    found = None
    if scheme.lower() == "bearer":
        found = await ground.database.read(find_access, ground.digester, token.strip(), stamp(ground.clock()))
    if found is None:
        challenge = 'Bearer realm="flextell"' + (', error="invalid_token"' if authorization else "")
        raise problem(401, "unauthorized", "The access token is missing or invalid.", {"WWW-Authenticate": challenge})
    if scope not in found.scopes:
        challenge = f'Bearer realm="flextell", error="insufficient_scope", scope="{scope}"'
        message = f"The access token lacks the scope {scope}."
        raise problem(403, "insufficient_scope", message, {"WWW-Authenticate": challenge})
    return Workspace(ground, found.user_id)


class TokenRoute(APIRoute):
    """A route that checks the token before anything else of the request is looked at."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handle_opened(request: Request) -> Response:
            scope = "read" if request.method == "GET" else "write"
            authorization = request.headers.get("authorization")
            request.state.workspace = await open_workspace(request.app.state.ground, authorization, scope)
            return await handle(request)

        return handle_opened


async def _opened(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]
) -> Workspace:
    return request.state.workspace


Caller = Annotated[Workspace, Depends(_opened)]
