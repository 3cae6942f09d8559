"""The door of the resource API: the caller's token is checked first, then the route gets that user's resources.

In: a request. Out: a `Workspace`, whose reads and writes hand the owner's user_id to every query. Reading needs the scope `read`,
everything else `write`.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from flintt_mcp.sandbox.flextell.answers import problem
from flintt_mcp.sandbox.flextell.oauth.token_rows import find_access
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.doors import DoorRoute, Ground, Workspace, bearer_of

TOKEN = HTTPBearer(
    scheme_name="AccessToken", description="An access token from the OAuth 2.0 server.", auto_error=False
)


async def open_workspace(ground: Ground, authorization: str | None, scope: str) -> Workspace[Ground, str]:
    """The workspace that an Authorization header opens for `scope`.

    Raises:
        HTTPException: 401, the same for an unknown, an expired and a revoked token; 403 without the scope.
    """
    workspace = Workspace(ground, lambda connection: _user_of(connection, ground, authorization, scope))
    await ground.database.read(workspace.find)
    return workspace


def _user_of(connection: sqlite3.Connection, ground: Ground, authorization: str | None, scope: str) -> str:
    token, found = bearer_of(authorization), None
    if token is not None:
        found = find_access(connection, ground.digester, token, stamp(ground.clock()))
    if found is None:
        challenge = 'Bearer realm="flextell"' + (', error="invalid_token"' if authorization else "")
        raise problem(401, "unauthorized", "The access token is missing or invalid.", {"WWW-Authenticate": challenge})
    if scope not in found.scopes:
        challenge = f'Bearer realm="flextell", error="insufficient_scope", scope="{scope}"'
        message = f"The access token lacks the scope {scope}."
        raise problem(403, "insufficient_scope", message, {"WWW-Authenticate": challenge})
    return found.user_id


class TokenRoute(DoorRoute):
    """A route that a token opens."""

    async def open(self, request: Request) -> Workspace[Ground, str]:
        scope = "read" if request.method == "GET" else "write"
        return await open_workspace(request.app.state.ground, request.headers.get("authorization"), scope)


async def _opened(request: Request, _documented: Annotated[Any, Security(TOKEN)]) -> Any:
    return request.state.caller


Caller = Annotated[Workspace[Ground, str], Depends(_opened)]
